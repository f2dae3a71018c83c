"""Virtual machines that will fail to boot over the network, the server that causes it, and the fix."""

__version__ = "0.1.0"
