"""`on` and `off`: a declared state."""

import msgspec

from virtscan.errors import OffloadError
from virtscan.model import Persistence, Server, ServerTarget
from virtscan.model.facts.persistence import DeclaredOnly
from virtscan.offload.server import described


def read(target: ServerTarget, *, timeout: float) -> Server:  # noqa: ARG001  nothing is waited for
    """Return the server as declared, without a time of observation.

    Raises:
        OffloadError: Neither on nor off is declared.
    """
    if target.declared is None:
        raise OffloadError("declared neither on nor off")
    server = described(target, target.declared)
    return msgspec.structs.replace(server, persistence=Persistence(setting=DeclaredOnly()))
