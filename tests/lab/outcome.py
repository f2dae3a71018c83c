"""The outcome of a boot, from the firmware's output on the serial console; pure."""

import re
from enum import Enum

MARK = "the boot file of the lab runs"
"""The output of the boot file."""


class Outcome(Enum):
    """The end of a boot."""

    BOOTS = "boots"
    NO_LEASE = "no DHCP answer"
    TFTP_TIMEOUT = "TFTP timeout"
    HTTP_TIMEOUT = "HTTP timeout"
    OTHER = "failed otherwise"
    UNDECIDED = "no end in time"


# Where the terminal's own line ends the firmware breaks lines: they are joined before anything is looked for.
_LINE_ENDS = re.compile(r"[\0\r\n]|\x1b\[[0-9;?=]*[A-Za-z]")

# The first that is found: from iPXE (codes of ipxe.org), and from EDK2's network stack.
_SIGNS = (
    (re.compile(re.escape(MARK)), Outcome.BOOTS),
    (re.compile(r"NBP file downloaded successfully"), Outcome.BOOTS),
    (re.compile(r"tftp://\S+?\.{3,} *Connection timed out \(http://ipxe\.org/4c126035\)"), Outcome.TFTP_TIMEOUT),
    (re.compile(r"http://\S+?\.{3,} *Connection timed out \(http://ipxe\.org/4c0a6035\)"), Outcome.HTTP_TIMEOUT),
    (re.compile(r"No configuration methods succeeded \(http://ipxe\.org/040ee119\)"), Outcome.NO_LEASE),
    (re.compile(r"PXE-E18: Server response timeout"), Outcome.TFTP_TIMEOUT),
    (re.compile(r"PXE-E16: No valid offer received"), Outcome.NO_LEASE),
    (re.compile(r"No more network devices|PXE-E\d\d:|No bootable device|Shell>"), Outcome.OTHER),
)


def read_outcome(console: str) -> Outcome:
    """Return how the boot ended, from all that the console printed since it began; UNDECIDED while it goes on."""
    text = _LINE_ENDS.sub("", console)
    return next((outcome for sign, outcome in _SIGNS if sign.search(text)), Outcome.UNDECIDED)
