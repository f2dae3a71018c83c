"""An inventory without names: stable pseudonyms in the place of hosts, domains, MACs, addresses and users; pure."""

from collections import defaultdict
from collections.abc import Iterator
from glob import escape
from typing import TypeVar

import msgspec

from virtscan.correlator import correlate
from virtscan.correlator.waivers import PATTERNS, Waivers
from virtscan.model import Gap, Hypervisor, Inventory, Resources, Server, ServerDevice, Waiver
from virtscan.model.gaps import AnyCause
from virtscan.redaction.names import names_of
from virtscan.redaction.pseudonyms import Map, Pseudonyms

S = TypeVar("S", bound=msgspec.Struct)

_NOTHING = "nothing-that-was-found"
"""Pattern of a waiver that matches nothing."""


def redact(inventory: Inventory, known: Map) -> tuple[Inventory, Map]:
    """Give the inventory under pseudonyms, and the map with all of them.

    Equal names get equal pseudonyms, in this inventory and in every other one that the same map is used for.
    Addresses keep who shares a subnet with whom, so verdicts stay what they were. Names of devices, networks,
    segments and sites stay: findings are useless without them.
    """
    pseudonyms = Pseudonyms(known)
    for kind, names in names_of(inventory):
        for name in filter(None, names):
            pseudonyms.give(kind, name)
    for host in inventory.hypervisors:
        for domain in host.domains:
            _resources(domain.resources, pseudonyms)  # before any text is searched, because each new name costs that
    waivers = tuple(_waivers(inventory, pseudonyms))
    redacted = msgspec.structs.replace(
        inventory,
        scope=None if inventory.scope is None else pseudonyms.of_thing("scope", inventory.scope),
        policy=msgspec.structs.replace(inventory.policy, waivers=waivers),
        hypervisors=tuple(_hypervisor(host, pseudonyms) for host in inventory.hypervisors),
        servers=tuple(_server(server, pseudonyms) for server in inventory.servers),
        netboots=tuple(_texts(netboot, pseudonyms) for netboot in inventory.netboots),
        subnets=tuple(_texts(subnet, pseudonyms) for subnet in inventory.subnets),
        gaps=tuple(redact_gap(gap, pseudonyms) for gap in inventory.gaps),
    )
    return redacted, pseudonyms.map()


def _hypervisor(host: Hypervisor, pseudonyms: Pseudonyms) -> Hypervisor:
    domains = tuple(
        msgspec.structs.replace(
            _texts(domain, pseudonyms),
            interfaces=tuple(_texts(interface, pseudonyms) for interface in domain.interfaces),
            resources=_resources(domain.resources, pseudonyms),
        )
        for domain in host.domains
    )
    return msgspec.structs.replace(
        _texts(host, pseudonyms),
        domains=domains,
        devices=tuple(_texts(device, pseudonyms) for device in host.devices),
        left_out=tuple(
            msgspec.structs.replace(one, path=pseudonyms.of_thing("file", one.path)) for one in host.left_out
        ),
        kernel=_optional(host.kernel, pseudonyms),
        daemon=_optional(host.daemon, pseudonyms),
    )


def _resources(resources: Resources, pseudonyms: Pseudonyms) -> Resources:
    """Give the same resources with a pseudonym for each whole text that its authors chose."""
    disks = tuple(
        msgspec.structs.replace(
            disk,
            path=_thing("disk", disk.path, pseudonyms),
            pool=_thing("pool", disk.pool, pseudonyms),
            volume=_thing("volume", disk.volume, pseudonyms),
        )
        for disk in resources.disks
    )
    description = _thing("description", resources.description, pseudonyms)
    return msgspec.structs.replace(resources, description=description, disks=disks)


def _thing(kind: str, text: str | None, pseudonyms: Pseudonyms) -> str | None:
    return None if text is None else pseudonyms.of_thing(kind, text)


def _server(server: Server, pseudonyms: Pseudonyms) -> Server:
    return msgspec.structs.replace(
        _texts(server, pseudonyms),
        reason=_cause(server.reason, pseudonyms),
        persistence=_optional(server.persistence, pseudonyms),
        kernel=_optional(server.kernel, pseudonyms),
        devices=tuple(_server_device(one, pseudonyms) for one in server.devices),
    )


def _server_device(one: ServerDevice, pseudonyms: Pseudonyms) -> ServerDevice:
    offload = msgspec.structs.replace(
        one.offload,
        reason=_cause(one.offload.reason, pseudonyms),
        persistence=_optional(one.offload.persistence, pseudonyms),
    )
    return ServerDevice(device=_texts(one.device, pseudonyms), offload=offload)


def _optional(item: S | None, pseudonyms: Pseudonyms) -> S | None:
    return None if item is None else _texts(item, pseudonyms)


WITHHELD = "[details withheld]"
"""What stands in the place of free text from outside, which may hold any name."""

_FREE_TEXTS = {"detail", "text"}
"""Fields of items and causes that hold such text."""


def redact_gap(gap: Gap, pseudonyms: Pseudonyms) -> Gap:
    """Give the gap with pseudonyms in the place of names, without free text."""
    return msgspec.structs.replace(
        gap,
        item=_masked(gap.item, pseudonyms),
        cause=_masked(gap.cause, pseudonyms),
        hypervisor=None if gap.hypervisor is None else pseudonyms.text(gap.hypervisor),
    )


def _cause(cause: AnyCause | None, pseudonyms: Pseudonyms) -> AnyCause | None:
    return None if cause is None else _masked(cause, pseudonyms)


def _masked(item: S, pseudonyms: Pseudonyms) -> S:
    changes: dict[str, object] = {}
    for field in item.__struct_fields__:
        match getattr(item, field):
            case str() if field in _FREE_TEXTS:
                changes[field] = WITHHELD
            case str(text):
                changes[field] = pseudonyms.text(text)
            case (str(), *_) as texts:
                changes[field] = tuple(pseudonyms.text(text) for text in texts)
    return msgspec.structs.replace(item, **changes)


_IDENTIFYING = {
    "Hypervisor": ("name", "own_name", "uri", "system_uuid", "former_keys"),
    "Domain": ("origin", "name", "uuid"),
    "Interface": ("mac", "target"),
    "Device": ("mac", "permanent_mac", "addresses"),
    "Server": (
        "name",
        "source",
        "macs",
        "declared_macs",
        "addresses",
        "subnets",
        "runs_on",
        "system_uuid",
    ),
    "Persistence": ("setting",),
    "Observed": ("source",),
    "Netboot": ("mac", "system", "server", "source"),
    "Subnet": ("network", "servers", "source"),
}
"""Fields in which a name can stand, by type; the others are words of libvirt, or names of devices."""


def _texts(item: S, pseudonyms: Pseudonyms) -> S:
    """Give the same value with pseudonyms in the fields that can hold names."""
    changes: dict[str, object] = {}
    for field in _IDENTIFYING[type(item).__name__]:
        match getattr(item, field):
            case str(text):
                changes[field] = pseudonyms.text(text)
            case tuple(texts):
                changes[field] = tuple(pseudonyms.text(text) for text in texts)
    return msgspec.structs.replace(item, **changes)


def _waivers(inventory: Inventory, pseudonyms: Pseudonyms) -> Iterator[Waiver]:
    """Give for each waiver one for each finding that it matches, by its names: globs match no pseudonym.

    One that matches none, or no longer holds, stays as one that matches none.
    """
    waivers = Waivers(inventory.policy.waivers, inventory.taken_at.date())
    matched: defaultdict[int, set[tuple[str, ...]]] = defaultdict(set)
    for finding in correlate(inventory).findings:
        for server in dict.fromkeys((finding.server, *(one.server for one in finding.waived_servers))):
            subject = (finding.hypervisor, finding.domain, finding.mac or "", server or "")
            for number in waivers.matching(msgspec.structs.replace(finding, server=server)):
                patterns = (getattr(inventory.policy.waivers[number], key) for key in PATTERNS)
                matched[number].add(
                    tuple("*" if glob == "*" else name for glob, name in zip(patterns, subject, strict=True))
                )
    for number, waiver in enumerate(inventory.policy.waivers):
        nothing = tuple("*" if getattr(waiver, key) == "*" else _NOTHING for key in PATTERNS)
        for names in sorted(matched[number]) or [nothing]:
            exact = (name if name in {"*", _NOTHING} else escape(pseudonyms.text(name)) for name in names)
            reason = pseudonyms.text(waiver.reason)
            yield msgspec.structs.replace(waiver, reason=reason, **dict(zip(PATTERNS, exact, strict=True)))
