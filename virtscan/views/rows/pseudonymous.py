"""`--where` conditions on a report whose names are pseudonyms."""

from collections.abc import Callable

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


def refuse_pattern(text: str, section: Section) -> None:
    """Refuse a glob or regular expression on names: it matches no pseudonym, and its result would look like good news.

    Raises:
        ConfigError: It is one.
    """
    condition = parse_condition(text)
    if ("~" in condition.sign or _GLOB & {*condition.operand}) and _has_pseudonyms(condition, section):
        raise ConfigError(f"--where {text}: a pattern matches no pseudonym; write whole names, or omit --redact")


def under_pseudonyms(text: str, section: Section, of: Callable[[str], str]) -> str:
    """Return a condition on names as one on their pseudonyms; a name that the report does not have is withheld.

    Args:
        text: The condition as typed.
        section: The section with the columns.
        of: Gives a name its pseudonym, and returns a name without one as it is.
    """
    condition = parse_condition(text)
    is_kept = not _has_pseudonyms(condition, section)
    if is_kept and ("~" in condition.sign or _GLOB & {*condition.operand}):
        return text
    operand = ",".join(
        part and (_WITHHELD if (pseudonym := of(part)) == part and not is_kept else pseudonym)
        for part in condition.parts
    )
    return msgspec.structs.replace(condition, operand=operand).text


def _has_pseudonyms(condition: RowCondition, section: Section) -> bool:
    column = section.columns[place_of(section, condition.column, "--where")]
    return not column.words and not column.is_number and column.key not in _KEPT
