"""A fleet with a name of its own in every field that can hold one, made by walking the model's types."""

import itertools
from collections.abc import Iterator, Mapping
from typing import Any, get_args

import msgspec
from msgspec import inspect as info

from tests.build import FIXED_KERNEL, TAKEN_AT, UNFIXED_KERNEL
from tests.filling import values
from virtscan.model import (
    Attachment,
    Device,
    DeviceKind,
    DeviceName,
    Domain,
    DomainState,
    Gap,
    GapAbout,
    HostStatus,
    Hypervisor,
    Interface,
    Inventory,
    Mac,
    Netboot,
    Observed,
    Policy,
    Server,
    SourceMode,
    State,
    Waiver,
)
from virtscan.model.gaps import AnyCause, AnyItem
from virtscan.model.gaps.causes import Failure
from virtscan.redaction.policy import TABLE, TextKind
from virtscan.storage import dumps

_SHAPES = {
    TextKind.MAC: "52:54:00:{0:02x}:{1:02x}:{2:02x}",
    TextKind.UUID: "deadbeef-0000-4000-8000-00{0:02x}{1:02x}{2:02x}ffff",
    TextKind.ADDRESS: "10.{0}.{1}.{2}/24",
    TextKind.SOURCE: "qemu+ssh://zquser{3}@zqhost{3}.zqzone{3}.net/zqpath{3}?keyfile=/zqkeys/zqkey{3}",
    TextKind.RECORD_SOURCE: "foreman https://zqhost{3}.net/zqpath{3}",
    TextKind.SYSTEM: "https://zqhost{3}.net/zqpath{3}",
    TextKind.KEY: "uri:qemu+ssh://zqhost{3}.net/system#zqname{3}",
    TextKind.ORIGIN: "/zqfolder{3}/zqfile{3}.xml#2",
}
_KEPT = {"value": UNFIXED_KERNEL, "declared_kernel": UNFIXED_KERNEL}


class Planting:
    """Texts for fields.

    `planted` has every distinctive part of those that must not be shown, `machines` the names of machines and taps.
    """

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self.planted: list[str] = []
        self.machines: list[str] = []

    def struct(self, kind: type, /, **more: Any) -> Any:
        """A value of this type with a name in each of its fields (`Any`: as typed)."""
        found = info.type_info(kind)
        assert isinstance(found, info.StructType)
        return self._filled(found, more)

    def _filled(self, found: info.StructType, more: Mapping[str, Any]) -> Any:
        described = TABLE.get(getattr(found.cls, "__origin__", found.cls), {})
        fields = {
            field.name: next(
                value
                for value in self._values(field.type, described.get(field.name, TextKind.TEXT), field.name)
                if value is not None
            )
            for field in found.fields
            if field.name not in more
        }
        return found.cls(**fields, **more)

    def _values(self, kind: info.Type, text_kind: TextKind, name: str) -> Iterator[Any]:
        match kind:
            case info.StrType():
                yield self._text(text_kind, name)
            case info.StructType():
                yield self._filled(kind, {})
            case info.UnionType(types=types):
                for member in types:
                    yield from self._values(member, text_kind, name)
            case info.Metadata(type=inner):
                yield from self._values(inner, text_kind, name)
            case info.VarTupleType(item_type=inner):
                yield (next(value for value in self._values(inner, text_kind, name) if value is not None),)
            case info.DictType(value_type=inner):
                yield {self._text(text_kind, name): next(self._values(inner, text_kind, name))}
            case info.AnyType() | info.CustomType():
                yield self._text(text_kind, name)
            case _:
                yield from values(kind, lambda _field: "", name)

    def _text(self, text_kind: TextKind, name: str) -> str:
        if text_kind in {TextKind.KEPT, TextKind.DEVICE, TextKind.NETWORK}:
            return _KEPT.get(name, "bond2" if text_kind is TextKind.DEVICE else "kept")
        number = next(self._numbers)
        digits = (number >> 16, number >> 8 & 0xFF, number & 0xFF)
        text = _SHAPES.get(text_kind, "zqname{3}").format(*digits, number)
        if text_kind in {TextKind.VM, TextKind.TARGET, TextKind.HOST}:
            self.machines.append(text)
        self.planted += [part for part in _parts(text) if "zq" in part] or [text.partition("/")[0]]
        return text


def _parts(text: str) -> list[str]:
    for mark in ":/@.?=#& ":
        text = text.replace(mark, " ")
    return text.split()


def fleet(planting: Planting) -> Inventory:
    """A fleet with interfaces at risk, unknown, waived and clear, a gap of every item and of every cause, and names."""
    hosts = [_host(planting, number) for number in range(6)]
    guests = [host.domains[0] for host in hosts]
    macs = [interface.mac for guest in guests for interface in guest.interfaces if interface.mac is not None]
    states = (State.ON, State.UNKNOWN, State.OFF)
    servers = tuple(_server(planting, mac, state) for mac, state in zip(macs, states, strict=False))
    items = [planting.struct(kind) for kind in get_args(AnyItem)]
    causes = [planting.struct(kind) for kind in get_args(AnyCause)]
    failure = planting.struct(Failure)
    gaps = [Gap(item=item, cause=failure, about=GapAbout.DEVICE, hypervisor=hosts[0].name) for item in items]
    gaps += [Gap(item=items[0], cause=cause, about=GapAbout.DOMAIN, hypervisor=hosts[1].name) for cause in causes]
    waivers = (planting.struct(Waiver, until=None), Waiver(reason="zqreason", domain=guests[0].name))
    planting.planted += ["zqreason"]
    made = planting.struct(
        Inventory,
        taken_at=TAKEN_AT,
        policy=Policy(waivers=waivers),
        hypervisors=tuple(hosts),
        servers=servers,
        gaps=tuple(gaps),
    )
    assert isinstance(made, Inventory)
    places = tuple(msgspec.structs.replace(place, hypervisor=hosts[5].name) for place in made.places)
    netboots = (*made.netboots, planting.struct(Netboot, mac=macs[0], pending=True))
    made = msgspec.structs.replace(made, places=places, netboots=netboots)
    text = dumps(made).decode()
    taps = tuple(Device(name=DeviceName(name.upper())) for name in planting.machines if f'"{name}"' in text)
    hosts[0] = msgspec.structs.replace(hosts[0], devices=(*hosts[0].devices, *taps))
    return msgspec.structs.replace(made, hypervisors=tuple(hosts))


def _host(planting: Planting, number: int) -> Hypervisor:
    """A hypervisor with two domains on one bond: of an unfixed, an unknown and a fixed kernel in turn."""
    kernel = (UNFIXED_KERNEL, None, FIXED_KERNEL)[number % 3]
    observed = None if kernel is None else planting.struct(Observed, value=kernel, observed_at=TAKEN_AT)
    bond = planting.struct(Device, name=DeviceName("bond2"), kind=DeviceKind.BOND, lower=(), observed_at=TAKEN_AT)
    made = planting.struct(
        Hypervisor,
        status=HostStatus.PARTIAL if number == 5 else HostStatus.COMPLETE,
        kernel=observed,
        declared_kernel=None,
        daemon=None,
        domains=tuple(_guest(planting) for _ in range(2)),
        devices=(bond,),
        observed_at=TAKEN_AT,
        reflective=(),
        lists_all_domains=True,
    )
    assert isinstance(made, Hypervisor)
    return made


def _guest(planting: Planting) -> Domain:
    macvtap = planting.struct(
        Interface,
        index=0,
        type="direct",
        source="bond2",
        mode=SourceMode.BRIDGE,
        attachments=(Attachment(DeviceName("bond2"), SourceMode.BRIDGE),),
        link=None,
        rom=None,
        host_csum=None,
    )
    made = planting.struct(Domain, interfaces=(macvtap,), next_start=False, state=DomainState.ACTIVE)
    assert isinstance(made, Domain)
    return made


def _server(planting: Planting, mac: Mac, state: State) -> Server:
    made = planting.struct(
        Server,
        tx_checksum=state,
        interface="eth0",
        macs=(mac,),
        declared_macs=(),
        features={},
        devices=(),
        segments=(),
        subnets=(),
        runs_on=None,
        physical=False,
        system_uuid=None,
        reason=planting.struct(Failure) if state is State.UNKNOWN else None,
        observed_at=TAKEN_AT,
    )
    assert isinstance(made, Server)
    return made
