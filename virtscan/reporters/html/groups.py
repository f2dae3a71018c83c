"""Rows by the change to make, as panels that need no script."""

from collections import defaultdict

import msgspec

from virtscan.reporters.text import CELL, LINE, cell, common_suffixes, plain, printable
from virtscan.views.document import Document, Section
from virtscan.views.rows.grouping import Advice, RowGroup

_PLACE = ("hypervisor", "source_device")
_COMPACT = {*_PLACE, "domain", "exposure", "waived"}
_PLAIN_ROWS = 200
_WAIVED = "waived"
_SHOWN_PLACES = 12
_SHOWN_NAMES = 12


class Name(msgspec.Struct, frozen=True):
    """A domain in a panel; `look` is its exposure, or waived; `count` is the number of its interfaces there."""

    text: str
    look: str
    count: int


class DeviceDomains(msgspec.Struct, frozen=True):
    """A device of a hypervisor with the domains on it: some, and those that are shown on demand.

    `count` is the number of domains that are not waived, `waived` that of the others.
    """

    hypervisor: str
    device: str
    count: int
    waived: int
    names: tuple[Name, ...]
    further: tuple[Name, ...] = ()


class GroupPanel(msgspec.Struct, frozen=True, kw_only=True):
    """A group: its rows by place, the first ones and others on demand, or else as rows with headings."""

    verdict: str
    title: str
    advice: tuple[Advice, ...]
    count: int
    is_open: bool
    places: tuple[DeviceDomains, ...] = ()
    further: tuple[DeviceDomains, ...] = ()
    headings: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


def of_document(document: Document) -> list[GroupPanel]:
    """Make a panel of each group of the first section."""
    common = common_suffixes(document.main)
    return [_panel(document.main, group, common) for group in document.main.groups]


def suffixes(document: Document) -> tuple[str, ...]:
    """Return the domains that all hypervisors, and all their guests, share: panels and picture leave them out."""
    return tuple(dict.fromkeys(printable(suffix, CELL) for suffix in common_suffixes(document.main) if suffix))


def _panel(section: Section, group: RowGroup, common: tuple[str, str]) -> GroupPanel:
    listed = group.is_open and group.lists_rows
    is_compact = {column.key for column in section.columns} >= _COMPACT
    part = section.of_group(group)
    places = _places(section, group, common) if listed and is_compact else ()
    return GroupPanel(
        verdict=group.verdict,
        title=printable(group.title, LINE),
        advice=tuple(map(_advice, group.parts)),
        count=len(group.rows),
        is_open=group.is_open,
        places=places[:_SHOWN_PLACES],
        further=places[_SHOWN_PLACES:],
        headings=() if is_compact else tuple(column.heading for column in part.columns),
        rows=_rows(part) if listed and not is_compact else (),
    )


def _advice(part: Advice) -> Advice:
    commands = tuple(printable(command, LINE) for command in part.commands)
    script = tuple(printable(line, LINE) for line in part.script)
    return Advice(action=printable(part.action, LINE), commands=commands, script=script)


def _rows(part: Section) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(map(cell, row, part.columns)) for row in part.rows[:_PLAIN_ROWS])


def _places(section: Section, group: RowGroup, common: tuple[str, str]) -> tuple[DeviceDomains, ...]:
    """Return the places of a group's rows in the order of its rows, each domain once; names lose the common ends."""
    keys = [column.key for column in section.columns]
    hypervisor, device, domain, exposure, waived = (
        keys.index(key) for key in (*_PLACE, "domain", "exposure", "waived")
    )
    hosts, domains = common
    by_place: defaultdict[tuple[str, str], dict[str, list[str]]] = defaultdict(dict)
    for number in group.rows:
        row = section.rows[number]
        place = plain(row[hypervisor]).removesuffix(hosts), plain(row[device], none="no device")
        look = plain(row[exposure]) if row[waived] is None else _WAIVED
        by_place[place].setdefault(plain(row[domain]).removesuffix(domains), []).append(look)
    return tuple(_place(host, name, names) for (host, name), names in by_place.items())


def _place(hypervisor: str, device: str, domains: dict[str, list[str]]) -> DeviceDomains:
    names = tuple(Name(printable(name, CELL), _look(looks), len(looks)) for name, looks in domains.items())
    shown = len(names) if len(names) <= _SHOWN_NAMES + 1 else _SHOWN_NAMES
    waived = sum(name.look == _WAIVED for name in names)
    return DeviceDomains(
        hypervisor=printable(hypervisor, CELL),
        device=printable(device, CELL),
        count=len(names) - waived,
        waived=waived,
        names=names[:shown],
        further=names[shown:],
    )


def _look(looks: list[str]) -> str:
    """Return the look of the first interface that is not waived; a domain is waived if all its interfaces are."""
    return next((look for look in looks if look != _WAIVED), _WAIVED)
