"""Places of servers, and the frames that reach an interface's device from there without passing a NIC."""
