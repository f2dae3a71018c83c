"""The path of the fault as a drawing: server, device, virtual machines at risk."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Literal

import msgspec

from virtscan.reporters.text import common_suffixes, plain, printable
from virtscan.views.document import Document, Section
from virtscan.views.wording.phrases.quantity import quantity

MOST_DEVICES = 50
_COLUMNS = ("server", "server_interface", "hypervisor", "source_device", "domain", "exposure", "verdict", "waived")
_LINE = 18
_GAP = 12
_MOST_LINES = 6
_FEWER_LINES = 3
_MANY_PLACES = 10
_SHORT = 27
_LONG = 38


class TextLine(msgspec.Struct, frozen=True):
    """A line of text in a box; `look` is an exposure, or empty."""

    text: str
    y: float
    look: str


class Box(msgspec.Struct, frozen=True, kw_only=True):
    """A box; `title` is its full text."""

    y: float
    height: float
    title: str
    lines: tuple[TextLine, ...]


class Curve(msgspec.Struct, frozen=True, kw_only=True):
    """A curve between two heights, as thick as the number of interfaces on that fault path."""

    start: float
    end: float
    width: float
    title: str


class Picture(msgspec.Struct, frozen=True, kw_only=True):
    """The boxes of three columns and the curves between them."""

    height: float
    by_site: bool
    servers: tuple[Box, ...]
    places: tuple[Box, ...]
    ends: tuple[Box, ...]
    links: tuple[Curve, ...]


class _FaultPath(msgspec.Struct, frozen=True, kw_only=True):
    """The interfaces at risk on one device because of one server."""

    server: str
    site: str
    hypervisor: str
    device: str
    domains: tuple[tuple[str, str], ...]


def of_document(document: Document) -> Picture | None:
    """Draw the findings at risk of the first section; None if it has no such findings."""
    main = document.main
    if not {column.key for column in main.columns} >= set(_COLUMNS):
        return None
    fault_paths = list(_fault_paths(main))
    if not fault_paths:
        return None
    worst = _at_risk_by("server", fault_paths)
    fault_paths.sort(key=lambda path: -worst[path.server])
    devices = {(path.hypervisor, path.device) for path in fault_paths}
    by_site = len(devices) > MOST_DEVICES
    places: defaultdict[tuple[str, str], list[_FaultPath]] = defaultdict(list)
    for path in fault_paths:
        places[(path.site, "") if by_site else (path.hypervisor, path.device)].append(path)
    return _drawn(places, by_site=by_site)


def _fault_paths(section: Section) -> Iterator[_FaultPath]:
    """Yield the fault paths in the order of the findings, without the domain suffix that all names share."""
    keys = [column.key for column in section.columns]
    hosts, guests = common_suffixes(section)
    domains_by_path: defaultdict[tuple[str, str, str, str], list[tuple[str, str]]] = defaultdict(list)
    for row in section.rows:
        cells = dict(zip(keys, row, strict=True))
        if cells["verdict"] != "at-risk" or cells["waived"] is not None:
            continue
        text = {key: plain(cells.get(key)) for key in (*_COLUMNS, "site")}
        server = f"{text['server']} {text['server_interface']}".strip()
        host, guest = text["hypervisor"].removesuffix(hosts), text["domain"].removesuffix(guests)
        domains_by_path[server or "no server", text["site"], host, text["source_device"]].append(
            (guest, text["exposure"])
        )
    for (server, site, hypervisor, device), domains in domains_by_path.items():
        yield _FaultPath(server=server, site=site, hypervisor=hypervisor, device=device, domains=tuple(domains))


def _drawn(places: Mapping[tuple[str, str], Sequence[_FaultPath]], *, by_site: bool) -> Picture:
    middle, ends, place_heights, y = [], [], {}, float(_GAP)
    most = _FEWER_LINES if len(places) > _MANY_PLACES else _MOST_LINES
    for place, fault_paths in places.items():
        lines = _first(*(_by_hypervisor(fault_paths) if by_site else _names(fault_paths)), most)
        height = max(2, len(lines)) * _LINE + _GAP
        middle.append(_box(y, height, _of_place(place, fault_paths, by_site=by_site), _SHORT))
        ends.append(_box(y, height, lines, _LONG, ", ".join(name for path in fault_paths for name, _ in path.domains)))
        place_heights[place] = y + height / 2
        y += height + _GAP
    servers, server_heights = _servers(places, place_heights)
    thickest = max(sum(len(path.domains) for path in fault_paths) for fault_paths in places.values())
    return Picture(
        height=max(y, *(box.y + box.height + _GAP for box in servers)),
        by_site=by_site,
        servers=tuple(servers),
        places=tuple(middle),
        ends=tuple(ends),
        links=tuple(_links(places, place_heights, server_heights, thickest)),
    )


def _servers(
    places: Mapping[tuple[str, str], Sequence[_FaultPath]], place_heights: Mapping[tuple[str, str], float]
) -> tuple[list[Box], dict[str, float]]:
    """Put each server at the middle of its places, below the one before."""
    reached: defaultdict[str, list[float]] = defaultdict(list)
    for place, fault_paths in places.items():
        for path in fault_paths:
            reached[path.server].append(place_heights[place])
    counts = _at_risk_by("server", chain.from_iterable(places.values()))
    boxes, server_heights, next_y = [], {}, float(_GAP)
    height = 2 * _LINE + _GAP
    for server, reached_heights in sorted(reached.items(), key=lambda pair: sum(pair[1]) / len(pair[1])):
        y = max(next_y, sum(reached_heights) / len(reached_heights) - height / 2)
        boxes.append(_box(y, height, [(server, ""), (f"{counts[server]} at risk", "")], _SHORT))
        server_heights[server] = y + height / 2
        next_y = y + height + _GAP
    return boxes, server_heights


def _links(
    places: Mapping[tuple[str, str], Sequence[_FaultPath]],
    place_heights: Mapping[tuple[str, str], float],
    server_heights: Mapping[str, float],
    most: int,
) -> Iterator[Curve]:
    for place, fault_paths in places.items():
        for server, count in _at_risk_by("server", fault_paths).items():
            yield Curve(
                start=server_heights[server],
                end=place_heights[place],
                width=round(1.5 + 10 * count / most, 1),
                title=printable(f"{server} to {' '.join(place).strip() or 'no site'}: {count} at risk"),
            )


def _of_place(place: tuple[str, str], fault_paths: Sequence[_FaultPath], *, by_site: bool) -> list[tuple[str, str]]:
    count = sum(len(path.domains) for path in fault_paths)
    if not by_site:
        return [(place[0], ""), (f"{place[1] or 'no device'}: {count} at risk", "")]
    devices = len({(path.hypervisor, path.device) for path in fault_paths})
    return [(place[0] or "no site", ""), (f"{count} at risk on {quantity(devices, 'device')}", "")]


def _names(fault_paths: Sequence[_FaultPath]) -> tuple[list[tuple[str, str]], str]:
    return list(dict.fromkeys(domain for path in fault_paths for domain in path.domains)), "VMs"


def _by_hypervisor(fault_paths: Sequence[_FaultPath]) -> tuple[list[tuple[str, str]], str]:
    counts = _at_risk_by("hypervisor", fault_paths)
    return [(f"{count} on {name}", "") for name, count in counts.most_common()], "hypervisors"


def _at_risk_by(field: Literal["server", "hypervisor"], fault_paths: Iterable[_FaultPath]) -> Counter[str]:
    """Count the interfaces at risk by server or hypervisor."""
    counts = Counter[str]()
    for path in fault_paths:
        counts[getattr(path, field)] += len(path.domains)
    return counts


def _first(lines: list[tuple[str, str]], noun: str, most: int) -> list[tuple[str, str]]:
    if len(lines) <= most:
        return lines
    return [*lines[: most - 1], (f"and {len(lines) - most + 1} more {noun}", "more")]


def _box(y: float, height: float, lines: Sequence[tuple[str, str]], room: int, title: str = "") -> Box:
    top = y + (height - len(lines) * _LINE) / 2 + _LINE * 0.72
    return Box(
        y=y,
        height=height,
        title=printable(title or ", ".join(text for text, _ in lines), 2000),
        lines=tuple(
            TextLine(printable(text, room), top + number * _LINE, look) for number, (text, look) in enumerate(lines)
        ),
    )
