"""The JSON Schemas by name: of everything that virtscan saves, prints as JSON, or reads."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any

import msgspec

from virtscan.model import Inventory, Report
from virtscan.views import EVERYTHING, GROUPINGS, VIEWS
from virtscan.views.schema import schema_of

DIALECT = "https://json-schema.org/draft/2020-12/schema"

_TAKEN_AT = datetime(2026, 1, 1, tzinfo=UTC)
_EMPTY = Report(inventory=Inventory(version="", taken_at=_TAKEN_AT))


def schema_named(name: str) -> dict[str, Any]:
    """Return the schema of this name, one of `SCHEMAS`."""
    return {"$schema": DIALECT, **SCHEMAS[name]()}


def schema_text(name: str) -> str:
    """Write the schema of this name."""
    return msgspec.json.format(msgspec.json.encode(schema_named(name))).decode()


def _inventory() -> dict[str, Any]:
    from virtscan.storage.inventory_v3 import SavedInventory

    return msgspec.json.schema(SavedInventory)


def _plan() -> dict[str, Any]:
    from virtscan.storage.plan_file import SavedPlan

    return msgspec.json.schema(SavedPlan)


def _config() -> dict[str, Any]:
    from virtscan.config import ConfigFile

    return msgspec.json.schema(ConfigFile)


def _view(name: str) -> dict[str, Any]:
    views = GROUPINGS.values() if name == "capacity" else [VIEWS[name]]
    return schema_of(*(view(_EMPTY) for view in views), assumable=True)


def _fleet() -> dict[str, Any]:
    return schema_of(EVERYTHING(_EMPTY), assumable=True)


def _explain() -> dict[str, Any]:
    from virtscan.explain import Explanation, document

    return schema_of(document(Explanation(accounts=()), _EMPTY), assumable=True)


def _remedy() -> dict[str, Any]:
    from virtscan.remedy import FORMS, document, plan

    name, form = next(iter(FORMS.items()))
    return schema_of(document(plan(_EMPTY), _EMPTY, name, form), assumable=True)


def _trace() -> dict[str, Any]:
    from virtscan.trace import Agreement, BootComparison, Trace, view

    empty = Trace(file="", frames=0, started_at=None, ended_at=None, boots=(), others=0, gaps=())
    joined = BootComparison(boot=None, judgement=None, finding=None, agreement=next(iter(Agreement)))
    return schema_of(view(empty, []), view(empty, [joined]))


def _doctor() -> dict[str, Any]:
    from virtscan.doctor import document

    return schema_of(document([], _EMPTY.inventory))


def _history() -> dict[str, Any]:
    from virtscan.views.tables.scans import view

    return schema_of(view([]))


def _trend() -> dict[str, Any]:
    from virtscan.changes.trend import CapacityTrend, RiskBy, RiskTrend
    from virtscan.views.tables import trends

    return schema_of(trends.capacity(CapacityTrend()), *(trends.risks(RiskTrend(by=by)) for by in RiskBy))


def _diff() -> dict[str, Any]:
    from virtscan.changes import Changes, Snapshot
    from virtscan.views.changes import view

    side = Snapshot(version="", taken_at=_TAKEN_AT)
    return schema_of(view(Changes(old=side, new=side)))


SCHEMAS: Mapping[str, Callable[[], dict[str, Any]]] = {
    "inventory": _inventory,
    "plan": _plan,
    "report": partial(_view, "risks"),
    **{name: partial(_view, name) for name in VIEWS if name != "risks"},
    "fleet": _fleet,
    "explain": _explain,
    "remedy": _remedy,
    "trace": _trace,
    "doctor": _doctor,
    "diff": _diff,
    "history": _history,
    "trend": _trend,
    "config": _config,
}
"""By the name in a document's `schema`; that of the risks view is `report`."""
