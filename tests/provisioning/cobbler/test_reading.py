"""Cobbler over a real connection, with recorded answers; test_cobblerd.py uses the real one."""

import base64
from pathlib import Path

import pytest

from tests.harness.ports import reserved_port
from tests.harness.web_server import Answer, Authority, Request, web_server
from tests.provisioning.cobbler.rpc import COBBLER_3, SYSTEM, cobbler, encoded, method, read, serving
from virtscan.errors import ProvisioningError
from virtscan.model import GapAbout, Secret
from virtscan.views.wording.gaps import reason as reason_of
from virtscan.views.wording.gaps import subject as subject_of


def test_three_calls_give_the_server_of_each_mac() -> None:
    with web_server(cobbler(COBBLER_3)) as server:
        records = read(f"{server.url}/cobbler_api")

    (netboot,) = records.netboots
    assert (netboot.system, netboot.mac, netboot.pending, netboot.server) == (
        "web01",
        "52:54:00:00:00:01",
        True,
        "10.1.1.1",
    )
    assert netboot.source == f"cobbler {server.url}/cobbler_api"
    assert netboot.observed_at is not None
    assert records.gaps == ()
    assert [method(request) for request in server.requests] == ["get_systems", "get_profiles", "get_settings"]
    assert {request.path for request in server.requests} == {"/cobbler_api"}


def test_a_fourth_call_reads_interfaces_that_are_items_of_their_own() -> None:
    system = {"name": "web01", "uid": "u1", "netboot_enabled": True, "tftp": {"next_server_v4": "10.9.9.9"}}
    interfaces = [{"name": "eth0", "system_uid": "u1", "mac_address": "52:54:00:00:00:01"}]
    with web_server(cobbler(COBBLER_3 | {"get_systems": [system], "get_network_interfaces": interfaces})) as server:
        records = read(server.url)

    assert [(netboot.mac, netboot.server) for netboot in records.netboots] == [("52:54:00:00:00:01", "10.9.9.9")]
    assert len(server.requests) == 4


def test_a_cobbler_without_systems_has_no_records() -> None:
    with web_server(cobbler(COBBLER_3 | {"get_systems": []})) as server:
        assert (records := read(server.url)).netboots == ()
        assert records.gaps == ()


def test_systems_count_even_if_their_inherited_values_are_unavailable() -> None:
    with web_server(cobbler({"get_systems": [SYSTEM]})) as server:
        records = read(server.url, name="c1")

    assert [(netboot.mac, netboot.server) for netboot in records.netboots] == [("52:54:00:00:00:01", None)]
    assert [(subject_of(gap), gap.about) for gap in records.gaps] == [
        ("cobbler c1 get_profiles", GapAbout.PROVISIONING),
        ("cobbler c1 get_settings", GapAbout.PROVISIONING),
    ]
    assert reason_of(records.gaps[0]).startswith(
        "Cobbler reports: <class 'cobbler.cexceptions.CX'>:'unknown remote method"
    )


def test_without_its_systems_there_are_no_records() -> None:
    with web_server(cobbler({"get_profiles": []})) as server, pytest.raises(ProvisioningError, match="Cobbler reports"):
        read(server.url)


def test_another_xml_rpc_server_is_recognised() -> None:
    with (
        web_server(cobbler({"get_systems": "none"})) as server,
        pytest.raises(ProvisioningError, match="check that url is a Cobb"),
    ):
        read(server.url)


def test_passwords_of_power_management_are_not_kept() -> None:
    with web_server(cobbler(COBBLER_3)) as server:
        assert "s3cret" not in repr(read(server.url))


def test_a_login_is_made_only_if_configured(secret_file: Path) -> None:
    with web_server(cobbler(COBBLER_3)) as server:
        read(server.url)
        read(server.url, user="scan", secret_file=str(secret_file))
        read(server.url, user="scan", secret=Secret("s3cret-påss"))

    assert [request.headers.get("authorization") for request in server.requests] == [
        *[None] * 3,
        *[f"Basic {base64.b64encode('scan:s3cret-påss'.encode()).decode()}"] * 6,
    ]


@pytest.mark.parametrize(
    ("status", "headers", "reason"),
    [
        (302, {"Location": "https://other/cobbler_api"}, r"redirected to https://other/cobbler_api; set url to that"),
        (301, {}, r"redirected to nowhere"),
        (401, {}, r"login refused \(401\); set user and password_file"),
        (403, {}, r"login refused \(403\)"),
        (404, {}, r"not found \(404\); Cobbler's URL ends in /cobbler_api"),
        (500, {}, r"the server returned 500 Internal Server Error"),
        (200, {"Content-Encoding": "gzip"}, r"response has the unrequested encoding 'gzip'"),
    ],
)
def test_an_unexpected_answer_is_reported_with_the_remedy(status: int, headers: dict[str, str], reason: str) -> None:
    with web_server(lambda _: Answer(status=status, headers=headers, body=encoded([]))) as server:
        with pytest.raises(ProvisioningError, match=reason):
            read(server.url)
        assert len(server.requests) == 1


def test_credentials_are_not_sent_to_the_target_of_a_redirect(secret_file: Path) -> None:
    with web_server(cobbler(COBBLER_3)) as other:

        def redirect(_: Request) -> Answer:
            return Answer(status=307, headers={"Location": other.url})

        with web_server(redirect) as server, pytest.raises(ProvisioningError, match="redirected to"):
            read(server.url, user="scan", secret_file=str(secret_file))

    assert other.requests == []


def test_an_unreachable_service_is_the_reason() -> None:
    with reserved_port() as port, pytest.raises(ProvisioningError, match=r"^connection refused; check url"):
        read(f"http://127.0.0.1:{port}")


def test_a_host_without_a_name_is_a_reason() -> None:
    with pytest.raises(ProvisioningError, match=r"^host name unknown; correct url"):
        read("http://nowhere.invalid/cobbler_api")


class TestTls:
    def test_a_configured_certificate_authority_is_trusted(self, authority: Authority) -> None:
        with web_server(cobbler(COBBLER_3), context=authority.context) as server:
            assert len(read(server.url, ca_file=str(authority.certificate)).netboots) == 1

    def test_certificate_of_another_authority_is_refused(self, authority: Authority) -> None:
        with web_server(cobbler(COBBLER_3), context=authority.context) as server:
            with pytest.raises(ProvisioningError, match=r"certificate not trusted \(.*ca_file"):
                read(server.url)
            assert server.requests == []

    def test_a_port_without_it_is_a_reason(self) -> None:
        with web_server(cobbler(COBBLER_3)) as server, pytest.raises(ProvisioningError, match="does not use TLS"):
            read(server.url.replace("http://", "https://"))

    def test_an_authority_that_can_not_be_read_is_a_reason(self, tmp_path: Path) -> None:
        (tmp_path / "ca").write_text("nothing")
        for name, reason in (("ca", "no PEM certificates"), ("nosuch", "No such file")):
            with pytest.raises(ProvisioningError, match=reason):
                read("https://127.0.0.1:1", ca_file=str(tmp_path / name))


def test_the_path_of_a_bare_address_is_the_daemons_own() -> None:
    with serving(encoded([])) as server:
        read(server.url)

    assert {request.path for request in server.requests} == {"/RPC2"}
