"""A hypervisor read through libvirt; the only importer of libvirt."""
