"""Paths of a server's frames from each of its places to the device that an interface is attached to."""
