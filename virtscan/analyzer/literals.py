"""libvirt's notation of numbers, MACs, identifiers and sizes in attributes and text."""

import re
from functools import lru_cache

from lxml import etree

from virtscan.model import SourceMode

_UUID = re.compile(r"[0-9a-f]{32}")
_PRINTED = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
FEW = 1024
"""Size of the caches: thousands of domains have the same few sizes, numbers and devices."""
_TOO_LONG = 20
_LARGEST = 2**63 - 1
"""Largest number, and size in bytes: libvirt refuses larger memory, and no database has larger integers."""
_KIB = 1024
_MIB = 1024 * 1024
_MODES: dict[str, SourceMode] = {mode.value: mode for mode in SourceMode if mode is not SourceMode.UNKNOWN}
_POWERS = {prefix: power for power, prefix in enumerate("kmgtpe", start=1)}


def number(text: str | None) -> int | None:
    """Return a decimal number without sign; None for anything else, also for one of more than 63 bits."""
    return None if text is None else _number(text.strip()[:_TOO_LONG])


@lru_cache(maxsize=FEW)
def _number(digits: str) -> int | None:
    if not (digits.isascii() and digits.isdecimal()) or len(digits) >= _TOO_LONG:
        return None
    return _bounded(int(digits))


def _bounded(amount: int | None) -> int | None:
    return None if amount is None or amount > _LARGEST else amount


def source_mode(text: str) -> SourceMode:
    """Return the mode of a macvtap; UNKNOWN for a word that libvirt doesn't know either, and refuses."""
    return _MODES.get(text, SourceMode.UNKNOWN)


def identifier(text: str | None) -> str | None:
    """Return a uuid as libvirt prints it; any other text is kept as it is."""
    if text is None or _PRINTED.fullmatch(text):
        return text
    stripped = text.strip()
    digits = stripped.replace("-", "").lower()
    if not _UUID.fullmatch(digits):
        return stripped or None
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def mebibytes(element: etree._Element | None) -> int | None:
    """Return an element's size in MiB, rounded to the nearest; None for an invalid size, or no element.

    Units are case-insensitive: `b`, `bytes`; `KB`, `MB` … count in thousands; `K`, `KiB`, `M`, `MiB` … in 1024s.
    Without a unit it is KiB.

    Source:
        libvirt src/util/virutil.c virScaleInteger, src/conf/domain_conf.c virDomainParseMemory.
    """
    if element is None or element.text is None:
        return None
    unit = element.get("unit")
    return _mebibytes(element.text.strip()[:_TOO_LONG], unit if unit is None else unit[:_TOO_LONG])


@lru_cache(maxsize=FEW)
def _mebibytes(digits: str, unit: str | None) -> int | None:
    count = _number(digits)
    scale = _KIB if unit is None else _scale(unit.lower())
    size = None if count is None or scale is None else _bounded(count * scale)
    return None if size is None else (size + _MIB // 2) // _MIB


def _scale(unit: str) -> int | None:
    if unit in {"b", "byte", "bytes"}:
        return 1
    power = _POWERS.get(unit[:1])
    if power is None:
        return None
    match unit[1:]:
        case "" | "ib":
            return int(1024**power)
        case "b":
            return int(1000**power)
        case _:
            return None
