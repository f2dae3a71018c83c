"""Random files of two sites whose hypervisors and servers have the same names, from several nights."""

from datetime import timedelta
from random import Random

from msgspec.structs import replace

from tests.build import TAKEN_AT, UNFIXED_KERNEL, domain, failure, gap_in_words, hypervisor, inventory, macvtap, server
from virtscan.model import GapAbout, HostStatus, Hypervisor, Inventory, Mac, Server, State

_NUMBERS = {"ams": 10, "fra": 20}
_STATUSES = (*[HostStatus.COMPLETE] * 2, HostStatus.PARTIAL, HostStatus.FAILED)
_SOURCES = (
    "ssh://satellite",
    "ssh://satellite.example.com",
    "file:/srv/ethtool.txt",
    "file:/srv/ethtool.txt",
    "on",
    "off",
)


def files(random: Random) -> dict[str, list[Inventory]]:
    """Return up to four files by their site; addresses of a site are short, or with its domain."""
    scans: dict[str, list[Inventory]] = {}
    domains = {site: random.choice(("", f".{site}")) for site in _NUMBERS}
    for _ in range(random.randint(2, 4)):
        site, night = random.choice(("ams", "fra")), random.randint(0, 2)
        hosts = [_host(random, site, number, domains[site], night) for number in (1, 2) if random.random() < 0.7]
        servers = [_server(random, site, name, night) for name in ("satellite", "mirror") if random.random() < 0.6]
        gaps = tuple(
            gap_in_words(host.uri, "timeout", GapAbout.HYPERVISOR, host.name)
            for host in hosts
            if host.status is not HostStatus.COMPLETE
        )
        scan = inventory(*hosts, servers=tuple(servers), gaps=gaps)
        scans.setdefault(site, []).append(replace(scan, taken_at=TAKEN_AT + timedelta(days=night)))
    return scans


def _host(random: Random, site: str, number: int, suffix: str, night: int) -> Hypervisor:
    name, status = f"kvm0{number}", random.choice(_STATUSES)
    count = 0 if status is HostStatus.FAILED else random.randint(0, 3)
    mac = f"52:54:00:{_NUMBERS[site]}:0{number}"
    uuid = f"4c4c4544-0000-1000-8000-0000000000{_NUMBERS[site] + number}"
    return hypervisor(
        name,
        *(domain(f"{site}-{number}-{place}", macvtap(mac=f"{mac}:0{place}")) for place in range(count)),
        uri=f"qemu+ssh://{name}{suffix}/system",
        status=status,
        own_name=random.choice((name, None)),
        is_name_declared=random.random() < 0.5,
        system_uuid=uuid if count and random.random() < 0.5 else None,
        kernel=UNFIXED_KERNEL,
        physical=random.random() < 0.3,
        observed_at=random.choice((TAKEN_AT + timedelta(days=night), None)),
    )


def _server(random: Random, site: str, name: str, night: int) -> Server:
    source = random.choice(_SOURCES)
    is_declared = source in {"on", "off"}
    tx = State(source) if is_declared else random.choice(tuple(State))
    macs = random.choice(((), (Mac(f"52:54:00:{_NUMBERS[site]}:99:01"),)))
    undated = is_declared or (source.startswith("file:") and random.random() < 0.6)
    return server(
        name,
        tx,
        source=source,
        interface=random.choice((None, "eth0", "eth0")),
        macs=macs,
        declared_macs=macs,
        observed_at=None if undated else TAKEN_AT + timedelta(days=night),
        reason=failure("timeout") if tx is State.UNKNOWN else None,
        runs_on=random.choice((None, None, "kvm01", "kvm02", "kvm09")),
    )
