"""An authority of the tests' own, and certificates that hold for ten years."""

import subprocess
from pathlib import Path

import msgspec

_TEN_YEARS = "3650"


class Certificates(msgspec.Struct, frozen=True):
    """The authority's certificate, and one that it signed with its key; in PEM files."""

    ca: Path
    cert: Path
    key: Path


def make_certificates(folder: Path) -> Certificates:
    """Make all of them with openssl."""
    folder.mkdir(parents=True, exist_ok=True)
    made = Certificates(folder / "ca.pem", folder / "cert.pem", folder / "key.pem")
    ca_key, request = folder / "ca.key", folder / "request.pem"
    _openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", _TEN_YEARS, "-subj", "/CN=tests' authority",
             "-keyout", ca_key, "-out", made.ca)  # fmt: skip
    _openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=127.0.0.1", "-keyout", made.key, "-out", request)
    _openssl("x509", "-req", "-days", _TEN_YEARS, "-in", request, "-CA", made.ca, "-CAkey", ca_key, "-CAcreateserial",
             "-out", made.cert)  # fmt: skip
    return made


def _openssl(*arguments: str | Path) -> None:
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)
