"""HTTP messages, as far as needed to know whether a file arrived: requested path, and length of the response."""

import re
from typing import NamedTuple
from urllib.parse import urlsplit

from virtscan.trace.protocols.dhcp import text

PORTS = frozenset({80, 443, 8000, 8080, 8443, 9090})
"""Ports of boot files: HTTP's own ports, and those of Foreman's and Cobbler's proxies and of test servers."""

_REQUEST = re.compile(rb"(GET|HEAD) (\S{1,2000}) HTTP/1\.")
_STATUS = re.compile(rb"HTTP/1\.[01] ([1-5]\d\d)[ \r]([^\r\n]{0,200})")
_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d{1,18})[ \t]*\r\n", re.IGNORECASE)


class HttpRequest(NamedTuple):
    """A request; `body` is False if only the head of the response was requested."""

    path: str
    body: bool


class Response(NamedTuple):
    """A response; `length` is that of head and body together, None if it ends with the connection."""

    status: int
    reason: str
    length: int | None


def request(payload: bytes) -> HttpRequest | None:
    """Parse the start of a request; return None for anything else."""
    match = _REQUEST.match(payload)
    return HttpRequest(text(match[2]), match[1] == b"GET") if match else None


def answer(payload: bytes, *, body: bool) -> Response | None:
    """Parse the start of a response; return None for anything else.

    Args:
        payload: The TCP payload, as far as it was captured.
        body: True if the response to this request has a body.
    """
    match = _STATUS.match(payload)
    if match is None:
        return None
    head, end, _ = payload.partition(b"\r\n\r\n")
    return Response(int(match[1]), text(match[2]), _length(head, body=body) if end else None)


def _length(head: bytes, *, body: bool) -> int | None:
    size = _LENGTH.search(head + b"\r\n") if body else None
    if body and size is None:
        return None
    return len(head) + 4 + (int(size[1]) if size else 0)


def port_of(url: str | None) -> int | None:
    """Return the port of a boot file's URL; None for other text, or if the URL has no port."""
    try:
        parts = urlsplit(url or "")
        port = parts.port
    except ValueError:
        return None
    return port if parts.scheme in {"http", "https"} else None
