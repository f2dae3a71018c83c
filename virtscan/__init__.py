"""Which virtual machines will fail to boot over the network, because of which server, and what to change."""

__version__ = "0.1.0"
