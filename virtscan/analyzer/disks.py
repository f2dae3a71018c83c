"""Parser of a domain's `<disk>`."""

from sys import intern

from lxml import etree

from virtscan.analyzer.xml.parsing import attribute, first_children
from virtscan.model import Disk, DiskMode

_PERSISTENT, _TRANSIENT, _READ_ONLY = DiskMode.PERSISTENT, DiskMode.TRANSIENT, DiskMode.READ_ONLY


def read_disk(disk: etree._Element) -> Disk:
    """Read a disk, or another drive."""
    first = first_children(disk)
    driver, source, target = first.get("driver"), first.get("source"), first.get("target")
    return Disk(
        target=attribute(target, "dev"),
        device=intern(disk.get("device") or "disk"),  # libvirt's default
        bus=attribute(target, "bus"),
        format=attribute(driver, "type"),
        path=None if source is None else _path(source),
        pool=attribute(source, "pool"),
        volume=attribute(source, "volume"),
        mode=_READ_ONLY if "readonly" in first else _TRANSIENT if "transient" in first else _PERSISTENT,
    )


def _path(source: etree._Element) -> str | None:
    """Return the location of a disk's content, from the attribute of its type.

    A network's source is written as `PROTOCOL:NAME`. A PCI address (nvme) is not a path.

    Source:
        libvirt src/conf/domain_conf.c virDomainDiskSourceFormat.
    """
    for key in ("file", "dev", "dir", "path"):
        if path := source.get(key):
            return path
    protocol, name = source.get("protocol"), source.get("name")
    return f"{protocol}:{name or ''}" if protocol else None
