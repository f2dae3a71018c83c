"""The sources of a secret, which stays there."""

import base64
import json
import os
import socket
import urllib.parse
from pathlib import Path

import pytest

from tests.harness.patience import LONG
from tests.harness.web_server import Answer, Request, web_server
from virtscan.errors import ProvisioningError
from virtscan.model import ProvisioningKind, ProvisioningTarget, Secret
from virtscan.provisioning import READERS
from virtscan.provisioning.credentials import secret_of


def revealed(**more: str | Secret) -> str | None:
    # Any of these fields takes what the tests give it.
    target = ProvisioningTarget(kind=ProvisioningKind.FOREMAN, url="https://f", **more)  # type: ignore[arg-type]  # see above
    secret = secret_of(target)
    return None if secret is None else secret.reveal()


def test_secret_is_optional() -> None:
    assert revealed() is None


def test_secret_can_be_given() -> None:
    assert revealed(secret=Secret("s3cret")) == "s3cret"


def test_secret_is_the_first_line_of_a_file(secret_file: Path) -> None:
    assert revealed(secret_file=str(secret_file)) == "s3cret-påss"
    secret_file.write_bytes(b"a b\r\nmore\n")
    assert revealed(secret_file=str(secret_file)) == "a b"


def test_secret_can_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOREMAN_TOKEN", "s3cret")
    assert revealed(secret_variable="FOREMAN_TOKEN") == "s3cret"


@pytest.mark.parametrize("value", [None, ""])
def test_a_variable_without_a_value_is_a_reason(value: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FOREMAN_TOKEN", raising=False)
    if value is not None:
        monkeypatch.setenv("FOREMAN_TOKEN", value)
    with pytest.raises(ProvisioningError, match="variable FOREMAN_TOKEN is not set"):
        revealed(secret_variable="FOREMAN_TOKEN")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o777])
def test_a_file_that_others_can_read_is_refused(mode: int, secret_file: Path) -> None:
    secret_file.chmod(mode)
    with pytest.raises(ProvisioningError, match=r"readable by others; chmod 600 /"):
        revealed(secret_file=str(secret_file))


@pytest.mark.parametrize("content", [b"", b"\n", b"\ns3cret\n", b"s3\x00cret\n", b"\x1b[31m\n"])
def test_the_reason_for_a_file_without_a_secret_hides_its_content(content: bytes, secret_file: Path) -> None:
    secret_file.write_bytes(content)
    with pytest.raises(ProvisioningError, match=r"no password or token in the first line$"):
        revealed(secret_file=str(secret_file))


def test_a_file_that_can_not_be_read_is_a_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    os.mkfifo(tmp_path / "pipe", 0o600)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket")  # a socket's path must be short
    for name, reason in (
        ("nosuch", "can't be read: No such file"),
        ("pipe", "not a regular file"),
        (".", "not a regular file"),
        ("socket", "can't be read"),
    ):
        with pytest.raises(ProvisioningError, match=reason):
            revealed(secret_file=str(tmp_path / name))


SECRET = "t0k/en &%+"
LOGIN = base64.b64encode(f"scan:{SECRET}".encode()).decode()
SENT_BACK = {
    "plain": SECRET,
    "login": f"Authorization: Basic {LOGIN}",
    "url": urllib.parse.quote(SECRET, safe=""),
    "json": json.dumps(SECRET),
}


@pytest.mark.parametrize("kind", list(ProvisioningKind))
@pytest.mark.parametrize("form", SENT_BACK)
@pytest.mark.parametrize("status", [200, 302, 401, 403, 404, 500])
def test_a_secret_that_a_server_sends_back_is_in_no_output(kind: ProvisioningKind, form: str, status: int) -> None:
    said = SENT_BACK[form]

    def answer(_request: Request) -> Answer:
        body = json.dumps({"error": {"message": f"{'x' * 190} {said}"}, "results": [{"id": 1, "name": said}]})
        return Answer(status=status, headers={"Content-Type": f"json/{said}", "Location": said}, body=body.encode())

    with web_server(answer) as server:
        target = ProvisioningTarget(kind=kind, url=server.url, user="scan", secret=Secret(SECRET))
        try:
            shown = repr(READERS[kind](target, timeout=LONG))
        except ProvisioningError as error:
            shown = f"{error!r} {vars(error)}"

    for secret in (SECRET, LOGIN, urllib.parse.quote(SECRET, safe=""), json.dumps(SECRET)[1:-1], "t0k"):
        assert secret not in shown
