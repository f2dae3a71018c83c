"""Redaction of a capture's results; pure."""

from http import HTTPStatus
from pathlib import PurePosixPath

import msgspec

from virtscan.redaction.forms import Forms
from virtscan.redaction.pseudonyms import Map, Pseudonyms
from virtscan.redaction.walking import redacted
from virtscan.trace.boots.boot import BootError, Trace
from virtscan.trace.protocols.tftp import CODES

_COMMON = frozenset({
    "boot.ipxe", "bootia32.efi", "bootx64.efi", "default", "grub.cfg", "grubx64.efi", "initrd", "initrd.img",
    "ipxe.efi", "ipxe.pxe", "ldlinux.c32", "lpxelinux.0", "menu.c32", "pxelinux.0", "shim.efi", "shimx64.efi",
    "snponly.efi", "undionly.kpxe", "vmlinuz",
})  # fmt: skip
"""Common names of boot files; any other name may contain a MAC, an address or a host name."""

_STANDARD_TEXTS = frozenset({*CODES.values(), *(status.phrase.casefold() for status in HTTPStatus)})


def redact_trace(trace: Trace, known: Map) -> tuple[Trace, Map]:
    """Return the capture with pseudonyms, and the map of them; `redact` can use the same map.

    The last part of a boot file's name stays if it is a standard name; so do standard error texts.
    """
    pseudonyms = Pseudonyms(known)
    forms = Forms(pseudonyms, known)
    result = redacted(trace, forms)
    boots = (
        msgspec.structs.replace(
            boot,
            file=None if original.file is None else _file(original.file, pseudonyms),
            error=None if original.error is None else _error(original.error),
        )
        for boot, original in zip(result.boots, trace.boots, strict=True)
    )
    return msgspec.structs.replace(result, boots=tuple(boots)), pseudonyms.map()


def _file(name: str, pseudonyms: Pseudonyms) -> str:
    last = PurePosixPath(name).name
    if name == last and last.casefold() in _COMMON:
        return name
    pseudonym = pseudonyms.of_other_text("file", name)
    return f"{pseudonym}/{last}" if last.casefold() in _COMMON else pseudonym


def _error(error: BootError) -> BootError:
    """Return the error with its text only if that is a standard one."""
    is_standard = error.text.casefold() in _STANDARD_TEXTS
    return error if is_standard else msgspec.structs.replace(error, text="***")
