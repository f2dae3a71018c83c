"""What a finding rests on and what would settle it, in plain words."""

from datetime import datetime
from typing import TypeAlias, assert_never

import msgspec

from virtscan.correlator.age import ago, is_old
from virtscan.correlator.coverage import describe
from virtscan.correlator.kernel import KernelState
from virtscan.correlator.place import Place, Position, Seat
from virtscan.correlator.rules import Fact, Rule
from virtscan.model import (
    Device,
    DeviceKind,
    Fix,
    Gap,
    Hypervisor,
    KernelBasis,
    LowerDevice,
    Observed,
    Server,
    SourceMode,
    State,
    Verdict,
)

Sentences: TypeAlias = tuple[list[str], list[str]]
"""What is known, and what is missing."""


# A bond is said to be one, whatever else is asked for.
_KINDS = {
    DeviceKind.VLAN: "a VLAN",
    DeviceKind.BRIDGE: "a bridge",
    DeviceKind.ETHERNET: "an ethernet device",
}

# The layers forbid views here: the same words as in views/wording/kernel.py, until this module goes.
_KERNEL = {
    KernelBasis.RHEL6_SINCE: "RHEL 6 has the fix since 2.6.32-504.30.3.el6",
    KernelBasis.RHEL6_BEFORE: "RHEL 6 has the fix only since 2.6.32-504.30.3.el6",
    KernelBasis.RHEL6_UNCLEAR: "RHEL 6 has the fix since 2.6.32-504.30.3.el6, and 2.6.32-504.16.2.el6 lacks it",
    KernelBasis.RHEL7_SINCE: "RHEL 7 has the fix since 3.10.0-514.el7",
    KernelBasis.RHEL7_BEFORE: "RHEL 7 before 3.10.0-514.el7 may lack the fix",
    KernelBasis.MAINLINE_SINCE: "Linux has the fix since 3.15",
    KernelBasis.MAINLINE_CANDIDATE: "the fix came during the release candidates of 3.15",
    KernelBasis.MAINLINE_BEFORE: "Linux has the fix only since 3.15",
    KernelBasis.STABLE_3_14_SINCE: "Linux 3.14 has the fix since 3.14.5",
    KernelBasis.STABLE_3_12_SINCE: "Linux 3.12 has the fix since 3.12.24",
    KernelBasis.STABLE_BEFORE: "of the stable series only 3.12.24, 3.14.5 and their successors have the fix",
    KernelBasis.STABLE_UNCLEAR: "the fix came to Linux 3.12 between 3.12.18 and 3.12.24, and to 3.14 in 3.14.5",
    KernelBasis.BUILT_BEFORE_FIX: "it was built before May 2014, when the fix did not exist",
    KernelBasis.VENDOR_UNKNOWN: "it is not known whether its vendor added the fix",
    KernelBasis.UNREADABLE: "its name is not a version of Linux",
    KernelBasis.NOT_READ: "it was not read",
    KernelBasis.INFERRED_FROM_DAEMON: "inferred: its libvirt is too new for a distribution with an unfixed kernel",
    KernelBasis.DAEMON_TOO_OLD: "it was not read, and its libvirt also runs on unfixed kernels",
}


class Situation(msgspec.Struct, frozen=True, kw_only=True):
    """What the words name; a rule that is about no server does not look at `server` and `position`.

    `hosts` are the hypervisors that it rests on. `outdated` says what is known of the interface's own from too long
    ago to count.
    """

    seat: Seat
    devices: tuple[Device, ...]
    hosts: tuple[Hypervisor, ...]
    outdated: tuple[Gap, ...]
    taken_at: datetime
    kernel: Observed[str] | None
    state: KernelState
    servers: tuple[Server, ...]
    server: Server
    position: Position


def explain(rule: Rule, situation: Situation, asked_for: LowerDevice) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Put a decision into words: `because` and `missing` of its finding, what decided first."""
    told = [
        *(_tell(fact, situation) for fact in rule.facts),
        _source(situation, asked_for),
        _hosts(situation),
    ]
    if rule.verdict in {Verdict.AT_RISK, Verdict.UNKNOWN}:
        told.append(([], [f"{gap.subject}: {gap.reason}" for gap in situation.outdated]))
    because = tuple(sentence for known, _ in told for sentence in known)
    missing = tuple(sentence for _, unknown in told for sentence in unknown)
    return because, missing


def _seen(source: str, observed_at: datetime | None, taken_at: datetime) -> str:
    """The source, with when it said so if that is long ago."""
    return f"{source}, observed {ago(observed_at, taken_at)}" if is_old(observed_at, taken_at) else source


def _hosts(situation: Situation) -> Sentences:
    """Which of the hypervisors that it rests on were looked at long ago."""
    at = situation.taken_at
    old = [host for host in situation.hosts if is_old(host.observed_at, at)]
    return [f"{host.name} was observed {ago(host.observed_at, at)} ({host.uri})" for host in old], []


def _source(situation: Situation, asked_for: LowerDevice) -> Sentences:
    seat = situation.seat
    device, chain, host = seat.device, seat.chain, seat.hypervisor
    if device is None:
        return [], [f"which device of {host} the interface is on{f' (network {seat.network})' if seat.network else ''}"]
    if chain.bond is not None:
        stands = "is a bond" if chain.bond == device else f"stands on the bond {chain.bond}"
        return [f"{device} of {host} {stands}{_dated(situation)}"], []
    asked = asked_for is LowerDevice.BOND
    if chain.kind is not DeviceKind.UNKNOWN:
        return [f"{device} of {host} is {_KINDS[chain.kind]}{_dated(situation)}"], [
            f"what {device} of {host} stands on"
        ] * asked
    # A name proves nothing, but it is what an administrator would go by.
    named = " is named like a bond;" if device.startswith("bond") else ":"
    return [f"{device} of {host}{named} its kind was not observed"], [f"the kind of {device} of {host}"] * asked


def _dated(situation: Situation) -> str:
    """Where and when devices were observed, if one of them was at a time of its own and long ago."""
    dated = [(device.observed_at, device) for device in situation.devices if device.observed_at is not None]
    when, oldest = min(dated, key=lambda one: one[0], default=(None, None))
    if oldest is None or not is_old(when, situation.taken_at):
        return ""
    return f" ({_seen(', '.join(oldest.sources), when, situation.taken_at)})"


def _tell(fact: Fact, situation: Situation) -> Sentences:
    match fact:
        case Fact.KERNEL:
            told = _kernel(situation)
        case Fact.SERVERS:
            told = _servers(situation.seat, situation.servers)
        case Fact.TX:
            told = _tx(situation.server, situation.taken_at)
        case Fact.REBOOT:
            told = _reboot(situation.server)
        case Fact.NIC:
            told = [situation.position.muted], []
        case Fact.PLACE:
            told = _place(situation.position)
        case Fact.MODE:
            told = _mode(situation.seat)
        case Fact.HAIRPIN:
            told = ["the frames leave through the card (a hairpin inside a software switch would be an exception)"], []
        case _:
            assert_never(fact)
    return told


def _kernel(situation: Situation) -> Sentences:
    observed, state, host = situation.kernel, situation.state, situation.seat.hypervisor
    if observed is None:
        return [], [f"the kernel of {host} (uname -r)"]
    seen = _seen(observed.source, observed.observed_at, situation.taken_at)
    if state.fix is Fix.UNKNOWN:
        return [], [f"whether kernel {observed.value} of {host} ({seen}) is fixed: {_KERNEL[state.basis]}"]
    fills = "fills" if state.fix is Fix.FIXED else "does not fill"
    return [f"{host} runs kernel {observed.value} ({seen}), which {fills} in checksums: {_KERNEL[state.basis]}"], []


def _servers(seat: Seat, servers: tuple[Server, ...]) -> Sentences:
    if not servers:
        return [], ["a provisioning server: none was named"]
    segment = "" if seat.segment is None else f" (segment {seat.segment})"
    everyone = ", ".join(describe(server) for server in servers)
    return [f"no server serves {seat.device} of {seat.hypervisor}{segment}: {everyone}"], []


def _tx(server: Server, taken_at: datetime) -> Sentences:
    device = f"{server.name} {server.interface}" if server.interface else server.name
    if server.tx_checksum is State.UNKNOWN:
        return [], [f"TX checksum offload of {device}: {server.reason or 'not read'}"]
    seen = _seen(server.source, server.observed_at, taken_at)
    return [f"{device}: TX checksum offload is {server.tx_checksum.value} ({seen})"], []


def _reboot(server: Server) -> Sentences:
    persistence = server.persistence
    if persistence is None:
        return [], ["whether it stays off after a reboot"]
    match persistence.tx_checksum:
        case State.OFF:
            return [f"it stays off after a reboot: {persistence.setting}"], []
        case State.ON:
            return [f"off now; on again after a reboot: {persistence.setting}"], []
        case State.UNKNOWN:
            return [], [f"whether it stays off after a reboot: {persistence.setting}"]
        case _:
            assert_never(persistence.tx_checksum)


def _place(position: Position) -> Sentences:
    if position.place is Place.UNKNOWN:
        return [], [position.why]
    return [position.why], [] if position.unless is None else [position.unless]


def _mode(seat: Seat) -> Sentences:
    if seat.mode is None or seat.mode is SourceMode.UNKNOWN:
        return [], [f"the mode of the interface{f' on network {seat.network}' if seat.network else ''}"]
    return [f"the interface is in {seat.mode.value} mode"], []
