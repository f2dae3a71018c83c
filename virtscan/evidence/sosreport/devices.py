"""A host's network devices, from every part of its report that describes them."""

from collections.abc import Iterator

from virtscan import hostnet
from virtscan.evidence.sosreport.report import Sosreport
from virtscan.model import Device

_NETWORKING = "sos_commands/networking/"
_NET = "sys/class/net/"
# Only output with -d shows the kinds of devices; the others are from older versions of sos.
_DETAILED = ("ip_-s_-d_link", "ip_-d_link", "ip_-d_address")
_IP = (*_DETAILED, "ip_link", "ip_address", "ip_-o_addr")


def read_devices(report: Sosreport) -> tuple[Device, ...]:
    """Return every device in the report, each once; `sources` name the files."""
    return hostnet.merge_devices(_described(report))


def lists_all_devices(report: Sosreport) -> bool:
    """Return True if the report has all of `ip -d link`."""
    return any(hostnet.is_whole(report.text(f"{_NETWORKING}{command}") or "") for command in _DETAILED)


def _described(report: Sosreport) -> Iterator[Device]:
    for name, text in report.named("proc/net/bonding/"):
        yield from hostnet.read_bonding(text, name=name, source=_source(f"/proc/net/bonding/{name}"))
    if vlans := report.text("proc/net/vlan/config"):
        yield from hostnet.read_vlans(vlans, source=_source("/proc/net/vlan/config"))
    for name in (*(f"{_NETWORKING}{command}" for command in _IP), "ip_addr"):
        if shown := report.text(name):
            detailed = name.removeprefix(_NETWORKING) in _DETAILED
            yield from hostnet.read_ip(shown, source=_source(name), complete=detailed)
    if bridges := report.text(f"{_NETWORKING}brctl_show"):
        yield from hostnet.read_bridges(bridges, source=_source("brctl_show"))
    yield from hostnet.read_sysfs(dict(_sysfs(report)), source=_source("/sys/class/net"))
    for name, text in report.named(f"{_NETWORKING}ethtool_-i_"):
        yield from hostnet.read_driver(text, name=name, source=_source(f"ethtool_-i_{name}"))
    for name, text in report.named(f"{_NETWORKING}ethtool_-P_"):
        yield from hostnet.read_permanent(text, name=name, source=_source(f"ethtool_-P_{name}"))


def _sysfs(report: Sosreport) -> Iterator[tuple[str, str]]:
    yield from report.named(_NET)
    for name, target in report.links.items():
        if name.startswith(_NET):
            yield name.removeprefix(_NET), target


def _source(name: str) -> str:
    return f"sosreport: {name.removeprefix(_NETWORKING)}"
