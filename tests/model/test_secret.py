import copy
import pickle

import msgspec
import pytest

from virtscan.model import Plan, ProvisioningKind, ProvisioningTarget, Secret

SECRET = Secret("s3cret")
PLAN = Plan(provisioning=(ProvisioningTarget(kind=ProvisioningKind.COBBLER, url="https://c", secret=SECRET),))


def test_a_secret_is_shown_nowhere() -> None:
    for shown in (repr(SECRET), str(SECRET), f"{SECRET}", f"{SECRET!r:>9}", repr(PLAN), repr(vars_of(SECRET))):
        assert "s3cret" not in shown
    assert repr(SECRET) == "***"


def vars_of(value: object) -> object:
    return getattr(value, "__dict__", None)


def test_a_secret_is_revealed_to_the_code_that_sends_it() -> None:
    assert SECRET.reveal() == "s3cret"


def test_a_secret_is_not_written() -> None:
    with pytest.raises(TypeError):
        msgspec.json.encode(PLAN)
    for write in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError):
            write(SECRET)
