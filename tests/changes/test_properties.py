"""Properties of every two inventories."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DataObject
from msgspec.structs import replace

from tests.changes.nights import NIGHT, harmless, older, pairs_of_nights
from tests.correlator.fleets import inventories
from virtscan.changes import Changes, FindingChange, FindingKind, Kind, compare, news, remembering
from virtscan.correlator.judging import judge
from virtscan.model import Inventory, Verdict

many = settings(
    max_examples=60,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    deadline=None,
    suppress_health_check=list(HealthCheck),
)

REVERSE = {
    Kind.ADDED: Kind.REMOVED,
    Kind.NOT_SEEN: Kind.SEEN_AGAIN,
    FindingKind.NEW: FindingKind.RESOLVED,
    FindingKind.EXPOSURE_RISEN: FindingKind.EXPOSURE_FALLEN,
    FindingKind.WAIVER_ENDED: FindingKind.WAIVED,
    FindingKind.NOT_SEEN: FindingKind.SEEN_AGAIN,
}
REVERSE |= {second: first for first, second in REVERSE.items()}


def difference(old: Inventory, new: Inventory) -> Changes:
    return compare(old, new, judge)


def reverse_of(change: Any) -> Any:
    """Exchange the two sides of any change."""
    swapped = {"kind": REVERSE.get(change.kind, change.kind)}
    if isinstance(change, FindingChange):
        before = None if change.old is None else change.old.verdict
        after = None if change.new is None else change.new.verdict
        if change.kind is FindingKind.NEW and before is Verdict.UNKNOWN and after is Verdict.AT_RISK:
            swapped["kind"] = FindingKind.UNDECIDED
        if change.kind in {FindingKind.UNDECIDED, FindingKind.NO_LONGER_SCANNED}:
            swapped["kind"] = FindingKind.NEW
    if hasattr(change, "fields"):
        swapped["fields"] = tuple(replace(field, old=field.new, new=field.old) for field in change.fields)
    if hasattr(change, "statuses"):
        swapped["statuses"] = change.statuses[::-1]
    if hasattr(change, "new"):
        swapped |= {"old": change.new, "new": change.old}
    elif hasattr(change, "old"):
        swapped |= {"old": change.domain, "domain": change.old}
    return replace(change, **swapped)


def lists(changes: Changes) -> dict[str, list[str]]:
    """Return the changes in an order of their own, without causes: those are of the newer side."""

    def written(change: Any) -> str:
        plain = msgspec.to_builtins(change)
        plain.pop("cause", None)
        if plain["kind"] == FindingKind.NO_LONGER_SCANNED.value:  # the reverse of a new one as well
            plain["kind"] = FindingKind.RESOLVED.value
        if plain["kind"] == Kind.CHANGED.value:
            plain.pop("index", None)  # the present one
        if plain.get("fields"):
            plain["fields"] = sorted(plain["fields"], key=repr)
        return repr(plain)

    names = ("findings", "hypervisors", "servers", "domains", "interfaces")
    return {name: sorted(written(change) for change in getattr(changes, name)) for name in names}


@pytest.mark.long
@many
@given(inventories())
def test_an_inventory_compared_with_itself_has_no_changes(inventory: Inventory) -> None:
    changes = difference(inventory, inventory)

    assert changes.is_empty
    assert news(changes, inventory, inventory).is_empty


@pytest.mark.long
@many
@given(st.data())
def test_the_reverse_comparison_has_the_reverse_changes(data: DataObject) -> None:
    old, new = data.draw(pairs_of_nights())
    forth, back = difference(old, new), difference(new, old)
    names = ("findings", "hypervisors", "servers", "domains", "interfaces")
    reverse = replace(back, **{name: tuple(map(reverse_of, getattr(back, name))) for name in names})

    assert lists(reverse) == lists(forth)
    assert back.unread == forth.unread


@pytest.mark.long
@many
@given(inventories(), st.data())
def test_renamed_moved_and_unread_items_are_never_removed(inventory: Inventory, data: DataObject) -> None:
    later = inventory
    for _ in range(data.draw(st.integers(1, 3))):
        later = data.draw(harmless(later))(later)
    changes = difference(inventory, later)

    assert [change for change in changes.domains if change.kind is Kind.REMOVED] == []
    assert [change for change in changes.hypervisors if change.kind is Kind.REMOVED] == []


@pytest.mark.long
@many
@given(inventories(), st.data())
def test_nothing_is_removed_over_nights_on_which_hosts_are_away_and_back(
    inventory: Inventory, data: DataObject
) -> None:
    """The same with the memory that each night's inventory carries on."""
    before = inventory
    for night in range(1, 4):
        change = data.draw(harmless(inventory))
        tonight = remembering(replace(change(inventory), taken_at=inventory.taken_at + night * NIGHT), before)
        changes = difference(before, tonight)

        assert [change for change in changes.domains if change.kind is Kind.REMOVED] == []
        before = tonight


@pytest.mark.long
@many
@given(inventories())
def test_ages_seconds_and_the_version_of_virtscan_are_not_changes(inventory: Inventory) -> None:
    inventory = replace(inventory, policy=replace(inventory.policy, max_age=None))

    assert difference(older(inventory, timedelta(days=40)), inventory).is_empty


@pytest.mark.long
@many
@given(inventories(), st.data())
def test_a_second_night_without_an_answer_is_not_news(inventory: Inventory, data: DataObject) -> None:
    first = data.draw(harmless(inventory))(inventory)
    first = remembering(replace(first, taken_at=inventory.taken_at + NIGHT), inventory)
    second = remembering(replace(first, taken_at=first.taken_at + NIGHT, unread=(), places=()), first)

    changes = difference(first, second)
    assert changes.is_empty
    assert second.unread == first.unread
    assert news(changes, first, second).is_empty


def test_the_reverse_of_a_reverse_is_the_change_itself() -> None:
    assert all(REVERSE[REVERSE[kind]] is kind for kind in REVERSE)


@pytest.mark.parametrize("kind", [Kind.MOVED, Kind.RENAMED, Kind.CHANGED])
def test_some_kinds_are_their_own_reverse(kind: Kind) -> None:
    assert kind not in REVERSE
