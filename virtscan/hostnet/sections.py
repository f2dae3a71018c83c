"""Parser of the device sections that the scripts for hypervisors and for servers both print."""

from collections.abc import Iterator, Mapping, Sequence

from virtscan.hostnet.iproute import read_ip
from virtscan.hostnet.procfs import read_bonding, read_vlans
from virtscan.hostnet.sysfs import read_sysfs
from virtscan.model import Device


def read_devices(
    sections: Sequence[tuple[str, str, str]],
    *,
    source: str,
    sysfs: Mapping[str, str],
    whole_links: bool = True,
    whole_sysfs: bool = True,
) -> Iterator[Device]:
    """Yield the devices of each section, the more authoritative first: /proc, ip, /sys.

    MACs come from /sys first: under another root `ip` shows those of the running kernel.

    Args:
        sections: The name, the argument and the text of each.
        source: The source of the devices.
        sysfs: Names below /sys/class/net with their content; see `read_sysfs`.
        whole_links: True if the output of `ip -d link` is complete.
        whole_sysfs: True if the list of names is complete.
    """
    for name, argument, text in sections:
        if name == "bonding":
            yield from read_bonding(text, name=argument, source=source)
        elif name == "vlans":
            yield from read_vlans(text, source=source)
    macs = {path: text for path, text in sysfs.items() if path.endswith("/address")}
    yield from read_sysfs(macs, source=source, complete=False)
    for name, _, text in sections:
        if name in {"links", "addresses"}:
            yield from read_ip(text, source=source, complete=name == "links" and whole_links)
    yield from read_sysfs(sysfs, source=source, complete=whole_sysfs)
