"""Where servers are: their places, and whether frames from there reach an interface's device without passing a NIC."""
