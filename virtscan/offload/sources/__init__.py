"""One module a SOURCE of a server's offload state."""
