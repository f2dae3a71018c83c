"""What a guest with another kernel is started from."""

import lzma
from pathlib import Path

import pytest

from tests.lab.debian_kernel import DebianKernel, needed_by
from tests.lab.initramfs import Entry, archive


def module(*needs: str) -> bytes:
    """A module as far as it says what it needs."""
    return b"\x7fELF\0license=GPL\0depends=" + ",".join(needs).encode() + b"\0retpoline=Y\0"


@pytest.fixture
def kernel(tmp_path: Path) -> DebianKernel:
    contents = {"macvtap": module("macvlan", "tap"), "macvlan": module(), "tap": module(), "9pnet_virtio": module()}
    for name, content in contents.items():
        (tmp_path / f"{name}.ko").write_bytes(content)
    (tmp_path / "virtio-net.ko.xz").write_bytes(lzma.compress(module("tap")))
    modules = {path.name.partition(".ko")[0].replace("-", "_"): path for path in tmp_path.iterdir()}
    return DebianKernel("6.1", tmp_path / "vmlinuz", tmp_path / "busybox", modules)


def test_what_a_module_needs_is_loaded_before_it_and_once(kernel: DebianKernel) -> None:
    assert [name for name, _ in kernel.load_order(["macvtap", "tap"])] == ["macvlan", "tap", "macvtap"]


def test_a_compressed_module_is_found_under_both_spellings_and_unpacked(kernel: DebianKernel) -> None:
    assert kernel.load_order(["virtio-net"])[-1] == ("virtio_net", module("tap"))


def test_what_is_built_in_is_no_module(kernel: DebianKernel) -> None:
    assert kernel.load_order(["virtio_pci"]) == []


def test_a_file_that_says_nothing_needs_nothing() -> None:
    assert needed_by(b"") == []


def test_an_archive_has_every_entry_at_an_even_place_and_an_end() -> None:
    packed = archive([Entry("bin"), Entry("bin/sh", b"#!"), Entry("init", b"12345")])

    assert len(packed) % 4 == 0
    at = [packed.index(f"\0{name}\0".encode()[1:]) - 110 for name in ("bin/sh", "init", "TRAILER!!!")]
    assert [packed[place : place + 6] for place in at] == [b"070701"] * 3
    assert [place % 4 for place in at] == [0, 0, 0]
    assert int(packed[at[1] + 14 : at[1] + 22], 16) == 0o100755
    assert int(packed[at[1] + 54 : at[1] + 62], 16) == 5
