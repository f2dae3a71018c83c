"""Failures of a whole hypervisor whose cause is more than words."""

from virtscan.errors import ConnectorError, VirtscanError
from virtscan.model.gaps import AnyCause
from virtscan.model.gaps.causes import Failure


class CausedError(ConnectorError):
    """Reading a hypervisor failed or ended early for this cause."""

    def __init__(self, cause: AnyCause) -> None:
        """Keep the cause; its words are made last."""
        super().__init__(str(cause))
        self.cause = cause


def cause_of(error: VirtscanError) -> AnyCause:
    """Return the cause that an error has, or else its words."""
    return error.cause if isinstance(error, CausedError) else Failure(detail=str(error))
