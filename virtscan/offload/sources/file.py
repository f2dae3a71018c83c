"""`file:PATH`: saved output of `ethtool -k`."""

from datetime import UTC, datetime
from pathlib import Path

from virtscan.errors import OffloadError
from virtscan.model import Server, ServerTarget
from virtscan.offload.ethtool import parse_features
from virtscan.offload.server import captured

_LIMIT = 4 << 20


def read(target: ServerTarget, *, timeout: float) -> Server:  # noqa: ARG001  a regular file needs no limit
    """Read the file; its time of modification counts as the time of the observation.

    Raises:
        OffloadError: It is not there, no regular file (a pipe might never end), too large, or not about the device.
    """
    path = Path(target.address)
    try:
        if path.exists() and not path.is_file():
            raise OffloadError("not a regular file")
        with path.open("rb") as file:
            content = file.read(_LIMIT + 1)
        modified = path.stat().st_mtime
    except OSError as error:
        raise OffloadError(f"can't be read: {error.strerror}") from error
    if len(content) > _LIMIT:
        raise OffloadError("too large for ethtool -k output")
    capture = parse_features(content.decode(errors="replace"), target.interface)
    return captured(target, capture, at=datetime.fromtimestamp(modified, UTC))
