"""Answers of provisioning systems that no Foreman and no Cobbler gives; the secret of the login is in some."""

import gzip
import json
from collections.abc import Mapping

from tests.faults.liars import Lie, after_request, closes, drips, endless, garbage, says, silent

SECRET = "s3cret/t0ken"
BASIC = "c2NhbjpzM2NyZXQvdDBrZW4="
"""`scan:` and the secret, as a header has it."""

_JSON, _XML = "application/json", "text/xml"
_FAULT = (
    f"<methodResponse><fault><value><struct><member><name>faultString</name><value>{SECRET}</value></member></struct>"
    "</value></fault></methodResponse>"
)


def _http(
    body: bytes, *, status: str = "200 OK", kind: str = _JSON, headers: str = "", length: int | None = None
) -> bytes:
    size = len(body) if length is None else length
    return f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {size}\r\n{headers}\r\n".encode() + body


_BODIES: Mapping[str, bytes] = {
    "empty": b"",
    "null": b"null",
    "a list": b"[]",
    "a number": b"1" * 5000,
    "nested": b'{"results": ' + b"[" * 200_000 + b"]" * 200_000 + b', "subtotal": 1}',
    "not UTF-8": b'{"results": [{"id": 1, "name": "\xff\xfe"}], "subtotal": 1}',
    "records of nothing": b'{"results": [{}, null, 1, "x", []], "subtotal": 5}',
    "more than there is": b'{"results": [], "subtotal": 1000000}',
    "the secret": json.dumps({"error": {"message": f"{SECRET} Basic {BASIC}"}}).encode(),
    "HTML": b"<html><body>Login</body></html>",
    "garbage": garbage(),
    "a document type": b'<!DOCTYPE a [<!ENTITY b "c">]><methodResponse>&b;</methodResponse>',
    "nested XML": b"<value>" * 100_000,
    "a fault": _FAULT.encode(),
    "no parameter": b"<methodResponse><params></params></methodResponse>",
    "a text": b"<methodResponse><params><param><value>x</value></param></params></methodResponse>",
}


def of_provisioning() -> dict[str, Lie]:
    """All of them, by name."""
    lies: dict[str, Lie] = {"silent": silent, "closes": closes, "garbage": says(garbage())}
    for name, body in _BODIES.items():
        for status in ("200 OK", f"401 {SECRET}", f"500 {BASIC}"):
            kind = _XML if b"<" in body[:1] else _JSON
            lies[f"{name}, {status[:3]}"] = says(_http(body, status=status, kind=kind))
    bomb = gzip.compress(bytes(200 << 20))
    location = f"http://[::{SECRET}/\udcff".encode(errors="surrogateescape")
    redirect = b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: " + location + b"\r\n\r\n"
    lies |= {
        "cut": says(_http(b'{"results"', length=100)),
        "cut, then silent": says(_http(b'{"results"', length=100), silent),
        "drips": drips(_http(b" " * 900)),
        "endless body": endless(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n" + b" " * 60_000),
        "endless headers": endless(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 1000),
        "a bomb": says(_http(bomb, headers="Content-Encoding: gzip\r\n")),
        "wrong chunks": says(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: text/xml\r\n\r\nzz\r\n"),
        "wrong location": says(redirect),
        "come later": says(_http(b"", status="429 Later", headers="Retry-After: 99999999999\r\n")),
        "come yesterday": says(_http(b"", status="429 Later", headers="Retry-After: yesterday\r\n")),
        "another encoding": says(_http(garbage(), headers="Content-Encoding: br\r\n")),
    }
    return {name: after_request(lie) for name, lie in lies.items()}
