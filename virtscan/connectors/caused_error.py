"""The error that ends the reading of a hypervisor, with a typed cause."""

from virtscan.errors import ConnectorError, VirtscanError
from virtscan.model.gaps import AnyCause
from virtscan.model.gaps.causes import Failure


class CausedError(ConnectorError):
    """Reading a hypervisor failed or ended early for this cause."""

    def __init__(self, cause: AnyCause) -> None:
        """Keep the cause; `views.wording` makes its sentence."""
        super().__init__(str(cause))
        self.cause = cause


def cause_of(error: VirtscanError) -> AnyCause:
    """Return the typed cause of an error; without one, a cause with the error's text."""
    return error.cause if isinstance(error, CausedError) else Failure(detail=str(error))
