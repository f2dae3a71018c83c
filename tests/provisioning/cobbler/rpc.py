"""Answers in XML-RPC, as Cobbler gives them."""

import xmlrpc.client
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from tests.harness.patience import LONG
from tests.harness.web_server import Answer, Request, WebServer, web_server
from virtscan.model import ProvisioningKind, ProvisioningTarget
from virtscan.provisioning import READERS, Records

SYSTEM = {
    "name": "web01",
    "netboot_enabled": True,
    "profile": "p",
    "next_server_v4": "<<inherit>>",
    "interfaces": {"eth0": {"mac_address": "52:54:00:00:00:01"}},
    "power_pass": "s3cret",
}
COBBLER_3 = {
    "get_systems": [SYSTEM],
    "get_profiles": [{"name": "p", "next_server_v4": "10.1.1.1", "parent": ""}],
    "get_settings": {"next_server_v4": "10.2.2.2"},
}


def encoded(value: Any) -> bytes:
    return xmlrpc.client.dumps((value,), methodresponse=True).encode()


def method(request: Request) -> str:
    return xmlrpc.client.loads(request.body)[1] or ""


def cobbler(methods: Mapping[str, Any]) -> Callable[[Request], Answer]:
    """A Cobbler with these methods and their results; it fails for others as the real one does."""

    def answer(request: Request) -> Answer:
        name = method(request)
        if name in methods:
            return Answer(body=encoded(methods[name]))
        fault = xmlrpc.client.Fault(1, f"<class 'cobbler.cexceptions.CX'>:'unknown remote method {name}'")
        return Answer(body=xmlrpc.client.dumps(fault).encode())

    return answer


def read(url: str, *, timeout: float = LONG, **more: Any) -> Records:
    target = ProvisioningTarget(kind=ProvisioningKind.COBBLER, url=url, **more)
    return READERS[target.kind](target, timeout=timeout)


@contextmanager
def serving(body: bytes, **headers: str) -> Iterator[WebServer]:
    """A server that sends this to every client."""
    with web_server(lambda _: Answer(headers=headers, body=body)) as server:
        yield server
