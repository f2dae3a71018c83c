import errno

import pytest

from virtscan.model import ProvisioningKind
from virtscan.provisioning import READERS
from virtscan.provisioning.connecting import connection_failure
from virtscan.provisioning.limits import Deadline


def test_every_kind_of_provisioning_system_has_a_reader() -> None:
    assert set(READERS) == set(ProvisioningKind)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (OSError(errno.EHOSTUNREACH, "No route to host"), "no connection (No route to host)"),
        (OSError("something"), "no connection (OSError)"),
        (ConnectionResetError(), "connection closed by the server"),
        (TimeoutError(), "no answer within 3 s"),
    ],
)
def test_each_failure_has_its_reason(error: OSError, reason: str) -> None:
    assert connection_failure(error, Deadline(3)) == reason


def test_the_reason_is_found_below_those_of_libraries() -> None:
    error = OSError("in a library")
    error.__cause__ = OSError("in another")
    error.__cause__.__context__ = ConnectionRefusedError()

    assert connection_failure(error, Deadline(3)) == "connection refused; check url, and that the server is running"
