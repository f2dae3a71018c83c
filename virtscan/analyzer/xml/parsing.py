"""Bounded parsing of untrusted bytes to an element tree."""

import threading
from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextlib import suppress
from sys import intern

from lxml import etree

from virtscan.errors import AnalyzerError

MAX_DOCUMENT = 4 * 1024 * 1024
"""Bytes of one document. No daemon can send more: libvirt's protocol ends at strings of 4 MiB (REMOTE_STRING_MAX in
remote_protocol.x). Real domains stay below 1 MiB, and the most wasteful document of this size takes 200 MB to parse."""

MAX_FILE = 32 * 1024 * 1024
"""Bytes of one file, which may hold all domains of a hypervisor: some 4,600 domains of the usual 7 KB. The
worst file of this size takes 8 s to parse."""


class _Parsers(threading.local):
    """One set of parsers for each thread: a shared one would make threads wait for each other."""

    def __init__(self) -> None:
        self.strict = _parser(recover=False)
        self.namespace_errors_allowed = _parser(recover=True)


def _parser(*, recover: bool) -> etree.XMLParser:
    return etree.XMLParser(
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
        remove_blank_text=True,  # between elements
        recover=recover,
    )


_parsers = _Parsers()


def parse(xml: bytes | str) -> etree._Element:
    """Return the root element of a document.

    A prefix that no declaration binds is accepted, as libvirt accepts it: to libxml2, a document that breaks the rules
    of namespaces is still well-formed. A document type declaration is refused: libvirt never writes one, and only
    such a declaration can define entities.

    Raises:
        AnalyzerError: It is too large, not well-formed, nested deeper than 256 levels, or declares a document type.
    """
    try:
        data = xml.encode() if isinstance(xml, str) else xml
    except UnicodeEncodeError as error:
        raise AnalyzerError("not text: contains a lone surrogate") from error
    if len(data) > MAX_DOCUMENT:
        raise AnalyzerError(f"{len(data)} bytes exceed the limit of a document ({MAX_DOCUMENT})")
    parser = _parsers.strict
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        if not _only_namespaces_are_wrong(parser.error_log):
            raise AnalyzerError(f"not well-formed XML: {error.msg}") from error
        root = etree.fromstring(data, _parsers.namespace_errors_allowed)
    if root.getroottree().docinfo.internalDTD is not None:
        raise AnalyzerError("declares an XML document type, which libvirt never writes")
    return root


def parse_each(documents: Sequence[str]) -> list[etree._Element | AnalyzerError]:
    """Return the root element of each document, as `parse` does, or the error.

    Valid documents that are visibly one domain each are parsed as one. lxml releases the GIL for each document, and
    waiting threads then take it.
    """
    closed = "</domain>"
    if all(d.startswith("<domain") and d.rstrip().endswith(closed) and d.count(closed) == 1 for d in documents):
        with suppress(AnalyzerError):
            roots = list(parse(f"<all>{''.join(documents)}</all>"))
            if len(roots) == len(documents):
                return [*roots]
    return [root_or_error(document) for document in documents]


def root_or_error(document: bytes | str) -> etree._Element | AnalyzerError:
    """Return the root element of a document, as `parse` does, or its error."""
    try:
        return parse(document)
    except AnalyzerError as error:
        return error


def _only_namespaces_are_wrong(log: etree._ListErrorLog) -> bool:
    return len(log) > 0 and all(entry.domain == etree.ErrorDomains.NAMESPACE for entry in log)


def children_of(elements: Iterable[etree._Element]) -> dict[str, list[etree._Element]]:
    """Return the children of all these elements by name, in document order; an empty list for any other name."""
    children: dict[str, list[etree._Element]] = defaultdict(list)
    for element in elements:
        for child in element:
            children[child.tag].append(child)
    return children


def first_children(element: etree._Element) -> dict[str, etree._Element]:
    """Return children by name: of repeated ones libvirt reads the first."""
    first: dict[str, etree._Element] = {}
    for child in element:
        first.setdefault(child.tag, child)
    return first


def text_of(element: etree._Element | None) -> str | None:
    """Return an element's text; None for an absent element, as for an empty one."""
    return None if element is None else element.text


def attribute(element: etree._Element | None, name: str) -> str | None:
    """Return an attribute's value, one object for equal ones; None for an empty one, as for an absent one."""
    value = None if element is None else element.get(name)
    return intern(value) if value else None
