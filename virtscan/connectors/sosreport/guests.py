"""Domains and networks in a sosreport, each once, although up to three files may describe it."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

import msgspec

from virtscan.analyzer import SUSPENDED, Unread, documents
from virtscan.connectors.host_draft import HostDraft, HostFacts
from virtscan.evidence.sosreport import Sosreport
from virtscan.model import Domain, DomainState, GapAbout, Network, State
from virtscan.model.gaps.causes import BadDocument, NoListInReport, XmlNotInReport
from virtscan.model.gaps.items import FactName, GuestDomain, HostFact, HostNetwork

# The best source first. Output of `virsh dumpxml` equals that of a live scan. A status file is the running domain as
# libvirt itself recorded it; a definition in /etc is valid after the next start.
_DOMAINS = (
    re.compile(r"sos_commands/[^/]+/virsh(?:_-[^_/]+)*_dumpxml_(?P<name>[^/]+)"),
    re.compile(r"(?:var/)?run/libvirt/(?:qemu|lxc|libxl)/(?P<name>[^/]+)\.xml"),
    re.compile(r"etc/libvirt/(?:qemu|lxc|libxl)/(?P<name>[^/]+)\.xml"),
)
_NETWORKS = (
    re.compile(r"sos_commands/[^/]+/virsh(?:_-[^_/]+)*_net-dumpxml_(?P<name>[^/]+)"),
    re.compile(r"(?:(?:var/)?run|var/lib)/libvirt/network/(?P<name>[^/]+)\.xml"),
    re.compile(r"etc/libvirt/qemu/networks/(?P<name>[^/]+)\.xml"),
)
_LISTS = re.compile(r"sos_commands/[^/]+/virsh(?:_-[^_/]+)*_list_--all")
_VERSIONS = re.compile(r"sos_commands/[^/]+/virsh(?:_-[^_/]+)*_version(?:_--daemon)?")
_LISTED = re.compile(
    r"\s*(?P<id>-|\d+)\s+(?P<name>\S.*?)\s+"
    r"(?P<state>no state|running|idle|paused|in shutdown|shut off|crashed|dying|pmsuspended)\s*"
)
_ESCAPED = re.compile(r"\\(?=x)|[\x00-\x1f\x7f]")
_HEADER = re.compile(r"\s*Id\s+Name\s+State\s*|[\s-]*")
_AUTOSTART = re.compile(r"etc/libvirt/qemu/autostart/(?P<name>[^/]+)\.xml")
_DEFINITION = 2
"""Rank of a definition in the order of the sources."""


class _Listed(msgspec.Struct, frozen=True, kw_only=True):
    """A domain in the output of `virsh list --all`."""

    state: DomainState = DomainState.UNKNOWN
    paused: State = State.UNKNOWN


_Found: TypeAlias = tuple[int, str, Domain | Network | Unread]
"""Distance from the best source, the domain by the file's name, the kind of document."""


def read_domains(report: Sosreport, draft: HostDraft) -> list[Domain]:
    """Deliver the domains.

    A domain is identified by its uuid or, without one, by its name; of several documents, that of the best source
    counts. The definition in /etc of a running domain also counts, for its next start. An unreadable domain that is
    described nowhere else is a gap, and so is one that virsh lists without any document.
    """
    listed = _listed(report)
    autostart = _autostart(report)
    domains: dict[str, Domain] = {}
    definitions: dict[str, Domain] = {}
    unread: list[tuple[str, Unread]] = []
    for rank, name, document in _documents(report, _DOMAINS, draft.uri):
        match document:
            case Domain():
                key = document.uuid or f"named {document.name}"
                first = domains.setdefault(key, _with_state(document, rank, listed, autostart))
                if rank == _DEFINITION and first.origin != document.origin and first.state is DomainState.ACTIVE:
                    definitions.setdefault(key, msgspec.structs.replace(document, state=DomainState.INACTIVE))
            case Unread(about=GapAbout.DOMAIN):
                unread.append((name, document))
    draft.add(*domains.values(), *definitions.values())
    draft.add(HostFacts(lists_all_domains=_lists_all(report, listed, domains.values())))
    described = {_mangled(domain.name) for domain in domains.values()}
    missed: set[str] = set()
    for name, miss in unread:
        if _mangled(name) not in described | missed:
            missed.add(_mangled(name))
            draft.gap(GuestDomain(uri=draft.uri, domain=name), BadDocument(detail=miss.reason), GapAbout.DOMAIN)
    # Two domains can have one file name, so only names count.
    printed = {form for domain in domains.values() for form in _printed(domain.name)}
    for name in sorted(listed):
        if name not in printed and _mangled(name) not in missed:
            draft.gap(GuestDomain(uri=draft.uri, domain=name), XmlNotInReport(is_listed=True), GapAbout.DOMAIN)
    if not _has_every_domain(report):
        cause = NoListInReport(is_cut=any(map(_LISTS.fullmatch, report.files)))
        draft.gap(HostFact(uri=draft.uri, fact=FactName.DOMAINS), cause, GapAbout.HYPERVISOR)
    return [*domains.values(), *definitions.values()]


def read_networks(report: Sosreport, domains: Sequence[Domain], draft: HostDraft) -> list[Network]:
    """Deliver the networks that interfaces are on.

    A missing network is a gap only if an interface depends on it.
    """
    interfaces = [interface for domain in domains for interface in domain.interfaces if interface.network is not None]
    used = {interface.network for interface in interfaces}
    networks: dict[str, Network] = {}
    reasons: dict[str | None, str] = {}
    for _, name, document in _documents(report, _NETWORKS, draft.uri):
        match document:
            case Network(name=own) if own in used:
                networks.setdefault(own, document)
            case Unread(reason=reason):
                reasons.setdefault(name, reason)
    draft.add(*networks.values())
    missed = {i.network for i in interfaces if i.type == "network" and not i.attachments}
    for missing in sorted(name for name in missed if name is not None and name not in networks):
        key = _mangled(missing)
        cause = BadDocument(detail=reasons[key]) if key in reasons else XmlNotInReport()
        draft.gap(HostNetwork(uri=draft.uri, network=missing), cause, GapAbout.NETWORK)
    return list(networks.values())


def is_version(name: str) -> bool:
    """Return True for the file with the output of `virsh version`."""
    return _VERSIONS.fullmatch(name) is not None


def is_guest_file(name: str) -> bool:
    """Return True for a file that describes a domain or a network; its problems are gaps of this module."""
    return any(pattern.fullmatch(name) for pattern in (*_DOMAINS, *_NETWORKS))


def _documents(report: Sosreport, patterns: Sequence[re.Pattern[str]], uri: str) -> Iterator[_Found]:
    """Yield every document whose file matches a pattern, the best source first.

    A skipped file counts as unread, and so does a link: its target is outside of the folders that are read.
    """
    unread = {name: f"a symbolic link to {target}, which is not read" for name, target in report.links.items()}
    unread |= report.skipped
    for rank, pattern in enumerate(patterns):
        for name in sorted(report.files.keys() | unread.keys()):
            if (match := pattern.fullmatch(name)) is None:
                continue
            if name in report.files:
                for document in documents(report.files[name], origin=f"{uri}/{name}"):
                    yield rank, match["name"], document
            else:
                yield rank, match["name"], Unread(origin=name, reason=unread[name], about=GapAbout.DOMAIN)


def _with_state(domain: Domain, rank: int, listed: Mapping[str, _Listed], autostart: frozenset[str]) -> Domain:
    """Return the domain with its state: virsh lists an id for a running domain; a definition has no state."""
    row = listed.get(domain.name, _Listed())
    if domain.state is DomainState.UNKNOWN:
        domain = msgspec.structs.replace(domain, state=DomainState.INACTIVE if rank == 0 else row.state)
    facts: dict[str, State] = {}
    if domain.packed.shape.paused is State.UNKNOWN:
        facts["paused"] = row.paused
    if autostart:
        facts["autostart"] = State.ON if domain.name in autostart else State.OFF
    return domain.with_shape(msgspec.structs.replace(domain.packed.shape, **facts))


def _autostart(report: Sosreport) -> frozenset[str]:
    """Return the names of the domains that libvirtd starts; a report without autostart links may lack the folder."""
    links = map(_AUTOSTART.fullmatch, (*report.links, *report.files))
    return frozenset(link["name"] for link in links if link)


def _listed(report: Sosreport) -> dict[str, _Listed]:
    """Return the rows of `virsh list --all` by name."""
    return {
        row["name"]: _Listed(
            state=DomainState.INACTIVE if row["id"] == "-" else DomainState.ACTIVE,
            paused=State.ON if row["state"] in SUSPENDED else State.OFF,
        )
        for row in map(_LISTED.fullmatch, _rows(report))
        if row is not None
    }


def _has_every_domain(report: Sosreport) -> bool:
    """Return True if libvirt's list or definitions are in the report; status files lack domains that are off.

    A row that is not understood may be a domain without any document. Without libvirt's answer the definitions count,
    but their absence does not: a domain can run without one.
    """
    if _has_list(report):
        return _understands_list(report)
    if any(map(_DOMAINS[_DEFINITION].fullmatch, report.files)):
        return True
    return any(map(_DOMAINS[0].fullmatch, report.files)) and not any(map(_LISTS.fullmatch, report.files))


def _has_list(report: Sosreport) -> bool:
    """Return True if `virsh list --all` answered, with or without domains."""
    return any(b"State" in data for data in _lists(report))


def _lists_all(report: Sosreport, listed: Collection[str], described: Iterable[Domain]) -> bool:
    """Return True if the list is whole: it has every domain that the report describes, and each row is understood."""
    return (
        _has_list(report)
        and not any(_LISTS.fullmatch(name) for name in report.skipped)
        and _understands_list(report)
        and not any(_printed(domain.name).isdisjoint(listed) for domain in described)
    )


def _understands_list(report: Sosreport) -> bool:
    """Return True if each row of `virsh list --all` is understood."""
    return all(_LISTED.fullmatch(row) for row in _rows(report) if not _HEADER.fullmatch(row))


def _rows(report: Sosreport) -> Iterator[str]:
    return (line for data in _lists(report) for line in data.decode(errors="replace").splitlines())


def _lists(report: Sosreport) -> Iterator[bytes]:
    yield from (data for name, data in report.files.items() if _LISTS.fullmatch(name))


def _printed(name: str) -> frozenset[str]:
    r"""Return the forms of a name in `virsh list`: as it is, or escaped by libvirt 4.8 and later.

    Outside of UTF-8 locales, each byte beyond ASCII is then printed as `\xff`.

    Source:
        libvirt tools/vsh-table.c vshTableSafeEncode.
    """
    escaped = _ESCAPED.sub(lambda character: f"\\x{ord(character[0]):02x}", name)
    in_ascii = "".join(c if c.isascii() else r"\xff" * len(c.encode(errors="replace")) for c in escaped)
    return frozenset(form.strip() for form in (name, escaped, in_ascii))


def _mangled(name: str) -> str:
    """Return a name as sos puts it into a file's name (sos/report/plugins/__init__.py _mangle_command)."""
    return re.sub(r"[^\w\-./]+", "_", name).replace("/", ".").strip(" ._-")
