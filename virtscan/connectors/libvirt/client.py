"""libvirt's client library on this machine."""

import libvirt


def version() -> str:
    """Return the version of the C library, which may be another than that of its Python binding."""
    number = libvirt.getVersion()
    return f"{number // 1_000_000}.{number // 1000 % 1000}.{number % 1000}"
