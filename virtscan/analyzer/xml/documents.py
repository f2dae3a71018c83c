"""Parser of a file in a folder: its domains and networks, and its unreadable documents."""

from collections.abc import Iterator
from itertools import islice

import msgspec
from lxml import etree

from virtscan.analyzer.domain import domain_from
from virtscan.analyzer.network import network_from
from virtscan.analyzer.xml.parsing import MAX_FILE, root_or_error
from virtscan.analyzer.xml.splitting import split
from virtscan.errors import AnalyzerError
from virtscan.model import Domain, GapAbout, Network

_ABOUT = {
    "domain": GapAbout.DOMAIN,
    "domstatus": GapAbout.DOMAIN,
    "node": GapAbout.DOMAIN,
    "network": GapAbout.NETWORK,
    "networkstatus": GapAbout.NETWORK,
}
_MAX_COUNT = 16_384
"""Documents of one file. No libvirt lists more domains (REMOTE_DOMAIN_LIST_MAX); a file with more holds other data."""


class Unread(msgspec.Struct, frozen=True, kw_only=True):
    """A document without a readable domain or network, and the reason.

    `about` is the kind of item that may be missing because of it; None when nothing is: a document of another kind,
    such as a snapshot or a storage pool.
    """

    origin: str
    reason: str
    about: GapAbout | None


def documents(data: bytes, *, origin: str) -> Iterator[Domain | Network | Unread]:
    """Read every document of a file.

    A file may hold several documents, with banners, comments and stray characters around them: a broken one hides
    none of the others. The test driver's `<node>` counts as the documents in it; a status file as the domain or
    network in it. The domain inside a snapshot or a checkpoint is a former state, so these are documents of another
    kind.

    Args:
        data: The whole file, up to MAX_FILE bytes.
        origin: The file's name. The second document in it has the origin `NAME#2`, and so on.

    Returns:
        One value for each document, in order; no error is raised. A file without any document yields one Unread.
    """
    for count, item in enumerate(_items(data), start=1):
        here = origin if count == 1 else f"{origin}#{count}"
        if count > _MAX_COUNT:
            yield _unread(None, f"more than {_MAX_COUNT} documents; the rest is not read", origin=here)
            return
        yield item if isinstance(item, Network) else msgspec.structs.replace(item, origin=here)


def _items(data: bytes) -> Iterator[Domain | Network | Unread]:
    if len(data) > MAX_FILE:
        yield _unread(None, f"{len(data)} bytes exceed the limit of a file ({MAX_FILE})")
        return
    single = root_or_error(data)
    if not isinstance(single, AnalyzerError) and _is_one_document(data):
        yield from _read(single)
        return
    has_pieces = False
    for piece in split(data):
        has_pieces = True
        root = root_or_error(data[piece.start : piece.end])
        if isinstance(root, AnalyzerError):
            yield _unread(piece.root, str(root))
        else:
            yield from _read(root)
    if not has_pieces:
        yield _unread(None, str(single))


def _is_one_document(data: bytes) -> bool:
    """Return False if well-formed XML may be several documents: one cut off in a CDATA section ends in a later one."""
    may_hide_others = b"<![CDATA[" in data or data.count(b"<?") > 1
    return not may_hide_others or len(list(islice(split(data), 2))) <= 1


def _read(root: etree._Element) -> Iterator[Domain | Network | Unread]:
    match root.tag:
        case "domain" | "domstatus" | "network" | "networkstatus":
            yield _read_one(root)
        case "node":
            yield from _of_node(root)
        case other:
            yield Unread(origin="", reason=f"<{other}> is not a domain or network", about=None)


def _read_one(root: etree._Element) -> Domain | Network | Unread:
    try:
        return domain_from(root, origin="") if _ABOUT[root.tag] is GapAbout.DOMAIN else network_from(root)
    except AnalyzerError as error:
        return _unread(root.tag, str(error))


def _of_node(node: etree._Element) -> Iterator[Domain | Network | Unread]:
    """Yield the test driver's definitions; a child with `file` names another file, which is read by itself."""
    children = [child for child in node.iterchildren("domain", "network") if child.get("file") is None]
    for child in children:
        yield _read_one(child)
    if not children:
        yield Unread(origin="", reason="<node> with no domain and no network", about=None)


def _unread(root: str | None, reason: str, *, origin: str = "") -> Unread:
    """Describe a broken document. Without a root it may have been a domain; the name of its root may be cut off."""
    about = next((about for name, about in _ABOUT.items() if name.startswith(root or "")), None)
    return Unread(origin=origin, reason=reason, about=about)
