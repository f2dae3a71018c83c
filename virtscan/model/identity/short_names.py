"""Names in their short forms: without their DNS domain, as in tables and on the command line, or without an address."""

import re
from collections.abc import Iterable

_OF_ANY_MACHINE = re.compile(r"local(?:host|domain)\d?", re.IGNORECASE)


def in_full(name: str, known: Iterable[str]) -> tuple[str, ...]:
    """Return the known names that a name may refer to: itself if known, else those that begin with it.

    >>> in_full("kvm01", ["kvm01.example.com", "kvm011.example.com", "kvm02.example.com"])
    ('kvm01.example.com',)
    """
    names = dict.fromkeys(known)
    if name in names:
        return (name,)
    return tuple(known_name for known_name in names if name and known_name.startswith(f"{name}."))


def ambiguous(name: str, meant: Iterable[str]) -> str:
    """Return the problem and the action for a name that may refer to several."""
    return f"ambiguous name {name!r} ({', '.join(sorted(meant))}); give more of the name"


def is_full(host_name: str) -> bool:
    """Return True for a host name with a domain, unless any machine may have it, as an installer's default."""
    return "." in host_name and not is_of_any_machine(host_name.rpartition(".")[2])


def is_of_any_machine(label: str) -> bool:
    """Return True for a part of a host name that installers give to every machine, such as `localdomain`."""
    return _OF_ANY_MACHINE.fullmatch(label) is not None


def without_address(name: str, address: str) -> str:
    """Return a name without the address and number that make equal names unique.

    >>> without_address("kvm (qemu+ssh://10.0.0.1/system) #2", "qemu+ssh://10.0.0.1/system")
    'kvm'
    """
    return re.sub(rf" \({re.escape(address)}\)( #\d+)?$", "", name)
