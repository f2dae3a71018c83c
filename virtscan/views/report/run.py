"""The run that made a report: facts for its metrics."""

from datetime import datetime

import msgspec


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """Facts of a scan that its report lacks.

    `seconds` is None for an inventory that was read from a file. `last_complete` is the time of the last complete scan
    before this one, None if there was none.
    """

    exit_code: int
    seconds: float | None = None
    last_complete: datetime | None = None
