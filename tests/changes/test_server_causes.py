"""A server as the cause of a changed finding."""

from typing import Any

import pytest

from tests.views.fleet import finding
from virtscan.changes import Cause, CauseKind, FieldChange, Kind, ServerChange, ServerRef
from virtscan.changes.causes.servers import ServerCauses
from virtscan.model import DeviceName, Finding, State, Verdict
from virtscan.model import reasons as r

REF = ServerRef(server="satellite", interface="eth0")


def known(state: State, *devices: str) -> tuple[r.Reason, ...]:
    return (r.OffloadKnown(server="satellite", interface="eth0", state=state, devices=tuple(map(DeviceName, devices))),)


RISK = finding(because=known(State.ON, "eth0"))
ANY_DEVICE = finding(because=())
UNKNOWN = finding(verdict=Verdict.UNKNOWN, because=())
CLEAR = finding(verdict=Verdict.NOT_AFFECTED, because=known(State.OFF, "eth0"))
NO_SERVER = finding(server=None, server_interface=None, verdict=Verdict.UNKNOWN, because=())
OTHER_DEVICE = finding(server_interface="eth1", because=())


def cause(kind: CauseKind, **more: Any) -> Cause:
    return Cause(kind=kind, server="satellite", server_interface="eth0", **more)


def fields(field: str, old: Any, new: Any, device: str | None = None) -> tuple[FieldChange, ...]:
    return (FieldChange(field=field, device=device, old=old, new=new),)


ON, OFF = fields("tx_checksum", "off", "on"), fields("tx_checksum", "on", "off")
SWITCHED_ON = cause(CauseKind.SERVER_OFFLOAD, old="off", new="on")


@pytest.mark.parametrize(
    ("old", "new", "kind", "changed", "expected"),
    [
        pytest.param(CLEAR, RISK, Kind.CHANGED, ON, SWITCHED_ON, id="switched on"),
        pytest.param(RISK, CLEAR, Kind.CHANGED, OFF, cause(CauseKind.SERVER_OFFLOAD, old="on", new="off"), id="off"),
        pytest.param(CLEAR, RISK, Kind.CHANGED, OFF, None, id="switched off, and worse"),
        pytest.param(RISK, CLEAR, Kind.CHANGED, ON, None, id="switched on, and better"),
        pytest.param(RISK, RISK, Kind.CHANGED, OFF, None, id="no other verdict"),
        pytest.param(
            None, UNKNOWN, Kind.NOT_SEEN, (), cause(CauseKind.SERVER_OFFLOAD, new="unknown"), id="no longer read"
        ),
        pytest.param(
            UNKNOWN, CLEAR, Kind.SEEN_AGAIN, (), cause(CauseKind.SERVER_OFFLOAD, old="unknown"), id="read again"
        ),
        pytest.param(None, RISK, Kind.ADDED, (), cause(CauseKind.SERVER_ADDED), id="added"),
        pytest.param(
            NO_SERVER, CLEAR, Kind.ADDED, (), cause(CauseKind.SERVER_ADDED), id="first"
        ),
        pytest.param(
            CLEAR, NO_SERVER, Kind.REMOVED, (), cause(CauseKind.SERVER_REMOVED),
            id="the last one is removed",
        ),
        pytest.param(CLEAR, NO_SERVER, Kind.CHANGED, ON, None, id="worse without a server"),
        pytest.param(RISK, CLEAR, Kind.ADDED, (), None, id="better because of the former server"),
        pytest.param(CLEAR, RISK, Kind.REMOVED, (), None, id="worse because of the present server"),
        pytest.param(RISK, None, Kind.REMOVED, (), cause(CauseKind.SERVER_REMOVED), id="removed"),
        pytest.param(
            NO_SERVER, None, Kind.CHANGED, OFF, None, id="no server on either side"
        ),
        pytest.param(
            CLEAR, finding(server="dhcp", because=()), Kind.REMOVED, (), None, id="another server decides"
        ),
        pytest.param(CLEAR, OTHER_DEVICE, Kind.CHANGED, ON, None, id="another interface"),
        pytest.param(CLEAR, RISK, Kind.CHANGED, fields("after_reboot", "off", "on"), None, id="after a reboot"),
        pytest.param(
            CLEAR, RISK, Kind.CHANGED, fields("tx_checksum", "off", "on", "eth0"),
            cause(CauseKind.SERVER_OFFLOAD, device="eth0", old="off", new="on"), id="a device that decides",
        ),
        pytest.param(
            CLEAR, RISK, Kind.CHANGED, fields("tx_checksum", "off", "on", "eth9"), None, id="one that does not"
        ),
        pytest.param(
            CLEAR, ANY_DEVICE, Kind.CHANGED, fields("tx_checksum", "off", "on", "eth9"),
            cause(CauseKind.SERVER_OFFLOAD, device="eth9", old="off", new="on"), id="which ones decide is unknown",
        ),
        *(
            pytest.param(
                CLEAR, RISK, Kind.CHANGED, fields(fact, "a", "b"), cause(CauseKind.SERVER_DECLARED, fact=fact), id=fact
            )
            for fact in ("runs_on", "physical", "segments", "subnets")
        ),
        pytest.param(
            CLEAR, RISK, Kind.CHANGED, (*fields("runs_on", "a", "b"), *ON), SWITCHED_ON, id="offload first"
        ),
    ],
)  # fmt: skip
def test_a_server_explains_the_verdict_that_its_change_leads_to(
    old: Finding | None, new: Finding | None, kind: Kind, changed: tuple[FieldChange, ...], expected: Cause | None
) -> None:
    causes = ServerCauses([ServerChange(kind=kind, server=REF, fields=changed)])

    assert causes.of(old, new) == expected


def test_first_change_that_explains_a_finding_is_its_cause() -> None:
    without = ServerChange(kind=Kind.CHANGED, server=REF, fields=fields("after_reboot", "off", "on"))
    changes = (without, ServerChange(kind=Kind.NOT_SEEN, server=REF), without)

    assert ServerCauses(changes).of(CLEAR, UNKNOWN) == cause(CauseKind.SERVER_OFFLOAD, new="unknown")
