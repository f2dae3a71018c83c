"""The words of each condition of the decision table, of the fact that decides it in a case, and of possible facts."""

from collections.abc import Callable, Mapping

import msgspec

from virtscan.correlator.positions.position import Where
from virtscan.correlator.table.conditions import SAME, Case, PossibleServers
from virtscan.model import Fix, SourceMode, State
from virtscan.model.reasons import (
    NeedsDeviceKind,
    NeedsDeviceRole,
    NeedsInterface,
    NeedsNicKinds,
    NeedsOuterHost,
    NeedsPlace,
    NeedsReflection,
    NeedsServerDevice,
    Reason,
)


class ConditionWords(msgspec.Struct, frozen=True):
    """A condition in words; `actual` words the fact of a case, whether it meets the condition or not."""

    requires: str
    actual: Callable[[Case], str]


_PLACES = {
    Where.SAME_BRIDGE: "the server is on the same lower device, in bridge mode",
    Where.SAME_OTHER: "the server is on the same lower device, not in bridge mode",
    Where.SAME_UNKNOWN: "the server is on the same lower device, in an unknown mode",
    Where.RECEIVED: "the lower device receives the server's frames before any NIC",
    Where.NEVER_MET: "the server is on the same device stack, but the lower device never receives its frames",
    Where.THROUGH_NICS: "the server's frames pass a NIC that fills in the checksum",
    Where.UNPROVEN: "the server's place is known, but not whether its frames pass a NIC",
    Where.UNKNOWN: "the server's place is unknown",
}
_WAYS = {
    Where.THROUGH_NICS.value: "the server's frames pass a NIC that fills in checksums",
    Where.RECEIVED.value: "they don't",
}
_BONDS = {"bond": "on a bond", "no-bond": "not on a bond"}
_SERVERS = {
    PossibleServers.NONE_KNOWN: "no server is known",
    PossibleServers.NONE_SERVES: "no server serves this interface",
    PossibleServers.THIS_ONE: "this server may answer",
}


def value_words(reason: Reason, code: str) -> str:
    """Word a possible value of a missing fact, by the code of that value."""
    match reason:
        case NeedsPlace():
            return _PLACES[Where(code)]
        case (
            NeedsNicKinds()
            | NeedsServerDevice()
            | NeedsDeviceRole()
            | NeedsInterface()
            | NeedsOuterHost()
            | NeedsReflection()
        ):
            return _WAYS[code]
        case NeedsDeviceKind():
            return _BONDS[code]
        case _:
            return code


def _left_out(case: Case) -> str:
    return "the interface is judged" if case.left_out is None else case.left_out.value


def _kernel(case: Case) -> str:
    return "the kernel's state is unknown" if case.kernel is Fix.UNKNOWN else f"the kernel is {case.kernel.value}"


def _servers(case: Case) -> str:
    return _SERVERS[case.servers]


def _tx(case: Case) -> str:
    if case.tx is State.UNKNOWN:
        return "the state of the server's TX checksum offload is unknown"
    return f"the server's TX checksum offload is {case.tx.value}"


def _nic(case: Case) -> str:
    if case.fills:
        return "the server's virtual NIC can't send partial checksums"
    return "the server is not known to be a VM whose NIC can't send partial checksums"


def _where(case: Case) -> str:
    return _PLACES[case.where]


def _mode(case: Case) -> str:
    mode = "an unknown mode" if case.mode is SourceMode.UNKNOWN else f"{case.mode.value} mode"
    return f"the interface is in {mode}"


def _meeting(case: Case) -> str:
    if case.where not in SAME:
        return _where(case)
    return "the server is not in bridge mode" if case.where is Where.SAME_OTHER else _mode(case)


CONDITION_WORDS: Mapping[str, ConditionWords] = {
    "left-out": ConditionWords("the interface is not judged", _left_out),
    "fixed": ConditionWords("the hypervisor's kernel is fixed", _kernel),
    "none-known": ConditionWords("no server is known", _servers),
    "none-serves": ConditionWords("no server serves this interface", _servers),
    "tx-off": ConditionWords("the server's TX checksum offload is off", _tx),
    "tx-on": ConditionWords("the server's TX checksum offload is on", _tx),
    "tx-unknown": ConditionWords("the state of the server's TX checksum offload is unknown", _tx),
    "fills": ConditionWords("the server's virtual NIC can't send partial checksums", _nic),
    "bridge": ConditionWords("the interface is in bridge mode", _mode),
    "same-bridge": ConditionWords("the server is on the same lower device, in bridge mode", _where),
    "never-meet": ConditionWords(
        "server and interface never exchange frames on the device: one is not in bridge mode, a VLAN separates them, "
        "or the server sends out through the device",
        _meeting,
    ),
    "received": ConditionWords("the lower device receives the server's frames before any NIC", _where),
    "through-nics": ConditionWords("the server's frames pass a NIC that fills in the checksum", _where),
    "lost": ConditionWords("the server's place is unknown", _where),
}
"""By the condition's id."""
