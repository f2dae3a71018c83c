"""Reading in a child process: a crash of libvirt's client costs a second reading, not the report."""

from collections.abc import Callable
from signal import Signals
from time import monotonic

from virtscan.cli.output.console import Console
from virtscan.cli.process.supervision import continue_in_child
from virtscan.model import Inventory
from virtscan.model.gaps import AnyCause
from virtscan.model.gaps.causes import ProcessCrashed


def read_in_child(
    read: Callable[[float, bool], Inventory],
    unread: Callable[[AnyCause], Inventory],
    console: Console,
    *,
    seconds: float,
    least: float = 0.0,
) -> Inventory:
    """Read in a child process, where this returns; after a crash, read again in another child, one call at a time.

    Args:
        read: Called with the seconds that it may take, and True if no two calls may share a connection.
        unread: Returns an inventory with nothing read, for the given reason; called after a second crash.
        console: Where a crash is reported.
        seconds: Time limit for both readings.
        least: Time limit of the second reading, if less than this is left.
    """
    from virtscan.cli.output.log import print_log  # loads logging

    print_log(console)
    started = monotonic()
    crash = continue_in_child()
    if crash is None:
        return read(seconds, False)
    if crash is not Signals.SIGKILL:
        console.warn(f"libvirt's client library crashed ({crash.name}); reading again, one call at a time")
        left = max(least, seconds - (monotonic() - started))
        crash = continue_in_child()
        if crash is None:
            return read(left, True)
    return unread(ProcessCrashed(signal=crash.name))
