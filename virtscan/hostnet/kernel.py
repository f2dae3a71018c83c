"""Parser of `uname -srv`."""

import re

import msgspec

_LINUX = re.compile(r"Linux (?P<release>[A-Za-z0-9][A-Za-z0-9._+~-]{0,99})(?: (?P<build>[ -~]{1,200}))?")


class RunningKernel(msgspec.Struct, frozen=True, kw_only=True):
    """A Linux kernel: `uname -r` and, if known, `uname -v`."""

    release: str
    build: str | None = None


def read_uname(text: str) -> RunningKernel | None:
    """Parse the line that `uname -srv` prints; return None if it is not Linux or not such a line.

    The build may contain blanks, for example `#1 SMP Debian 6.1.76-1 (2024-02-01)`.
    """
    linux = _LINUX.fullmatch(text.strip())
    return RunningKernel(release=linux["release"], build=linux["build"]) if linux else None
