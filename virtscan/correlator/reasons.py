"""What a finding rests on and what would settle it, in plain words."""

from typing import TypeAlias, assert_never

import msgspec

from virtscan.correlator.coverage import describe
from virtscan.correlator.kernel import Fix, KernelState
from virtscan.correlator.place import Place, Position, Seat
from virtscan.correlator.rules import Fact, Rule
from virtscan.model import DeviceKind, LowerDevice, Observed, Server, SourceMode, State

Sentences: TypeAlias = tuple[list[str], list[str]]
"""What is known, and what is missing."""


# A bond is said to be one, whatever else is asked for.
_KINDS = {
    DeviceKind.VLAN: "a VLAN",
    DeviceKind.BRIDGE: "a bridge",
    DeviceKind.ETHERNET: "an ethernet device",
}


class Situation(msgspec.Struct, frozen=True, kw_only=True):
    """What the words name; a rule that is about no server does not look at `server` and `position`."""

    seat: Seat
    kernel: Observed[str] | None
    state: KernelState
    servers: tuple[Server, ...]
    server: Server
    position: Position


def explain(rule: Rule, situation: Situation, asked_for: LowerDevice) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Put a decision into words: `because` and `missing` of its finding, what decided first."""
    told = [*(_tell(fact, situation) for fact in rule.facts), _source(situation.seat, asked_for)]
    because = tuple(sentence for known, _ in told for sentence in known)
    missing = tuple(sentence for _, unknown in told for sentence in unknown)
    return because, missing


def _source(seat: Seat, asked_for: LowerDevice) -> Sentences:
    device, chain, host = seat.device, seat.chain, seat.hypervisor
    if device is None:
        return [], [f"which device of {host} the interface is on{f' (network {seat.network})' if seat.network else ''}"]
    if chain.bond is not None:
        stands = "is a bond" if chain.bond == device else f"stands on the bond {chain.bond}"
        return [f"{device} of {host} {stands}"], []
    asked = asked_for is LowerDevice.BOND
    if chain.kind is not DeviceKind.UNKNOWN:
        return [f"{device} of {host} is {_KINDS[chain.kind]}"], [f"what {device} of {host} stands on"] * asked
    # A name proves nothing, but it is what an administrator would go by.
    named = " is named like a bond;" if device.startswith("bond") else ":"
    return [f"{device} of {host}{named} its kind was not observed"], [f"the kind of {device} of {host}"] * asked


def _tell(fact: Fact, situation: Situation) -> Sentences:
    match fact:
        case Fact.KERNEL:
            told = _kernel(situation)
        case Fact.SERVERS:
            told = _servers(situation.seat, situation.servers)
        case Fact.TX:
            told = _tx(situation.server)
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
    if state.fix is Fix.UNKNOWN:
        return [], [f"whether kernel {observed.value} of {host} ({observed.source}) is fixed: {state.why}"]
    fills = "fills" if state.fix is Fix.FIXED else "does not fill"
    return [f"{host} runs kernel {observed.value} ({observed.source}), which {fills} in checksums: {state.why}"], []


def _servers(seat: Seat, servers: tuple[Server, ...]) -> Sentences:
    if not servers:
        return [], ["a provisioning server: none was named"]
    segment = "" if seat.segment is None else f" (segment {seat.segment})"
    everyone = ", ".join(describe(server) for server in servers)
    return [f"no server serves {seat.device} of {seat.hypervisor}{segment}: {everyone}"], []


def _tx(server: Server) -> Sentences:
    device = f"{server.name} {server.interface}" if server.interface else server.name
    if server.tx_checksum is State.UNKNOWN:
        return [], [f"TX checksum offload of {device}: {server.reason or 'not read'}"]
    return [f"{device}: TX checksum offload is {server.tx_checksum.value} ({server.source})"], []


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
