"""Which virtual machines will fail to boot over the network, by which server, and how to prevent it."""

__version__ = "0.1.0"
