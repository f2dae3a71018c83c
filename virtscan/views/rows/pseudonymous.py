"""`--where` conditions on a report whose names are pseudonyms."""

import re
import warnings
from collections.abc import Callable, Mapping
from fnmatch import translate

import msgspec

from virtscan.errors import ConfigError
from virtscan.views.document import Section
from virtscan.views.rows.columns import place_of
from virtscan.views.rows.filters import RowCondition, parse_condition

_KEPT = frozenset({
    "cpu_model", "kernel", "kernel_source", "libvirt", "lower_devices", "machine", "macvtap_by_device", "model",
    "network", "networks", "os", "portgroup", "segment", "segments", "server_interface", "site", "source_device",
    "type", "vlan",
})  # fmt: skip
"""Columns with texts that redaction leaves as they are; all others may hold names."""

_WITHHELD = "(withheld)"
_GLOB = frozenset("*?[")
_WORD = re.compile(r"[^\W_]+")
_SHORTEST = 3
"""Length of a word in a pattern from which it shows part of a name."""


def refuse_pattern(text: str, section: Section) -> None:
    """Refuse a glob or regular expression on names: it matches no pseudonym, and its result would look like good news.

    Raises:
        ConfigError: It is one.
    """
    condition = parse_condition(text)
    if ("~" in condition.sign or _GLOB & {*condition.operand}) and _has_pseudonyms(condition, section):
        raise ConfigError(f"--where {text}: a pattern matches no pseudonym; write whole names, or omit --redact")


def under_pseudonyms(
    text: str, section: Section, *, of: Callable[[str], str], of_kept: Callable[[str], str], names: Mapping[str, str]
) -> str:
    """Return a condition on names as one on their pseudonyms; a name that the report does not have is withheld.

    So is a pattern that would show a name of a machine or part of one. A pattern that matches a name but not its
    pseudonym would lose rows, and is withheld too.

    Args:
        text: The condition as typed.
        section: The section with the columns.
        of: Gives a name its pseudonym, and returns a name without one as it is.
        of_kept: Does so with the names in a text of a column that stays.
        names: Pseudonyms by name of a machine, a tap, or a part of a domain.
    """
    condition = parse_condition(text)
    is_kept = not _has_pseudonyms(condition, section)
    is_regex = "~" in condition.sign

    def shown(part: str) -> str:
        pseudonym = of_kept(part) if is_kept else of(part)
        if is_kept and (is_regex or _GLOB & {*part}):
            return _WITHHELD if pseudonym != part or _is_telling(part, names, is_regex=is_regex) else part
        return _WITHHELD if pseudonym == part and not is_kept else pseudonym

    parts = [condition.operand] if is_regex else condition.parts
    return msgspec.structs.replace(condition, operand=",".join(part and shown(part) for part in parts)).text


def _is_telling(pattern: str, names: Mapping[str, str], *, is_regex: bool) -> bool:
    """Return True if a pattern matches a name but not its pseudonym, or a word in it begins a word of a name."""
    words = {word.casefold() for word in _WORD.findall(pattern) if len(word) >= _SHORTEST}
    with warnings.catch_warnings(action="ignore", category=FutureWarning):  # it would show the pattern
        matches = re.compile(pattern if is_regex else translate(pattern), re.IGNORECASE).search
    return any(
        (matches(name) and not matches(pseudonym))
        or any(part.startswith(word) for word in words for part in _WORD.findall(name.casefold()))
        for name, pseudonym in names.items()
    )


def _has_pseudonyms(condition: RowCondition, section: Section) -> bool:
    column = section.columns[place_of(section, condition.column, "--where")]
    return not column.words and not column.is_number and column.key not in _KEPT
