"""What a capture shows, without names; pure."""

import re
from http import HTTPStatus
from pathlib import PurePosixPath

import msgspec

from virtscan.model import Gap
from virtscan.model.gaps.items import CaptureFile
from virtscan.redaction.inventory import redact_gap
from virtscan.redaction.pseudonyms import Map, Pseudonyms
from virtscan.trace.boots.boot import Boot, Trace
from virtscan.trace.protocols.tftp import CODES

_COMMON = frozenset({
    "boot.ipxe", "bootia32.efi", "bootx64.efi", "default", "grub.cfg", "grubx64.efi", "initrd", "initrd.img",
    "ipxe.efi", "ipxe.pxe", "ldlinux.c32", "lpxelinux.0", "menu.c32", "pxelinux.0", "shim.efi", "shimx64.efi",
    "snponly.efi", "undionly.kpxe", "vmlinuz",
})  # fmt: skip
"""Names of boot files that every distribution uses; any other can hold a MAC, an address or a host's name."""

_ERROR = re.compile(r"((?:the client: )?\d+) ?(.*)", re.DOTALL)
_STANDARD_TEXTS = frozenset({*CODES.values(), *(status.phrase.casefold() for status in HTTPStatus)})


def redact_trace(trace: Trace, known: Map) -> tuple[Trace, Map]:
    """Return the capture under pseudonyms, and the map with all that stand in it; see `redact`, whose map it can share.

    The last part of a boot file's name stays if it is a standard name; so do standard error texts.
    """
    pseudonyms = Pseudonyms(known)
    file = pseudonyms.of_thing("capture", trace.file)
    for boot in trace.boots:
        for mac in filter(None, (boot.mac, boot.server_mac)):
            pseudonyms.give("mac", mac)
    redacted = msgspec.structs.replace(
        trace,
        file=file,
        boots=tuple(_boot(boot, pseudonyms) for boot in trace.boots),
        gaps=tuple(_gap(gap, pseudonyms) for gap in trace.gaps),
    )
    return redacted, pseudonyms.map()


def _gap(gap: Gap, pseudonyms: Pseudonyms) -> Gap:
    redacted = redact_gap(gap, pseudonyms)
    if isinstance(gap.item, CaptureFile):
        item = CaptureFile(file=pseudonyms.of_thing("capture", gap.item.file))
        return msgspec.structs.replace(redacted, item=item)
    return redacted


def _boot(boot: Boot, pseudonyms: Pseudonyms) -> Boot:
    texts = {
        field: None if (text := getattr(boot, field)) is None else pseudonyms.text(text)
        for field in ("mac", "address", "lease_server", "server", "server_mac")
    }
    file = None if boot.file is None else _file(boot.file, pseudonyms)
    return msgspec.structs.replace(boot, **texts, file=file, error=None if boot.error is None else _error(boot.error))


def _file(name: str, pseudonyms: Pseudonyms) -> str:
    last = PurePosixPath(name).name
    if name == last and last.casefold() in _COMMON:
        return name
    pseudonym = pseudonyms.of_thing("file", name)
    return f"{pseudonym}/{last}" if last.casefold() in _COMMON else pseudonym


def _error(text: str) -> str:
    """Return the code, and of the server's message only standard words."""
    match = _ERROR.fullmatch(text)
    if match is None:
        return "***"
    code, words = match.groups()
    return text if words.casefold() in _STANDARD_TEXTS else f"{code} ***"
