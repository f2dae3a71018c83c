from datetime import date

import pytest

from virtscan.errors import ConfigError
from virtscan.storage.address import ScanSelector, check_url, is_history, parse_address, parse_selector


@pytest.mark.parametrize(
    ("text", "url", "selector"),
    [
        ("sqlite:////var/lib/virtscan/history.sqlite", "sqlite:////var/lib/virtscan/history.sqlite", None),
        ("sqlite:///history.sqlite@latest", "sqlite:///history.sqlite", None),
        ("sqlite:///history.sqlite@17", "sqlite:///history.sqlite", 17),
        ("sqlite:///a@b/history.sqlite@2026-11-01", "sqlite:///a@b/history.sqlite", date(2026, 11, 1)),
        ("postgresql://me@db/virtscan", "postgresql://me@db/virtscan", None),
        ("postgresql://me@db", "postgresql://me@db", None),
        ("postgresql://me@db/virtscan@3", "postgresql://me@db/virtscan", 3),
        ("postgresql:///virtscan?host=/run/pg@latest", "postgresql:///virtscan?host=/run/pg", None),
    ],
)
def test_a_scan_follows_the_last_at_behind_the_last_slash(text: str, url: str, selector: ScanSelector) -> None:
    address = parse_address(text)

    assert (address.url, address.selector) == (url, selector)


def test_a_scan_without_a_url_may_have_its_at_sign() -> None:
    assert [parse_selector(text, "SCAN") for text in ("@17", "17", "@latest")] == [17, 17, None]


@pytest.mark.parametrize("scan", ["", "0", "-1", "last", "2026-13-01", "1.5", "9" * 19])
def test_an_invalid_scan_is_refused_with_what_there_is(scan: str) -> None:
    with pytest.raises(ConfigError, match=r"history.sqlite@.*: invalid scan .*; write latest, a number"):
        parse_address(f"sqlite:///history.sqlite@{scan}")


@pytest.mark.parametrize("url", ["sqlite:////h.sqlite@2", "postgresql://me@db/virtscan@latest", "sqlite:///a@home"])
def test_a_history_is_not_one_of_its_scans(url: str) -> None:
    with pytest.raises(
        ConfigError, match=r"^--history: '@\w+' names one scan, but this option takes the whole database; omit"
    ):
        check_url(url, "--history", private=False)


@pytest.mark.parametrize("text", ["fleet.json", "/var/lib/virtscan/fleet.json", "sqlite.json", "a:b", "./sqlite:a"])
def test_everything_else_is_a_file(text: str) -> None:
    assert not is_history(text)


@pytest.mark.parametrize("text", ["sqlite:///a", "postgresql://a/b", "postgres://a/b", "postgresql+psycopg:///b"])
def test_a_database_is_known_by_its_scheme(text: str) -> None:
    assert is_history(text)


@pytest.mark.parametrize("text", ["sqlite:a.sqlite", "sqlite:/a", "postgresql:a", "mysql://a/b", "http://db/virtscan"])
def test_an_invalid_url_is_not_taken_for_a_file_that_does_not_exist_yet(text: str) -> None:
    assert is_history(text)
    with pytest.raises(ConfigError, match="not the URL of a database"):
        check_url(text, "--since", private=False)


def test_a_postgresql_is_opened_with_psycopg() -> None:
    assert check_url("postgresql://db/virtscan", "--history", private=False) == "postgresql+psycopg://db/virtscan"
    assert check_url("postgres://db/virtscan", "--history", private=False) == "postgresql+psycopg://db/virtscan"
    assert check_url("sqlite:///x", "--history", private=False) == "sqlite:///x"


@pytest.mark.parametrize("url", ["postgresql://me:hunter2@db/virtscan", "postgresql://db/virtscan?password=hunter2"])
def test_a_password_on_the_command_line_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(ConfigError) as raised:
        check_url(url, "--history", private=False)

    assert "hunter2" not in str(raised.value)
    assert "use [history] url with ${VARIABLE}, or ~/.pgpass" in str(raised.value)
    assert check_url(url, "history.url", private=True).endswith(url.partition(":")[2])


NO_FILES = [
    "sqlite://",
    "sqlite:///",
    "sqlite:///:memory:",
    "sqlite:///?timeout=9",
]


@pytest.mark.parametrize(
    "url", ["", "~/h.db", "h.db@3", "x/", "a\nb", 201 * "a", "mysql://db/x", "me:hunter2@db", *NO_FILES]
)
def test_url_of_no_database_is_refused_with_an_example(url: str) -> None:
    with pytest.raises(ConfigError, match=r"--history: not the URL of a database: .*; write one, e.g. sqlite:////var"):
        check_url(url, "--history", private=False)


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("h.db", "sqlite:///h.db"),
        ("kept/h.db", "sqlite:///kept/h.db"),
        ("/var/lib/h.db", "sqlite:////var/lib/h.db"),
        ("sqlite:h.db", "sqlite:///h.db"),
        ("sqlite:/h.db", "sqlite:////h.db"),
        ("sqlite://h.db", "sqlite:///h.db"),
    ],
)
def test_a_file_in_place_of_a_url_is_refused_with_the_url_of_that_file(text: str, url: str) -> None:
    with pytest.raises(ConfigError, match=f"not the URL of a database: '{text}'; write '{url}' for that file;"):
        check_url(text, "--history", private=False)

    assert check_url(url, "--history", private=False) == url
