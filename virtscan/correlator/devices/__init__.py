"""Devices of one hypervisor, from what an interface is attached to down to the NICs."""
