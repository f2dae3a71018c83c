"""Secrets in the configuration's text: a file readable by others must not hold any."""

import re
from collections.abc import Iterator, Mapping

from virtscan.config.file.values import table_name
from virtscan.errors import ConfigError
from virtscan.transport import url_secrets

_VARIABLES = re.compile(r"(?:\$\{[^}]*\})*")


def refuse_secrets(raw: Mapping[str, object]) -> None:
    """Refuse passwords and tokens written out in the file, also inside URLs; variables alone are allowed.

    Raises:
        ConfigError: A secret was found; the message does not repeat it.
    """
    tables = raw.get("provisioning", [])
    for number, table in enumerate(tables if isinstance(tables, list) else [], 1):
        for key in ("password", "token") if isinstance(table, dict) else ():
            if not _VARIABLES.fullmatch(str(table.get(key, ""))):
                subject = f"{table_name('provisioning', number, table)}: {key}"
                raise ConfigError(
                    f"{subject}: secret in a file readable by others; chmod 600, or use {key}_file or {key}_env"
                )
    for subject, text in _everywhere(raw):
        # Word by word: an address has no blank, but a sentence may hold an address, and an @ further on.
        if not all(_VARIABLES.fullmatch(secret) for word in text.split() for secret in url_secrets.secrets(word)):
            raise ConfigError(f"{subject}: password in a file readable by others; chmod 600, or use ${{VARIABLE}}")


def _everywhere(raw: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """Yield every string of the file with its place, as in `2nd [[hypervisor]]: uri`."""
    for key, value in raw.items():
        if not isinstance(value, list):
            yield from _strings(value, key)
            continue
        for number, table in enumerate(value, 1):
            subject = table_name(key, number, table)
            for name, item in table.items() if isinstance(table, dict) else [("", table)]:
                yield from _strings(item, f"{subject}: {name}" if name else subject)


def _strings(value: object, place: str) -> Iterator[tuple[str, str]]:
    """Yield every string with its place, as in `mac[2]`."""
    match value:
        case str():
            yield place, value
        case list():
            for number, item in enumerate(value, 1):
                yield from _strings(item, f"{place}[{number}]")
        case dict():
            for key, item in value.items():
                yield from _strings(item, f"{place}.{key}" if place else str(key))
