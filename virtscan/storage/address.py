"""Addresses of a history: a database's URL, and `URL@SCAN` for one scan of it."""

import re
from datetime import date
from typing import TypeAlias

import msgspec

from virtscan.errors import ConfigError
from virtscan.transport import url_secrets

_HISTORY = re.compile(r"(sqlite|postgres(?:ql)?)(?:\+[a-z0-9_]+)?:(?=/)")
_URL = re.compile(r"(?:sqlite|postgres(?:ql)?)(?:\+[a-z0-9_]+)?:|[A-Za-z][A-Za-z0-9+.-]*://")
"""A URL, also with too few slashes: as the name of a file it would be one that does not exist yet."""
_NO_FILE = re.compile(r"sqlite[^:]*:(?!///)|sqlite[^:]*:///(?:[?]|:memory:|$)")
"""An SQLite URL without a file, which would be a database in memory, lost at the end."""
_FILE = re.compile(r"(?:sqlite:(?://(?!/))?)?([^~:@?#%\s][^:@?#%]*(?<!/))")
"""A path, also after `sqlite:` with too few slashes; neither a URL nor a text with a password."""

LATEST = "latest"
_LONGEST = 200
"""Characters of an invalid URL that an error repeats."""
_POSTGRESQL = "postgresql://host/virtscan"
_SCANS = "write latest, a number (virtscan history list) or a date, e.g. 2026-11-01"

ScanSelector: TypeAlias = int | date | None
"""A scan by its number, the last one up to the end of a day (UTC), or None for the last one."""


class Address(msgspec.Struct, frozen=True, kw_only=True):
    """A scan of a history."""

    url: str
    selector: ScanSelector = None


def is_history(text: str) -> bool:
    """Return True for a URL, which `check_url` then checks; everything else is a file."""
    return _URL.match(text) is not None


def parse_address(text: str) -> Address:
    """Split `URL@SCAN`; without @SCAN it is the last scan.

    SCAN follows the last `@` after the last `/` of the path, so the `@` after a user name does not count.

    Raises:
        ConfigError: SCAN is invalid.
    """
    url, scan = _parts(text)
    return (
        Address(url=url) if scan is None else Address(url=url, selector=parse_selector(scan, url_secrets.shown(text)))
    )


def _parts(text: str) -> tuple[str, str | None]:
    """Split a URL from the name of a scan after it; None if there is none."""
    start = text.find("//") + 2
    slash = text.rfind("/", start)
    at = text.rfind("@", slash) if slash >= start else -1
    return (text, None) if at < 0 else (text[:at], text[at + 1 :])


def parse_selector(text: str, origin: str) -> ScanSelector:
    """Read the name of a scan.

    Args:
        text: `latest`, a number or a day; an `@` before it is allowed.
        origin: The subject of an error.

    Raises:
        ConfigError: It is none of these.
    """
    text = text.removeprefix("@")
    if text == LATEST:
        return None
    if re.fullmatch(r"[1-9][0-9]{0,17}", text):
        return int(text)
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ConfigError(f"{origin}: invalid scan {text[:40]!r}; {_SCANS}") from error


def check_url(url: str, origin: str, *, private: bool) -> str:
    """Check the URL of a database and return it in the form in which it is opened.

    Args:
        url: As given.
        origin: The option or key that it comes from.
        private: True if others can't read its origin; otherwise it must not contain a password.

    Raises:
        ConfigError: It is not such a URL, names a scan, or has a password that others can read.
    """
    if not _HISTORY.match(url) or _NO_FILE.match(url):
        raise ConfigError(
            f"{origin}: not the URL of a database: {url_secrets.shown(url)[:_LONGEST]!r}; {_correct_form(url)}"
        )
    url, scan = _parts(url)
    if scan is not None:
        raise ConfigError(
            f"{origin}: {'@' + scan[:40]!r} names one scan, but this option takes the whole database; omit it "
            "(virtscan history show SCAN shows one scan; write another @ of a URL as %40)"
        )
    if not private and any(url_secrets.secrets(url)):
        raise ConfigError(
            f"{origin}: a password on the command line is readable by others; use "
            "[history] url with ${VARIABLE}, or ~/.pgpass"
        )
    scheme, _, rest = url.partition(":")
    return f"postgresql+psycopg:{rest}" if scheme in {"postgresql", "postgres"} else url


def database_file(url: str) -> str | None:
    """Return the file of an SQLite database; None for another database."""
    scheme, mark, path = url.partition(":///")
    return path.partition("?")[0] if scheme.startswith("sqlite") and mark else None


def _correct_form(text: str) -> str:
    """Return how to write the file that a text names, else examples."""
    file = _FILE.fullmatch(text)
    if file is None or len(text) > _LONGEST or not text.isprintable():
        return f"write one, e.g. sqlite:////var/lib/virtscan/history.sqlite, {_POSTGRESQL}"
    return f"write {f'sqlite:///{file[1]}'!r} for that file; for PostgreSQL, e.g. {_POSTGRESQL}"
