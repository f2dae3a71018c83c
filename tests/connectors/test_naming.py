import pytest

from virtscan.connectors import naming
from virtscan.model import Target, TargetKind


@pytest.mark.parametrize(
    ("address", "shown"),
    [("esx://root:secret@esx1/", "esx://root:***@esx1/"), ("", "libvirt's default")],
)
def test_an_address_is_shown_without_a_password_and_never_empty(address: str, shown: str) -> None:
    assert naming.shown(Target(kind=TargetKind.LIBVIRT, address=address)) == shown
