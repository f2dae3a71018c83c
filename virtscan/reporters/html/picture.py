"""The path of the fault as a drawing: server, device, virtual machines at risk."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from virtscan.reporters.text import common_suffix, plain, printable
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
    """A line of text in a node; `look` is an exposure, or empty."""

    text: str
    y: float
    look: str


class Box(msgspec.Struct, frozen=True, kw_only=True):
    """A box; `title` is the full text of what it represents."""

    y: float
    height: float
    title: str
    lines: tuple[TextLine, ...]


class Curve(msgspec.Struct, frozen=True, kw_only=True):
    """A curve between two heights, as thick as the number of interfaces on that way."""

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


class _Way(msgspec.Struct, frozen=True, kw_only=True):
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
    ways = list(_ways(main))
    if not ways:
        return None
    worst = Counter[str]()
    for way in ways:
        worst[way.server] += len(way.domains)
    ways.sort(key=lambda way: -worst[way.server])
    devices = {(way.hypervisor, way.device) for way in ways}
    by_site = len(devices) > MOST_DEVICES
    places: defaultdict[tuple[str, str], list[_Way]] = defaultdict(list)
    for way in ways:
        places[(way.site, "") if by_site else (way.hypervisor, way.device)].append(way)
    return _drawn(places, by_site=by_site)


def _ways(section: Section) -> Iterator[_Way]:
    """Yield the ways in the order of the findings, without the domain that all names share."""
    keys = [column.key for column in section.columns]
    hosts, guests = (
        common_suffix([plain(row[keys.index(key)]) for row in section.rows]) for key in ("hypervisor", "domain")
    )
    found: defaultdict[tuple[str, str, str, str], list[tuple[str, str]]] = defaultdict(list)
    for row in section.rows:
        cells = dict(zip(keys, row, strict=True))
        if cells["verdict"] != "at-risk" or cells["waived"] is not None:
            continue
        text = {key: plain(cells.get(key)) for key in (*_COLUMNS, "site")}
        server = f"{text['server']} {text['server_interface']}".strip()
        host, guest = text["hypervisor"].removesuffix(hosts), text["domain"].removesuffix(guests)
        found[server or "no server", text["site"], host, text["source_device"]].append((guest, text["exposure"]))
    for (server, site, hypervisor, device), domains in found.items():
        yield _Way(server=server, site=site, hypervisor=hypervisor, device=device, domains=tuple(domains))


def _drawn(places: Mapping[tuple[str, str], Sequence[_Way]], *, by_site: bool) -> Picture:
    middle, ends, heights, y = [], [], {}, float(_GAP)
    most = _FEWER_LINES if len(places) > _MANY_PLACES else _MOST_LINES
    for place, ways in places.items():
        lines = _first(*(_by_hypervisor(ways) if by_site else _names(ways)), most)
        height = max(2, len(lines)) * _LINE + _GAP
        middle.append(_node(y, height, _of_place(place, ways, by_site=by_site), _SHORT))
        ends.append(_node(y, height, lines, _LONG, ", ".join(name for way in ways for name, _ in way.domains)))
        heights[place] = y + height / 2
        y += height + _GAP
    servers, at = _servers(places, heights)
    thickest = max(sum(len(way.domains) for way in ways) for ways in places.values())
    return Picture(
        height=max(y, *(node.y + node.height + _GAP for node in servers)),
        by_site=by_site,
        servers=tuple(servers),
        places=tuple(middle),
        ends=tuple(ends),
        links=tuple(_links(places, heights, at, thickest)),
    )


def _servers(
    places: Mapping[tuple[str, str], Sequence[_Way]], heights: Mapping[tuple[str, str], float]
) -> tuple[list[Box], dict[str, float]]:
    """Put each server at the middle of its places, below the one before."""
    reached: defaultdict[str, list[float]] = defaultdict(list)
    counts: defaultdict[str, int] = defaultdict(int)
    for place, ways in places.items():
        for way in ways:
            reached[way.server].append(heights[place])
            counts[way.server] += len(way.domains)
    nodes, at, free = [], {}, float(_GAP)
    height = 2 * _LINE + _GAP
    for server, ys in sorted(reached.items(), key=lambda one: sum(one[1]) / len(one[1])):
        y = max(free, sum(ys) / len(ys) - height / 2)
        nodes.append(_node(y, height, [(server, ""), (f"{counts[server]} at risk", "")], _SHORT))
        at[server] = y + height / 2
        free = y + height + _GAP
    return nodes, at


def _links(
    places: Mapping[tuple[str, str], Sequence[_Way]],
    heights: Mapping[tuple[str, str], float],
    at: Mapping[str, float],
    most: int,
) -> Iterator[Curve]:
    for place, ways in places.items():
        counts: defaultdict[str, int] = defaultdict(int)
        for way in ways:
            counts[way.server] += len(way.domains)
        for server, count in counts.items():
            yield Curve(
                start=at[server],
                end=heights[place],
                width=round(1.5 + 10 * count / most, 1),
                title=printable(f"{server} to {' '.join(place).strip() or 'no site'}: {count} at risk"),
            )


def _of_place(place: tuple[str, str], ways: Sequence[_Way], *, by_site: bool) -> list[tuple[str, str]]:
    count = sum(len(way.domains) for way in ways)
    if not by_site:
        return [(place[0], ""), (f"{place[1] or 'no device'}: {count} at risk", "")]
    devices = len({(way.hypervisor, way.device) for way in ways})
    return [(place[0] or "no site", ""), (f"{count} at risk on {quantity(devices, 'device')}", "")]


def _names(ways: Sequence[_Way]) -> tuple[list[tuple[str, str]], str]:
    return list(dict.fromkeys(domain for way in ways for domain in way.domains)), "VMs"


def _by_hypervisor(ways: Sequence[_Way]) -> tuple[list[tuple[str, str]], str]:
    counts = Counter[str]()
    for way in ways:
        counts[way.hypervisor] += len(way.domains)
    return [(f"{count} on {name}", "") for name, count in counts.most_common()], "hypervisors"


def _first(lines: list[tuple[str, str]], what: str, most: int) -> list[tuple[str, str]]:
    if len(lines) <= most:
        return lines
    return [*lines[: most - 1], (f"and {len(lines) - most + 1} more {what}", "more")]


def _node(y: float, height: float, lines: Sequence[tuple[str, str]], room: int, title: str = "") -> Box:
    top = y + (height - len(lines) * _LINE) / 2 + _LINE * 0.72
    return Box(
        y=y,
        height=height,
        title=printable(title or ", ".join(text for text, _ in lines), 2000),
        lines=tuple(
            TextLine(printable(text, room), top + number * _LINE, look) for number, (text, look) in enumerate(lines)
        ),
    )
