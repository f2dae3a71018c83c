"""Secrets in the configuration's text: a file readable by others must not hold any."""

import re
from collections.abc import Iterator, Mapping

from virtscan.config.file.problems import Problems
from virtscan.config.file.values import table_name
from virtscan.errors import ConfigError
from virtscan.transport import url_secrets

_VARIABLES = re.compile(r"(?:\$\{[^}]*\})*")


def refuse_secrets(raw: Mapping[str, object], problems: Problems) -> None:
    """Refuse passwords and tokens written out in the file, also inside URLs; variables alone are allowed.

    `problems` takes an error for each; it does not repeat the secret.
    """
    for table, number, key, subject, text in _everywhere(raw):
        if table == "provisioning" and key in ("password", "token"):
            if not _VARIABLES.fullmatch(text):
                problem = f"secret in a file readable by others; chmod 600, or use {key}_file or {key}_env"
                problems.add(ConfigError(f"{subject}: {problem}", key=key), table, number)
        # Word by word: an address has no blank, but a sentence may hold an address, and an @ further on.
        elif not all(_VARIABLES.fullmatch(secret) for word in text.split() for secret in url_secrets.secrets(word)):
            problem = "password in a file readable by others; chmod 600, or use ${VARIABLE}"
            problems.add(ConfigError(f"{subject}: {problem}", key=key), table, number)


def _everywhere(raw: Mapping[str, object]) -> Iterator[tuple[str, int, str, str, str]]:
    """Yield every string with its table, the table's number, its key and its place, e.g. `2nd [[hypervisor]]: uri`."""
    for table, value in raw.items():
        for number, content in enumerate(value if isinstance(value, list) else [value], 1):
            is_repeated = isinstance(value, list)
            subject = f"{table_name(table, number, content)}: " if is_repeated else f"{table}."
            for key, item in content.items() if isinstance(content, dict) else [("", content)]:
                place = f"{subject}{key}" if key else subject.rstrip(": .")
                yield from ((table, number, key, *found) for found in _strings(item, place))


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
                yield from _strings(item, f"{place}.{key}")
