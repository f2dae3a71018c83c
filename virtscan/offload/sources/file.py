"""`file:PATH`: saved output of `ethtool -k`."""

from pathlib import Path

from virtscan.errors import OffloadError
from virtscan.files import FileError, moment, read_regular
from virtscan.model import Server, ServerTarget
from virtscan.offload.ethtool import parse_features
from virtscan.offload.server import captured

_LIMIT = 4 << 20


def read(target: ServerTarget, *, timeout: float) -> Server:  # noqa: ARG001  a regular file needs no limit
    """Read the file; its time of modification counts as the time of the observation.

    Raises:
        OffloadError: It is missing, too large, not a regular file (a pipe might never end), or not about the device.
    """
    try:
        content, status = read_regular(Path(target.address), _LIMIT)
    except FileError as error:
        raise OffloadError(str(error)) from error
    capture = parse_features(content.decode(errors="replace"), target.interface)
    return captured(target, capture, at=moment(status.st_mtime))
