"""`local:`: this machine is the server."""

from datetime import UTC, datetime
from pathlib import Path

from virtscan.errors import OffloadError
from virtscan.model import Server, ServerTarget
from virtscan.offload.probe import SCRIPT, parse_answer
from virtscan.offload.server import observed
from virtscan.transport import program


def read(target: ServerTarget, *, timeout: float, root: Path = Path("/")) -> Server:
    """Read this machine like a remote one; `timeout` is in seconds, `root` the folder of /etc, /proc and /sys.

    Raises:
        OffloadError: sh can't be run or does not end in time, or the device does not exist.
    """
    folder = "" if root == Path("/") else str(root)
    try:
        completed = program.run(
            ["sh", "-s", "--", target.interface or "", folder],
            stdin=SCRIPT.encode(),
            timeout=timeout,
        )
    except TimeoutError as error:
        raise OffloadError(str(error)) from error
    except OSError as error:
        raise OffloadError(f"sh can't be run: {error.strerror or error}") from error
    return observed(target, parse_answer(completed.stdout), at=datetime.now(UTC))
