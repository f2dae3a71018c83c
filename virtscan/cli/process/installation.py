"""The end of a process whose own modules, or those they need, can't be imported; it needs nothing but Python."""

import sys
from collections.abc import Sequence

INTERNAL_ERROR = 70
"""Exit code of a defect of virtscan."""

_STATUS_UNKNOWN = 3


def report_unloadable(error: Exception, arguments: Sequence[str]) -> int:
    """Report an error of an import; return the exit code."""
    if sys.stderr is not None:
        sys.stderr.write(f"virtscan: can't be loaded: {error!r}; install it again, with this Python\n")
    return report_broken(arguments)


def report_broken(arguments: Sequence[str]) -> int:
    """Return the exit code; `check` also has a status, because to Nagios a code above 3 is CRITICAL."""
    if arguments[:1] != ["check"]:
        return INTERNAL_ERROR
    print("VIRTSCAN UNKNOWN: virtscan can't be loaded; see standard error")  # noqa: T201 click may be what is missing
    return _STATUS_UNKNOWN
