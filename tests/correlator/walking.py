"""Frames that walk over the devices of a host one by one, as the kernel's receive handlers do: a model of its own."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import chain, product
from random import Random
from typing import Any, TypeAlias

from tests.build import bond, bridge, macvlan, nic, tap, vlan
from virtscan.model import Device, Mac, SourceMode

_MODES = (SourceMode.BRIDGE,) * 4 + (SourceMode.VEPA, SourceMode.PRIVATE, SourceMode.PASSTHROUGH)
_VLANS = (100, 200)


@dataclass(eq=False)
class Link:
    """A device of a host with what it is on; `ports` are the macvlans and macvtaps on it, `mode` is such a port's.

    `source` is the device that a guest's definition names. Over a macvlan the kernel takes the device below that one.
    """

    name: str
    kind: str
    lower: list["Link"] = field(default_factory=list)
    mode: SourceMode | None = None
    vlan_id: int = 0
    mac: str | None = None
    source: str = ""
    master: "Link | None" = None
    vlans: dict[int, "Link"] = field(default_factory=dict)
    ports: list["Link"] = field(default_factory=list)


Tags: TypeAlias = tuple[int, ...]
_Step: TypeAlias = tuple[str, Link, Tags, bool]


class Host:
    """A random host with NICs that fill in checksums, and the guests' taps and macvtaps on its devices."""

    def __init__(self, random: Random) -> None:
        self.links: list[Link] = []
        self._random = random
        nics = [self._add("eth", "nic", mac=f"b4:96:91:00:00:0{number}") for number in range(random.randint(1, 5))]
        if len(nics) > 1 and random.random() < 0.7:
            self._add("bond", "bond", nics[:2])
        for _ in range(random.randint(1, 5)):
            below = random.choice(self._free())
            number = random.choice(_VLANS)
            match random.choice(("vlan", "bridge", "macvlan")):
                case "vlan" if number not in below.vlans and below.kind != "macvlan" and below.name.count(".") < 2:
                    self._add(f"{below.name}.{number}", "vlan", [below], vlan_id=number)
                case "bridge" if not below.ports and below.kind not in {"bridge", "macvlan"}:
                    self._add("br", "bridge", [below])
                case "macvlan" if below.kind != "macvlan":
                    self._add(
                        "mv",
                        "macvlan",
                        [below],
                        mode=random.choice(_MODES),
                        mac=f"02:00:00:00:00:{len(self.links):02x}",
                    )
                case _:
                    pass
        self.guests = [self._plug(f"52:54:00:00:00:{number:02x}") for number in range(random.randint(2, 4))]

    @property
    def devices(self) -> tuple[Device, ...]:
        """The devices, as `ip -d link` shows them."""
        return tuple(map(_device, self.links))

    def partial_at(self, sender: Link) -> set[Link]:
        """Return the guests' ports that get a partial checksum from a guest, or from a macvlan of the host."""
        first: list[_Step] = [("send", sender, (), True)]
        if sender.kind == "tap":  # its guest may tag frames itself
            first = [("receive", sender, tags, True) for tags in _tags()]
        walk = {"send": self._send, "receive": self._receive, "leave": _leave}
        seen: set[_Step] = set()
        while first:
            step = first.pop()
            if step not in seen:
                seen.add(step)
                first += walk[step[0]](*step[1:])
        return {link for _, link, tags, partial in seen if link in self.guests and partial and not tags} - {sender}

    def _send(self, link: Link, tags: Tags, partial: bool) -> Iterator[_Step]:
        match link.kind:
            case "nic":
                yield from (
                    ("receive", other, tags, False) for other in self.links if other.kind == "nic" and other is not link
                )
            case "tap":
                yield "leave", link, tags, partial  # to its guest
            case "vlan":
                yield "send", link.lower[0], (link.vlan_id, *tags), partial
            case "macvlan" | "macvtap":
                siblings = link.lower[0].ports if link.mode is SourceMode.BRIDGE else ()
                yield from (
                    ("receive", other, tags, partial)
                    for other in siblings
                    if other is not link and other.mode is SourceMode.BRIDGE
                )
                yield "send", link.lower[0], tags, partial
            case _:
                yield from (("send", below, tags, partial) for below in link.lower)

    def _receive(self, link: Link, tags: Tags, partial: bool) -> Iterator[_Step]:
        if tags and tags[0] in link.vlans:
            yield "receive", link.vlans[tags[0]], tags[1:], partial
        elif link.master is not None:
            if link.master.kind == "bridge":
                yield from (("send", port, tags, partial) for port in link.master.lower if port is not link)
            yield "receive", link.master, tags, partial
        else:
            yield from (("receive", port, tags, partial) for port in link.ports)

    def _add(self, name: str, kind: str, lower: list[Link] | None = None, **more: Any) -> Link:
        names = {link.name for link in self.links}
        numbered = name if kind == "vlan" else next(new for n in range(99) if (new := f"{name}{n}") not in names)
        link = Link(name=numbered, kind=kind, lower=list(lower or ()), **more)
        for below in link.lower:
            if kind in {"bond", "bridge"}:
                below.master = link
            elif kind == "vlan":
                below.vlans[link.vlan_id] = link
            else:
                below.ports.append(link)
        self.links.append(link)
        return link

    def _free(self) -> list[Link]:
        return [link for link in self.links if link.master is None and link.kind not in {"tap", "macvtap"}]

    def _plug(self, mac: str) -> Link:
        bridges = [link for link in self.links if link.kind == "bridge"]
        if bridges and self._random.random() < 0.5:
            port = self._add("vnet", "tap", mac=mac)
            port.master = self._random.choice(bridges)
            port.master.lower.append(port)
            port.source = port.master.name
            return port
        below = self._random.choice(self._free())
        lower = below.lower[0] if below.kind == "macvlan" else below
        return self._add("macvtap", "macvtap", [lower], mode=self._random.choice(_MODES), mac=mac, source=below.name)


def _tags() -> Iterator[Tags]:
    return chain.from_iterable(product(_VLANS, repeat=number) for number in range(3))


def _leave(link: Link, tags: Tags, partial: bool) -> Iterator[_Step]:
    yield from ()


def _device(link: Link) -> Device:
    lower = [below.name for below in link.lower]
    mac = None if link.mac is None else Mac(link.mac)
    if link.mode is not None:
        return macvlan(link.name, lower[0], link.mode, mac=mac)
    made: dict[str, Callable[..., Device]] = {"tap": tap, "bond": bond, "vlan": vlan, "bridge": bridge}
    return nic(link.name, mac=mac) if link.kind == "nic" else made[link.kind](link.name, *lower)
