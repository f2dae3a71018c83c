"""A hypervisor read through libvirt; the only importer of libvirt."""

CLIENT_ADVICE = "install the libvirt client library (libvirt0 or libvirt-libs), then reinstall virtscan"
"""What helps where it can't be loaded; nothing here loads it."""
