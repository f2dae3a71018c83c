"""Names without their domain, as tables show them and people type them, or without an address."""

import re
from collections.abc import Iterable


def in_full(name: str, known: Iterable[str]) -> tuple[str, ...]:
    """Return the known names that a name may refer to: itself if known, else those that begin with it.

    >>> in_full("kvm01", ["kvm01.example.com", "kvm011.example.com", "kvm02.example.com"])
    ('kvm01.example.com',)
    """
    names = dict.fromkeys(known)
    if name in names:
        return (name,)
    return tuple(known_name for known_name in names if name and known_name.startswith(f"{name}."))


def without_address(name: str, address: str) -> str:
    """Return a name without the address and number that make equal names unique.

    >>> without_address("kvm (qemu+ssh://10.0.0.1/system) #2", "qemu+ssh://10.0.0.1/system")
    'kvm'
    """
    return re.sub(rf" \({re.escape(address)}\)( #\d+)?$", "", name)
