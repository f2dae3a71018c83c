"""libvirt's client library on this machine."""

import libvirt

from virtscan.model.facts.hypervisors import libvirt_version


def version() -> str:
    """Return the version of the C library, which may be another than that of its Python binding."""
    return libvirt_version(libvirt.getVersion())
