"""`ssh://[user@]host[:port]`: the server itself over SSH, in one round trip."""

from datetime import UTC, datetime

from virtscan.errors import OffloadError, SshError
from virtscan.model import Server, ServerTarget
from virtscan.offload.probe import SCRIPT, parse_answer
from virtscan.offload.server import observed
from virtscan.transport import ssh


def read(target: ServerTarget, *, timeout: float) -> Server:
    """Read the server; `timeout` is in seconds.

    Raises:
        OffloadError: The login failed, the server did not answer in time, or the device does not exist.
    """
    destination = ssh.parse_destination(target.address)
    try:
        output = ssh.run(destination, SCRIPT, arguments=(target.interface or "",), timeout=timeout)
    except SshError as error:
        raise OffloadError(f"ssh: {error}") from error
    return observed(target, parse_answer(output), at=datetime.now(UTC))
