"""`--where` conditions on a report whose names are pseudonyms."""

import re
import warnings
from collections.abc import Callable, Collection, Mapping
from fnmatch import translate

import msgspec

from virtscan.errors import ConfigError
from virtscan.views.document import Column, Section
from virtscan.views.rows.columns import place_of
from virtscan.views.rows.filters import RowCondition, parse_condition

_KEPT = frozenset({"cpu_model", "kernel", "kernel_source", "libvirt", "machine", "model", "os", "type", "vlan"})
"""Columns with texts that redaction leaves as they are, in addition to words and numbers."""

_KEPT_IN_PART = frozenset({
    "lower_devices", "macvtap_by_device", "network", "networks", "portgroup", "segment", "segments",
    "server_interface", "site", "source_device",
})  # fmt: skip
"""Columns with names of devices, networks, segments or sites; all others may hold names of machines."""

_WITHHELD = "(withheld)"
_GLOB = frozenset("*?[")
_WORD = re.compile(r"[^\W_]+")
_SHORTEST = 2
"""Length of the shortest word in a pattern that shows part of a name."""

_COUNT = re.compile(r"\\?=(?:\\d|[.*+?$])*\d{0,3}(?:\\d|[.*+?$])*$")
"""The number behind a device in macvtap_by_device."""


def refuse_pattern(text: str, section: Section) -> None:
    """Refuse a glob or regular expression on names: it matches no pseudonym, and its result would look like good news.

    Raises:
        ConfigError: It is one.
    """
    condition = parse_condition(text)
    if ("~" in condition.sign or _GLOB & {*condition.operand}) and _has_pseudonyms(condition, section):
        raise ConfigError(f"--where {text}: a pattern matches no pseudonym; write whole names, or omit --redact")


def under_pseudonyms(
    text: str, section: Section, *, of: Callable[[str], str], of_device: Callable[[str], str], names: Mapping[str, str]
) -> str:
    """Return a condition on names as one on their pseudonyms; a name that the report does not have is withheld.

    A condition on words, numbers and other texts that redaction keeps is returned as it is. A pattern on
    names of devices is withheld if it matches no shown form, or has a word that none has: it may be a name. So is one
    that matches a name but not its form, because it would lose rows.

    Args:
        text: The condition as typed.
        section: The section with the columns.
        of: Gives a name its pseudonym, and returns a name without one as it is.
        of_device: Does so with the words of a name of a device, network, segment or site.
        names: Pseudonyms by name of a machine, a tap or a part of a domain; forms by name of a device or network.
    """
    condition = parse_condition(text)
    if _is_kept(condition, section):
        return condition.text
    is_device = not _has_pseudonyms(condition, section)
    is_regex = "~" in condition.sign

    def shown(part: str) -> str:
        if not is_device:
            return pseudonym if (pseudonym := of(part)) != part else _WITHHELD
        if is_regex or _GLOB & {*part}:
            is_shown = of_device(part) == part and _is_known(part, names.values(), is_regex=is_regex)
            return part if is_shown and _is_lossless(part, names, is_regex=is_regex) else _WITHHELD
        device, equals, count = part.rpartition("=")  # as in macvtap_by_device
        return of_device(device) + equals + count if equals and count.isdigit() else of_device(part)

    parts = [condition.operand] if is_regex else condition.parts
    return msgspec.structs.replace(condition, operand=",".join(part and shown(part) for part in parts)).text


def _is_lossless(pattern: str, names: Mapping[str, str], *, is_regex: bool) -> bool:
    """Return True if a pattern matches the form of each name that it matches."""
    matches = _search(pattern, is_regex=is_regex)
    return all(matches(form) or not matches(name) for name, form in names.items() if name != form)


def _is_known(pattern: str, forms: Collection[str], *, is_regex: bool) -> bool:
    """Return True if a pattern matches a form that is shown, and forms have its words: others may be parts of names."""
    matches = _search(pattern := _COUNT.sub("", pattern), is_regex=is_regex)
    words = [word.casefold() for word in _WORD.findall(pattern) if len(word) >= _SHORTEST]
    return any(map(matches, forms)) and all(any(word in form.casefold() for form in forms) for word in words)


def _search(pattern: str, *, is_regex: bool) -> Callable[[str], object]:
    with warnings.catch_warnings(action="ignore", category=FutureWarning):  # it would show the pattern
        return re.compile(pattern if is_regex else translate(pattern), re.IGNORECASE).search


def _is_kept(condition: RowCondition, section: Section) -> bool:
    column = _column(condition, section)
    return bool(column.words) or column.is_number or column.key in _KEPT


def _has_pseudonyms(condition: RowCondition, section: Section) -> bool:
    return not _is_kept(condition, section) and _column(condition, section).key not in _KEPT_IN_PART


def _column(condition: RowCondition, section: Section) -> Column:
    return section.columns[place_of(section, condition.column, "--where")]
