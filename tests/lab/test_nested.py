"""Tests of what a guest with another kernel is started from."""

import lzma
from pathlib import Path

import pytest

from tests.lab.guest_kernel import Kernel, needed_by, read_image
from tests.lab.initramfs import Entry, archive


def module(*needs: str) -> bytes:
    """Return a module as far as it names what it needs."""
    return b"\x7fELF\0license=GPL\0depends=" + ",".join(needs).encode() + b"\0retpoline=Y\0"


@pytest.fixture
def kernel(tmp_path: Path) -> Kernel:
    contents = {"macvtap": module("macvlan", "tap"), "macvlan": module(), "tap": module(), "9pnet_virtio": module()}
    for name, content in contents.items():
        (tmp_path / f"{name}.ko").write_bytes(content)
    (tmp_path / "virtio-net.ko.xz").write_bytes(lzma.compress(module("tap")))
    modules = {path.name.partition(".ko")[0].replace("-", "_"): path for path in tmp_path.iterdir()}
    return Kernel("6.1", tmp_path / "vmlinuz", modules)


def test_dependencies_of_a_module_are_loaded_once_and_before_it(kernel: Kernel) -> None:
    assert [name for name, _ in kernel.load_order(["macvtap", "tap"])] == ["macvlan", "tap", "macvtap"]


def test_a_compressed_module_is_found_under_both_spellings_and_unpacked(kernel: Kernel) -> None:
    assert kernel.load_order(["virtio-net"])[-1] == ("virtio_net", module("tap"))


def test_built_in_drivers_are_not_modules(kernel: Kernel) -> None:
    assert kernel.load_order(["virtio_pci"]) == []


def test_an_empty_dependency_file_requires_nothing() -> None:
    assert needed_by(b"") == []


def test_an_archive_has_every_entry_at_an_even_place_and_an_end() -> None:
    packed = archive([Entry("bin"), Entry("bin/sh", b"#!"), Entry("init", b"12345")])

    assert len(packed) % 4 == 0
    at = [packed.index(f"\0{name}\0".encode()[1:]) - 110 for name in ("bin/sh", "init", "TRAILER!!!")]
    assert [packed[place : place + 6] for place in at] == [b"070701"] * 3
    assert [place % 4 for place in at] == [0, 0, 0]
    assert int(packed[at[1] + 14 : at[1] + 22], 16) == 0o100755
    assert int(packed[at[1] + 54 : at[1] + 62], 16) == 5


def bzimage(version: bytes) -> bytes:
    """Return the start of a bzImage as far as it names its version."""
    header = bytearray(0x400)
    header[0x202:0x206] = b"HdrS"
    header[0x20E:0x210] = (0x100).to_bytes(2, "little")
    header[0x300 : 0x300 + len(version)] = version
    return bytes(header)


def test_an_image_names_its_release(tmp_path: Path) -> None:
    image = tmp_path / "bzImage"
    image.write_bytes(bzimage(b"3.14.1 (root@host) #1 SMP Mon Apr 14 06:51:43 UTC 2014\0"))

    kernel = read_image(image)

    assert (kernel.release, kernel.image, kernel.modules) == ("3.14.1", image, {})


@pytest.mark.parametrize("content", [b"", b"\x7fELF" + bytes(0x400), bzimage(b"\0")])
def test_a_file_that_is_not_an_image_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(content)

    with pytest.raises(OSError, match="bzImage"):
        read_image(tmp_path / "file")
