"""SOURCE and NAME[:INTERFACE]=SOURCE, as people write them."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from virtscan.config.source import parse_server, parse_source, server_target
from virtscan.errors import ConfigError
from virtscan.model import ServerTarget, SourceKind, State
from virtscan.model.sources import SOURCES, shown


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("ssh://satellite", (SourceKind.SSH, "satellite", None)),
        ("ssh://root@satellite.example.com:2222/", (SourceKind.SSH, "root@satellite.example.com:2222", None)),
        ("ssh://[2001:db8::1]:22", (SourceKind.SSH, "[2001:db8::1]:22", None)),
        ("file:captures/eth0.txt", (SourceKind.FILE, "captures/eth0.txt", None)),
        ("file:/a:b=c d", (SourceKind.FILE, "/a:b=c d", None)),
        ("local:", (SourceKind.LOCAL, "", None)),
        ("on", (SourceKind.DECLARED, "", State.ON)),
        ("off", (SourceKind.DECLARED, "", State.OFF)),
    ],
)
def test_every_source_has_its_form(text: str, source: tuple[SourceKind, str, State | None]) -> None:
    assert parse_source(text) == source


@pytest.mark.parametrize(
    "text",
    ["", "ssh:satellite", "file:", "local", "local:eth0", "on:", "off ", "ON", "http://x", "sosreport", ":", "/a"],
)
def test_an_unknown_source_is_refused_with_the_valid_forms(text: str) -> None:
    with pytest.raises(ConfigError, match="write ssh://") as error:
        parse_source(text)

    assert str(error.value).endswith(", ".join(row.form for row in SOURCES.values()))


@pytest.mark.parametrize("text", ["ssh://root:hunter2@sat", "shh://root:hunter2@sat", "root:hunter2@sat", "hunter2:"])
def test_a_refused_source_is_not_repeated_for_it_may_hold_a_password(text: str) -> None:
    with pytest.raises(ConfigError) as error:
        parse_source(text)

    assert "hunter2" not in str(error.value)


@pytest.mark.parametrize("text", ["ssh://@sat", "ssh://-oProxyCommand=id", "ssh://sat;id", "ssh://sat/path"])
def test_an_address_that_ssh_could_misread_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="invalid SSH"):
        parse_source(text)


def test_a_server_has_a_name_perhaps_an_interface_and_a_source() -> None:
    assert parse_server("satellite:eth0=ssh://root@satellite") == ServerTarget(
        name="satellite", interface="eth0", kind=SourceKind.SSH, address="root@satellite"
    )
    assert parse_server("pxe 2=off") == ServerTarget(name="pxe 2", kind=SourceKind.DECLARED, declared=State.OFF)
    assert parse_server("a:b=file:x=y").address == "x=y"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("satellite", "invalid server 'satellite'"),
        ("sat:ssh://me:s3cret@host", r"invalid server 'sat:ssh://me:\*\*\*@host'"),
        ("=on", "invalid server name"),
        (" :eth0=on", "invalid server name"),
        ("sat\x1b[31m=on", "invalid server name"),
        ("sat\nlite=on", "invalid server name"),
        ("sat:=on", "invalid device name"),
        ("sat:eth0:1=on", "an alias has no offload of its own"),
        ("sat:eth0=maybe", "unknown SOURCE"),
    ],
)
def test_an_invalid_server_is_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        parse_server(text)


@pytest.mark.parametrize("name", ["eth0", "bond2.100", "br-int", "cali9d99c50de22", "__wlp3s0", "a" * 15])
def test_every_usual_name_of_a_device_is_taken(name: str) -> None:
    assert server_target("sat", "on", interface=name).interface == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "-k",
        "a" * 16,
        "eth0;id",
        "$(id)",
        "`id`",
        "a b",
        "a/b",
        "../lo",
        "eth0\n",
        "'",
        '"',
        "eth*",
        "éth0",
    ],
)
def test_device_names_with_a_meaning_to_a_shell_are_refused(name: str) -> None:
    with pytest.raises(ConfigError, match="invalid device name"):
        server_target("sat", "local:", interface=name)


@given(st.text(max_size=60))
def test_any_text_is_a_server_or_a_clear_error(text: str) -> None:
    with suppress(ConfigError):
        assert parse_server(text).name.isprintable()


@pytest.mark.parametrize(
    "source",
    [
        "ssh://root@sat:22",
        "file:captures/eth0.txt",
        "sosreport:/var/tmp/sat",
        "ansible:/var/cache/facts",
        "local:",
        "on",
        "off",
    ],
)
def test_a_source_is_shown_as_it_was_written(source: str) -> None:
    assert shown(server_target("sat", source)) == source
