"""A hypervisor read through libvirt; the only importer of libvirt."""

CLIENT_ADVICE = "install its library (libvirt0, libvirt-libs) and its Python binding, libvirt-python (python3-libvirt)"
"""Advice where it can't be loaded; nothing here loads it."""
