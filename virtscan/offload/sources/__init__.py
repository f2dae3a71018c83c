"""One module per SOURCE of a server's offload state."""
