import msgspec
import pytest
from hypothesis import given

from tests.storage.inventories import of
from virtscan.model import Disk, Resources, State, pack, unpack
from virtscan.model.facts.packing import NO_RESOURCES, Packed, reshape


@pytest.mark.long
@given(of(Resources))
def test_unpacking_returns_the_packed_resources(resources: Resources) -> None:
    assert unpack(pack(resources)) == resources


def test_a_text_that_contains_the_separator_is_unpacked_unchanged() -> None:
    resources = Resources(description="a\0b", disks=(Disk(path="\0"), Disk(path="", volume="v")))

    assert unpack(pack(resources)) == resources


def test_domains_that_differ_in_their_own_texts_alone_share_the_rest() -> None:
    first, second = (pack(Resources(description=name, disks=(Disk(path=f"/{name}.img"),))) for name in ("a", "b"))

    assert first.shape is second.shape
    assert first != second


@pytest.mark.long
@given(of(Resources))
def test_packed_texts_are_kept_under_another_shape(resources: Resources) -> None:
    packed = pack(resources)
    shape = msgspec.structs.replace(packed.shape, autostart=State.ON, balloon_mib=7)

    assert unpack(reshape(packed, shape)) == msgspec.structs.replace(resources, autostart=State.ON, balloon_mib=7)


def test_resources_without_a_fact_are_omitted_whichever_domain_was_packed_before() -> None:
    empty = pack(Resources())

    assert unpack(empty) is unpack(Packed()) is NO_RESOURCES
