"""Devices of one hypervisor, from what an interface is plugged into down to the NICs."""
