"""The client ends in time, with a reason and little memory, for any answer of the server."""

import itertools
import xmlrpc.client
from collections.abc import Iterator
from time import sleep

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.harness.patience import LONG
from tests.harness.web_server import Answer, web_server
from tests.provisioning.cobbler.rpc import encoded, read, serving
from virtscan.errors import ProvisioningError
from virtscan.provisioning.cobbler import rpc
from virtscan.provisioning.cobbler.items import FIELDS
from virtscan.provisioning.limits import Deadline, within

BOMB = b"""<?xml version="1.0"?>
<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;">]>
<methodResponse><params><param><value><string>&c;</string></value></param></params></methodResponse>"""


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_xml_that_grows_is_refused(encoding: str) -> None:
    with serving(BOMB.decode().encode(encoding)) as server, pytest.raises(ProvisioningError, match="document type"):
        read(server.url)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"hello",
        b"<html><body>Welcome</body></html>",
        b"<methodResponse/>",
        b"<methodResponse><params/></methodResponse>",
        b"<methodResponse><fault/></methodResponse>",
        encoded([])[:-9],
        *(
            f"<methodResponse><params><param><value>{value}</value></param></params></methodResponse>".encode()
            for value in (
                "<int>x</int>",
                f"<int>{'9' * 5000}</int>",
                "<boolean>2</boolean>",
                "<base64>a</base64>",
                "<base64>\u00e9</base64>",
                "<dateTime.iso8601>x</dateTime.iso8601>",
                "<bigdecimal>x</bigdecimal>",
                "<struct><member><name>a</name></member></struct>",
                "<struct><array/></struct>",
                "<unknown>5</unknown>",
            )
        ),
    ],
)
def test_an_invalid_xml_rpc_answer_is_the_reason(body: bytes) -> None:
    with serving(body) as server, pytest.raises(ProvisioningError, match="not XML-RPC"):
        read(server.url)


_TAGS = ["methodResponse", "params", "param", "fault", "value", "array", "data", "struct", "member", "name", "int"]
_TAGS += ["string", "boolean", "double", "base64", "dateTime.iso8601", "nil", "bigdecimal", "methodName", "x:struct"]


@given(
    st.recursive(
        st.sampled_from(["", "1", "x", "é"]),
        lambda inner: st.builds(
            lambda tag, children: f"<{tag}>{''.join(children)}</{tag}>",
            st.sampled_from(_TAGS),
            st.lists(inner, max_size=4),
        ),
        max_leaves=30,
    )
)
def test_no_order_of_elements_breaks_the_parser(body: str) -> None:
    document = f"<methodResponse xmlns:x='y'>{body}</methodResponse>".encode()
    try:
        rpc._parse(iter([document]), str, FIELDS)
    except ProvisioningError as error:
        assert str(error)  # noqa: PT017  both ends are good, others are not


def test_a_reply_may_arrive_in_any_pieces() -> None:
    item = {"name": "é", "netboot_enabled": True, "parent": "~"}
    body = encoded([item])
    for size in (1, 7, len(body)):
        pieces = (body[start : start + size] for start in range(0, len(body), size))
        assert rpc._parse(pieces, str, FIELDS) == [item]


def test_a_fault_is_reported_in_cobblers_words_cut_to_a_limit() -> None:
    fault = xmlrpc.client.dumps(xmlrpc.client.Fault(1, "invalid token" + "x" * 1000)).encode()
    with serving(fault) as server, pytest.raises(ProvisioningError, match=r"^Cobbler reports: invalid tokenx{187}$"):
        read(server.url)


def test_truncated_answer_is_a_reason() -> None:
    with (
        web_server(lambda _: Answer(headers={"Content-Length": "99"}, body=b"", parts=iter([b"<"]))) as server,
        pytest.raises(ProvisioningError, match="cut short"),
    ):
        read(server.url)


def test_a_silent_server_takes_no_longer_than_the_limit() -> None:
    def silent() -> Iterator[bytes]:
        sleep(LONG)
        yield b""

    with (
        web_server(lambda _: Answer(parts=silent())) as server,
        pytest.raises(ProvisioningError, match=r"^no answer within 0\.2 s$"),
    ):
        read(server.url, timeout=0.2)


def test_a_slow_server_takes_no_longer_than_the_limit() -> None:
    def slow() -> Iterator[bytes]:
        while True:
            sleep(0.02)
            yield b" "

    with (
        web_server(lambda _: Answer(parts=slow())) as server,
        pytest.raises(ProvisioningError, match=r"^no answer within 0\.3 s$"),
    ):
        read(server.url, timeout=0.3)


def test_an_endless_reply_ends_at_the_limit() -> None:
    endless = itertools.repeat(b"x" * 1000)
    taken: list[bytes] = []

    with pytest.raises(ProvisioningError, match="exceeds 1 MiB"):
        taken.extend(within(endless, Deadline(LONG), largest=1 << 20))

    assert sum(map(len, taken)) <= 1 << 20


def test_no_time_left_is_a_reason() -> None:
    with pytest.raises(ProvisioningError, match="no answer within 0 s"):
        Deadline(0).left()


def test_only_wanted_fields_of_items_and_interfaces_are_kept() -> None:
    system = {
        "name": "a",
        "owners": ["x"] * 9,
        "interfaces": {"eth0": {"mac": "m", "mtu": "1"}},
        "tftp": {"server": "s"},
    }
    wanted = frozenset({"name", "interfaces", "mac", "tftp"})

    assert rpc._parse(iter([encoded([system])]), str, wanted) == [
        {"name": "a", "interfaces": {"eth0": {"mac": "m"}}, "tftp": {"server": "s"}}
    ]
    assert rpc._parse(iter([encoded(system)]), str, frozenset({"owners"})) == {"owners": ["x"] * 9}
