"""Secrets in the configuration's text: a file that others can read must hold none."""

import re
from collections.abc import Iterator, Mapping

from virtscan.connectors import uri
from virtscan.errors import ConfigError

_VARIABLES = re.compile(r"(?:\$\{[^}]*\})*")


def refuse_secrets(raw: Mapping[str, object]) -> None:
    """Look at every value as it stands in the file: passwords and tokens, and such in URLs; variables alone are none.

    Raises:
        ConfigError: There is one; it is not repeated.
    """
    tables = raw.get("provisioning", [])
    for number, table in enumerate(tables if isinstance(tables, list) else [], 1):
        for key in ("password", "token") if isinstance(table, dict) else ():
            if not _VARIABLES.fullmatch(str(table.get(key, ""))):
                where = f"provisioning[{number}].{key}"
                raise ConfigError(f"{where}: others can read this file: chmod 600, or give {key}_file or {key}_env")
    for where, text in _strings(raw, ""):
        # Word by word: no address has a blank in it, but a sentence may have an address, and an @ further on.
        if not all(_VARIABLES.fullmatch(secret) for word in text.split() for secret in uri.secrets(word)):
            raise ConfigError(
                f"{where}: it holds a password, and others can read this file: chmod 600, or write ${{VARIABLE}} for it"
            )


def _strings(value: object, where: str) -> Iterator[tuple[str, str]]:
    """Every string with its place, as in `hypervisor[2].uri`."""
    match value:
        case str():
            yield where, value
        case list():
            for number, item in enumerate(value, 1):
                yield from _strings(item, f"{where}[{number}]")
        case dict():
            for key, item in value.items():
                yield from _strings(item, f"{where}.{key}" if where else str(key))
