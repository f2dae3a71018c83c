"""A hypervisor read through libvirt; the only importer of libvirt."""

import os

# Its client logs warnings to standard error, and reads these variables when it is loaded. Its errors are gaps anyway.
if not any(name.startswith(("LIBVIRT_DEBUG", "LIBVIRT_LOG_")) for name in os.environ):
    os.environ["LIBVIRT_DEBUG"] = "error"

CLIENT_ADVICE = "install its library (libvirt0, libvirt-libs) and its Python binding, libvirt-python (python3-libvirt)"
"""Advice where it can't be loaded; nothing here loads it."""
