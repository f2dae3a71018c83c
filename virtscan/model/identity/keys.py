"""Stable keys of hosts and domains: two observations with a common key are of one host or domain."""

from typing import TypeVar

import msgspec

T = TypeVar("T")

_KINDS = ("uuid", "name", "uri")
"""Kinds of a host's keys, the most stable first."""

_PLACEHOLDERS = frozenset(
    {
        "03000200-0400-0500-0006-000700080009",
        "00020003-0004-0005-0006-000700080009",  # as above, in the other byte order
        "12345678-1234-5678-90ab-cddeefaabbcc",
        "07090201-0103-0301-0807-060504030201",
        "4c4c4544-0000-2010-8020-80c04f202020",  # Dell, with a service tag of spaces
    }
)
"""Uuids that vendors leave on their boards."""

_OTHER_DRIVERS = frozenset({"bhyve", "ch", "esx", "hyperv", "lxc", "test", "vbox", "vpx", "vz", "xen"})
"""libvirt drivers other than QEMU's on one machine: several hypervisors may have the same system uuid."""


def is_significant(uuid: str) -> bool:
    """Return False for the uuids that vendors leave as placeholders, such as those of one repeated byte."""
    digits = uuid.casefold().replace("-", "")
    return uuid.casefold() not in _PLACEHOLDERS and digits != digits[:2] * (len(digits) // 2)


def machine_uuid(uuid: str | None) -> str | None:
    """Return the uuid of a system in lower case; None if it identifies no machine."""
    return uuid.casefold() if uuid is not None and is_significant(uuid) else None


def driver_of(uri: str) -> str:
    """Return libvirt's driver in the address of a hypervisor; `qemu` for addresses without one, as of a sosreport."""
    scheme = uri.partition(":")[0].partition("+")[0]
    return scheme if scheme in _OTHER_DRIVERS else "qemu"


def host_keys(*, system_uuid: str | None, declared_name: str | None, uri: str, own_name: str | None) -> tuple[str, ...]:
    """Return the keys by which a host is recognized, the most stable first.

    Args:
        system_uuid: The machine's; a placeholder identifies nothing.
        declared_name: The name in the configuration.
        uri: The address as it is shown.
        own_name: The host's name if the URI is local, which every machine may have; else None.
    """
    uuid = machine_uuid(system_uuid)
    keys = [] if uuid is None else [f"uuid:{uuid}"]
    keys += [] if declared_name is None else [f"name:{declared_name}"]
    return (*keys, f"uri:{uri}" if own_name is None else f"uri:{uri}#{own_name}")


def key_rank(key: str) -> int:
    """Return the rank of a host's key by its kind, the most stable first."""
    kind = key.partition(":")[0]
    return _KINDS.index(kind) if kind in _KINDS else len(_KINDS)


class DomainKey(msgspec.Struct, frozen=True, gc=False):
    """A domain on its host, by its uuid, else by its origin and name."""

    uuid: str | None
    origin: str | None = None
    name: str | None = None

    def on(self, host: T) -> tuple[T | None, "DomainKey"]:
        """Return the key among the domains of many hosts: a uuid is the same on each."""
        return host if self.uuid is None else None, self


def domain_key(uuid: str | None, origin: str, name: str) -> DomainKey:
    """Return the key by which a domain is recognized."""
    return DomainKey(None, origin, name) if uuid is None else DomainKey(uuid.casefold())
