"""A domain read alone, for tests of its parser."""

from virtscan.analyzer.domain import domain_from
from virtscan.analyzer.xml.parsing import parse
from virtscan.model import Domain


def read_domain(xml: bytes | str, *, origin: str) -> Domain:
    """Read a document, which must be a domain or a status file."""
    return domain_from(parse(xml), origin=origin)
