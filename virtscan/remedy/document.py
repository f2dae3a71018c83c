"""A remedy as JSON, for programs: the same plan, with the steps of one form as texts."""

from collections.abc import Callable, Iterable

import msgspec

from virtscan.model import Gap
from virtscan.remedy.plan import Change, Question, Remedy, Steps
from virtscan.reporters.json import written
from virtscan.views.presentation import timestamp

SCHEMA = "virtscan.remedy/1"


def document(remedy: Remedy, gaps: Iterable[Gap], form: str, steps_of: Callable[[Change], Steps]) -> str:
    """Write the document; a change that no device can make has no steps."""
    value = {
        "schema": SCHEMA,
        "version": remedy.version,
        "taken_at": timestamp(remedy.taken_at),
        "form": form,
        "changes": [_change(change, steps_of) for change in remedy.changes],
        "questions": [_question(question) for question in remedy.questions],
        "afterwards": {"at-risk": remedy.still_at_risk, "unknown": remedy.still_unknown},
        "gaps": [{"subject": gap.subject, "reason": gap.reason} for gap in gaps],
    }
    return written(msgspec.to_builtins(value))


def _change(change: Change, steps_of: Callable[[Change], Steps]) -> dict[str, object]:
    return {
        "server": change.server,
        **_devices(change),
        "source": change.source,
        "observed_at": timestamp(change.observed_at),
        "tx_checksum": change.tx_checksum,
        "after_reboot": change.after_reboot,
        "fixed": change.fixed,
        "steps": None if change.fixed else steps_of(change),
        "endangered": change.endangered,
        "upgrades": change.upgrades,
        "notes": change.notes,
    }


def _devices(change: Change) -> dict[str, object]:
    """Write the devices to switch; `interface` and `device_kind` are those of a single one.

    Where none can be switched `interface` is the one by which the server is named.
    """
    only = change.senders[0] if len(change.senders) == 1 else None
    devices = [
        {
            "interface": sender.interface,
            "device_kind": sender.kind,
            "mac": sender.mac,
            "now": sender.now,
            "lasting": sender.lasting,
        }
        for sender in change.senders
    ]
    if only is None:
        interface = change.interface if change.fixed else None
        return {"interface": interface, "device_kind": None, "devices": devices}
    return {"interface": only.interface, "device_kind": only.kind, "devices": devices}


def _question(question: Question) -> dict[str, object]:
    return msgspec.structs.asdict(question)
