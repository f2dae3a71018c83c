"""Foreman over real HTTP, with records that real ones have sent."""

import base64
import gzip
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from time import sleep
from typing import Any

import msgspec
import pytest
import requests

from tests.harness.patience import LONG
from tests.harness.ports import reserved_port
from tests.harness.web_server import Answer, Authority, Request, web_server
from tests.provisioning.foreman.rest import foreman, read, recorded, reply
from virtscan.errors import ProvisioningError
from virtscan.model import GapAbout
from virtscan.provisioning.foreman import rest
from virtscan.views.wording.gaps import reason, subject

SUBNET = {"id": 1, "name": "lab", "network": "10.77.0.0", "mask": "255.255.255.0", "cidr": 24, "vlanid": None}
PROXY = {"id": 9, "name": "proxy", "url": "https://proxy.example.com:9090"}
HOST = {"id": 4, "name": "web01", "mac": "52:54:00:00:00:01", "subnet_id": 1, "build": True}
NIC = {"id": 5, "mac": "52:54:00:00:00:01", "subnet_id": 1, "provision": True, "identifier": "eth0"}
SMALL = {"subnets": [SUBNET | {"tftp": PROXY}], "hosts": [HOST], "hosts/4/interfaces": [NIC]}
DENIED = {"error": {"message": "Access denied", "missing_permissions": ["view_hosts"]}}


class TestRecordedReplies:
    @pytest.fixture
    def lists(self, corpus: Path) -> dict[str, list[Any]]:
        """A host put into build mode, on a subnet that a smart proxy serves; all three as they were recorded."""
        proxy = recorded(corpus, "subnet-12.yml.i2")
        subnet = recorded(corpus, "subnet-21.yml.i1")
        host = recorded(corpus, "host-21.yml.i2")
        child = {key: proxy[key] for key in ("id", "name", "url")}
        nics = [nic | {"subnet_id": subnet["id"]} for nic in host["interfaces"]]
        return {
            "subnets": [recorded(corpus, "subnet-1.yml.i1"), subnet | {"tftp": child, "httpboot": child}],
            "hosts": [host | {"build": True}, recorded(corpus, "host-1.yml.i2")],
            f"hosts/{host['id']}/interfaces": nics,
        }

    def test_give_the_servers_of_a_subnet(self, lists: dict[str, list[Any]]) -> None:
        with web_server(foreman(lists)) as server:
            records = read(server.url)

        assert [(subnet.name, subnet.network, subnet.vlan_id, subnet.servers) for subnet in records.subnets] == [
            ("Test Subnet", "192.168.200.0/27", None, ()),
            ("Test Subnet 2", "192.168.200.0/27", 42, ("centos7-foreman-2-1.yatsu.example.com",)),
        ]
        assert {subnet.source for subnet in records.subnets} == {f"foreman {server.url}"}
        assert records.gaps == ()

    def test_give_the_pending_installations_and_their_servers(self, lists: dict[str, list[Any]]) -> None:
        with web_server(foreman(lists)) as server:
            (netboot,) = read(server.url).netboots

        assert (netboot.system, netboot.mac, netboot.pending, netboot.server) == (
            "test-host.example.net",
            "ee:ff:00:00:00:01",
            True,
            "centos7-foreman-2-1.yatsu.example.com",
        )

    def test_every_record_of_the_corpus_is_read(self, corpus: Path) -> None:
        of_kind: dict[str, list[Any]] = {"subnets": [], "hosts": []}
        for path in sorted((corpus / "foreman-api").glob("*.json")):
            document = json.loads(path.read_text())
            for record in document.get("results", [document]):
                if "network" in record:
                    of_kind["subnets"].append(record)
                elif "interfaces" in record:
                    of_kind["hosts"].append(record | {"build": True})
        assert min(map(len, of_kind.values())) > 5
        interfaces = {f"hosts/{host['id']}/interfaces": host["interfaces"] for host in of_kind["hosts"]}

        with web_server(foreman(of_kind | interfaces)) as server:
            records = read(server.url)

        assert len(records.subnets) == len(of_kind["subnets"])
        assert records.gaps == ()


def test_two_lists_and_one_call_for_each_host_in_build_mode() -> None:
    with web_server(foreman(SMALL)) as server:
        records = read(f"{server.url}/")

    assert [(netboot.mac, netboot.server) for netboot in records.netboots] == [
        ("52:54:00:00:00:01", "proxy.example.com")
    ]
    assert [(request.path, request.query.get("search")) for request in server.requests] == [
        ("/api/v2/subnets", None),
        ("/api/v2/hosts", "build = true"),
        ("/api/v2/hosts/4/interfaces", None),
    ]


def test_every_request_has_the_users_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login other password wrong\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    with web_server(foreman(SMALL)) as server:
        read(server.url)
        asked = [request.headers.get("authorization") for request in server.requests]
        server.requests.clear()
        read(server.url, user=None, secret=None)

    assert set(asked) == {f"Basic {base64.b64encode('scan:t0ken-å'.encode()).decode()}"}
    assert {request.headers.get("authorization") for request in server.requests} == {None}


def test_all_pages_are_read_however_small_foreman_makes_them() -> None:
    subnets = [SUBNET | {"id": number, "name": f"n{number}"} for number in range(7)]
    with web_server(foreman({"subnets": subnets, "hosts": []}, largest_page=3)) as server:
        records = read(server.url)

    assert [subnet.name for subnet in records.subnets] == [f"n{number}" for number in range(7)]
    assert [request.query["page"] for request in server.requests] == ["1", "2", "3", "1"]


def test_records_before_a_failing_page_are_kept() -> None:
    subnets = [SUBNET | {"id": number, "name": f"n{number}"} for number in range(4)]
    whole = foreman({"subnets": subnets, "hosts": []}, largest_page=3)

    def answer(request: Request) -> Answer:
        return reply({}, 502) if request.query["page"] == "2" else whole(request)

    with web_server(answer) as server:
        records = read(server.url)

    assert [subnet.name for subnet in records.subnets] == ["n0", "n1", "n2"]
    assert [(subject(gap), reason(gap), gap.about) for gap in records.gaps] == [
        (f"foreman {server.url} subnets", "subnets returned 502 Bad Gateway", GapAbout.PROVISIONING)
    ]


def test_a_list_that_ends_too_early_is_a_gap_and_no_endless_loop() -> None:
    short = reply({"subtotal": 5, "results": []})
    with web_server(foreman(SMALL, instead={"subnets": short})) as server:
        records = read(server.url)

    assert [reason(gap) for gap in records.gaps] == ["list subnets ended after 0 of 5"]
    assert len(records.netboots) == 1


@pytest.mark.parametrize(("skipped", "got"), [(0, 3), (3, 4)])
def test_a_page_that_is_repeated_or_moved_leaves_a_gap(skipped: int, got: int) -> None:
    """A list that loses its first page of records before the second one is read has the third one there."""
    subnets = [SUBNET | {"id": number, "name": f"n{number}"} for number in range(7)]
    first = foreman({"subnets": subnets, "hosts": []}, largest_page=3)
    later = foreman({"subnets": subnets[skipped:], "hosts": []}, largest_page=3)

    def answer(request: Request) -> Answer:
        if request.query["page"] == "1":
            return first(request)
        page = request.query["page"] if skipped else "1"
        return later(msgspec.structs.replace(request, query={**request.query, "page": page}))

    with web_server(answer) as server:
        records = read(server.url)

    assert len(records.subnets) == got
    assert [reason(gap) for gap in records.gaps] == [f"list subnets ended after {got} of 7"]


def test_a_list_that_may_not_be_read_is_a_gap_that_names_the_permission() -> None:
    with web_server(foreman(SMALL, instead={"hosts": reply(DENIED, 403)})) as server:
        records = read(server.url)

    assert len(records.subnets) == 1
    assert [reason(gap) for gap in records.gaps] == ["permission denied for hosts (403): missing permission view_hosts"]


def test_a_record_in_another_form_is_a_gap_and_the_others_count() -> None:
    subnets = [SUBNET | {"id": "one"}, SUBNET, SUBNET | {"name": "odd", "network": "10.0.0", "cidr": 99}]
    with web_server(foreman({"subnets": subnets, "hosts": []})) as server:
        records = read(server.url)

    assert [subnet.name for subnet in records.subnets] == ["lab"]
    assert [subject(gap).removeprefix(f"foreman {server.url} ") for gap in records.gaps] == ["subnets #1", "subnet odd"]


THREE = [HOST | {"id": number, "name": f"web{number}", "mac": f"52:54:00:00:00:0{number}"} for number in (1, 2, 3)]
OF_THREE = {
    "subnets": [SUBNET | {"tftp": PROXY}],
    "hosts": THREE,
    **{f"hosts/{host['id']}/interfaces": [NIC | {"mac": f"52:54:00:00:01:0{host['id']}"}] for host in THREE},
}


class TestUnreadableInterfaces:
    def test_leave_the_primary_one_for_one_host(self) -> None:
        with web_server(foreman(OF_THREE, instead={"hosts/2/interfaces": reply({}, 500)})) as server:
            records = read(server.url)

        assert [(netboot.mac, netboot.pending, netboot.server) for netboot in records.netboots] == [
            ("52:54:00:00:01:01", True, "proxy.example.com"),
            ("52:54:00:00:00:02", True, "proxy.example.com"),
            ("52:54:00:00:01:03", True, "proxy.example.com"),
        ]
        assert [subject(gap).split(" ", 2)[2] for gap in records.gaps] == ["interfaces of host web2"]

    def test_and_for_all_if_reading_them_is_forbidden(self) -> None:
        with web_server(foreman(OF_THREE, instead={"hosts/1/interfaces": reply(DENIED, 403)})) as server:
            records = read(server.url)

        assert [netboot.mac for netboot in records.netboots] == [host["mac"] for host in THREE]
        assert [subject(gap).split(" ", 2)[2] for gap in records.gaps] == ["interfaces of 3 hosts in build mode"]
        assert len(server.requests) == 3


class TestWithoutAnswer:
    @pytest.mark.parametrize(
        ("answer", "reason"),
        [
            (
                reply({"error": {"message": "Unable to authenticate user scan"}}, 401),
                r"login refused \(401\); check user and password or token: Unable to authenticate user scan$",
            ),
            (Answer(status=401, body=b"<html>"), r"\(401\); check user and password or token$"),
            (
                reply({"error": {"message": "no token t0ken-å"}}, 401),
                r"\(401\); check user and password or token: no token \*\*\*$",
            ),
            (Answer(status=500, body='{"error": {"message": "t0ken-å?"}}'.encode()), r"Error: \*\*\*\?$"),
            (reply({"error": {"message": "x" * 999}}, 500), r"subnets returned 500 Internal Server Error: x{200}$"),
            (reply([], 404), r"subnets not found \(404\); check that url is Foreman's base URL"),
            (Answer(headers={"Content-Type": "text/html"}, body=b"<html>"), r"response is text/html, not JSON"),
            (Answer(body=b"{}"), r"response is nothing, not JSON"),
            (reply({"results": []}), r"not a Foreman API response \(Object missing required field `subtotal`\)"),
            (reply([]), r"not a Foreman API response"),
            (Answer(status=302, headers={"Location": "https://sso/login"}), r"redirected to https://sso/login; set"),
            (Answer(status=308), r"redirected to nowhere"),
            (reply({}, 429, **{"Retry-After": "3600"}), r"\(429\): retry after 3600 s exceeds the time limit"),
            (reply({}, 429, **{"Retry-After": "Wed, 21 Oct 2115 07:28:00 GMT"}), r"exceeds the time limit"),
        ],
    )
    def test_the_reason_has_the_remedy(self, answer: Answer, reason: str) -> None:
        with web_server(lambda _: answer) as server, pytest.raises(ProvisioningError, match=reason) as raised:
            read(server.url)

        assert "t0ken" not in str(raised.value)

    def test_an_unreachable_service_is_the_reason(self) -> None:
        with reserved_port() as port, pytest.raises(ProvisioningError, match=r"^connection refused; check url"):
            read(f"http://127.0.0.1:{port}")

    def test_a_host_without_a_name_is_a_reason(self) -> None:
        with pytest.raises(ProvisioningError, match=r"^host name unknown; correct url"):
            read("https://nowhere.invalid")

    def test_the_deadline_ends_the_reading(self) -> None:
        def silent() -> Iterator[bytes]:
            sleep(LONG)
            yield b""

        too_late = pytest.raises(ProvisioningError, match=r"^no answer within 0\.3 s$")
        with web_server(lambda _: Answer(parts=silent())) as server, too_late:
            read(server.url, timeout=0.3)

    def test_credentials_are_not_sent_to_the_target_of_a_redirect(self) -> None:
        with web_server(foreman(SMALL)) as other:
            answer = Answer(status=301, headers={"Location": f"{other.url}/api/v2/subnets"})
            with web_server(lambda _: answer) as server, pytest.raises(ProvisioningError, match="redirected to"):
                read(server.url)

        assert other.requests == []


@pytest.mark.parametrize("headers", [{"Retry-After": "0"}, {"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}])
def test_a_request_is_repeated_after_the_pause_in_the_answer(headers: dict[str, str]) -> None:
    asked: list[Request] = []
    whole = foreman(SMALL)

    def answer(request: Request) -> Answer:
        asked.append(request)
        return reply({}, 429, **headers) if len(asked) % 2 else whole(request)

    with web_server(answer) as server:
        records = read(server.url)

    assert (len(records.netboots), records.gaps) == (1, ())


@pytest.mark.parametrize("headers", [{}, {"Retry-After": "soon"}])
def test_a_missing_or_invalid_pause_is_one_second(headers: dict[str, str]) -> None:
    answer = requests.Response()
    answer.headers.update(headers)

    assert rest._pause(answer) == 1


def test_a_pause_beyond_the_time_limit_is_not_waited_for() -> None:
    later = reply({}, 429, **{"Retry-After": "3600"})
    with web_server(lambda _: later) as server, pytest.raises(ProvisioningError, match=r"retry after 3600 s exceeds"):
        read(server.url)


def test_a_reply_that_decompresses_without_end_ends_at_the_limit() -> None:
    bomb = Answer(headers={"Content-Encoding": "gzip"}, body=gzip.compress(b" " * (33 << 20), 9))
    with web_server(lambda _: bomb) as server, pytest.raises(ProvisioningError, match="exceeds 32 MiB"):
        read(server.url)


@pytest.mark.parametrize(
    ("headers", "sent"),
    [
        ({"Transfer-Encoding": "chunked"}, b"-5\r\nabc"),
        ({"Transfer-Encoding": "chunked"}, b"zz\r\nabc"),
        ({"Content-Length": "7", "Content-Encoding": "gzip"}, b"notgzip"),
    ],
)
def test_a_body_in_another_form_than_declared_is_the_reason(headers: dict[str, str], sent: bytes) -> None:
    broken = pytest.raises(ProvisioningError, match="response is not HTTP, or was cut short")
    with web_server(lambda _: Answer(headers=headers, parts=iter([sent]))) as server, broken:
        read(server.url)


class TestTls:
    def test_a_configured_certificate_authority_is_trusted(
        self, authority: Authority, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere")
        with web_server(foreman(SMALL), context=authority.context) as server:
            assert len(read(server.url, ca_file=str(authority.certificate)).netboots) == 1

    def test_certificate_of_another_authority_is_refused(self, authority: Authority) -> None:
        refused = pytest.raises(ProvisioningError, match=r"certificate not trusted \(.*ca_file")
        with web_server(foreman(SMALL), context=authority.context) as server, refused:
            read(server.url)

        assert server.requests == []

    @pytest.mark.parametrize(
        ("name", "days", "reason"),
        [
            ("IP:127.0.0.2", 1, r"address mismatch.*\); set url to an address in the certificate, or to a name$"),
            ("IP:127.0.0.1", -1, r"certificate has expired\); renew it$"),
        ],
    )
    def test_defects_that_another_authority_does_not_cure_have_their_own_advice(
        self, name: str, days: int, reason: str, tmp_path: Path
    ) -> None:
        authority = Authority(tmp_path, name=name, days=days)
        refused = pytest.raises(ProvisioningError, match=reason)
        with web_server(foreman(SMALL), context=authority.context) as server, refused:
            read(server.url, ca_file=str(authority.certificate))

    def test_a_port_without_it_is_a_reason(self) -> None:
        with web_server(foreman(SMALL)) as server, pytest.raises(ProvisioningError, match="does not use TLS"):
            read(server.url.replace("http://", "https://"))


def test_without_the_library_the_reason_names_the_extra() -> None:
    script = """
import sys
from collections.abc import Iterator
sys.modules["requests"] = None
from virtscan.errors import ProvisioningError
from virtscan.model import ProvisioningKind, ProvisioningTarget
from virtscan.provisioning import READERS
try:
    READERS[ProvisioningKind.FOREMAN](ProvisioningTarget(kind=ProvisioningKind.FOREMAN, url="http://x"), timeout=1)
except ProvisioningError as error:
    print(error)
"""
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)

    assert (ran.stdout, ran.stderr) == ("requests is not installed; install virtscan[foreman]\n", "")


def test_the_library_is_loaded_only_for_foreman() -> None:
    script = "import sys, virtscan.provisioning; print('requests' in sys.modules)"

    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert ran.stdout == "False\n"
