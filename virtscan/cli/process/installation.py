"""The end of a process whose own modules, or those they need, can't be imported; it needs nothing but Python."""

from collections.abc import Sequence

INTERNAL_ERROR = 70
"""Exit code of a defect of virtscan."""

_STATUS_UNKNOWN = 3


def report_broken(arguments: Sequence[str]) -> int:
    """Return the exit code; `check` also has a status, because to Nagios a code above 3 is CRITICAL."""
    if arguments[:1] != ["check"]:
        return INTERNAL_ERROR
    print("VIRTSCAN UNKNOWN: virtscan can't be loaded; see standard error")  # noqa: T201 click may be what is missing
    return _STATUS_UNKNOWN
