"""Debian's own kernel, unpacked but not installed: its image, and the modules that a guest needs."""

import lzma
import re
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

_KERNEL = "linux-image-amd64"
_BUSYBOX = "busybox-static"
_DEPENDS = re.compile(rb"\0depends=([a-z0-9_,-]*)\0", re.IGNORECASE)
_SECONDS = 600


class DebianKernel(msgspec.Struct, frozen=True):
    """Files of the unpacked packages; `modules` gives each module's file by its name, with `_` for `-`."""

    release: str
    image: Path
    busybox: Path
    modules: Mapping[str, Path]

    def load_order(self, wanted: Iterable[str]) -> list[tuple[str, bytes]]:
        """Names and contents of these modules and all that they need, what is needed first.

        What the kernel has built in is no module, and left out.
        """
        found: dict[str, bytes] = {}
        for name in wanted:
            self._add(name, found)
        return list(found.items())

    def _add(self, name: str, found: dict[str, bytes]) -> None:
        path = self.modules.get(name.replace("-", "_"))
        if path is None or path.stem in found:
            return
        content = lzma.decompress(path.read_bytes()) if path.suffix == ".xz" else path.read_bytes()
        for needed in needed_by(content):
            self._add(needed, found)
        found[name.replace("-", "_")] = content


def needed_by(module: bytes) -> list[str]:
    """The modules that a module says it needs."""
    match = _DEPENDS.search(module)
    return [name for name in match[1].decode("ascii").split(",") if name] if match else []


def lacking() -> list[str]:
    """What keeps this machine from getting Debian's kernel."""
    absent = [name for name in ("apt-get", "apt-cache", "dpkg-deb") if shutil.which(name) is None]
    return [f"program {name}: a guest with Debian's kernel is played on Debian only" for name in absent]


def fetch(folder: Path) -> DebianKernel:
    """Download the packages into the folder and unpack them there, unless it was done before.

    Raises:
        OSError: There is nothing in the packages of what should be.
        subprocess.SubprocessError: apt-get or dpkg-deb failed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    versioned = _dependency()
    if versioned is None:
        _run(["apt-get", "-qq", "update"], folder)
        versioned = _dependency()
    if versioned is None:
        raise OSError(f"apt knows no {_KERNEL}: is this Debian on x86_64?")
    root = folder / versioned
    if not root.exists():
        _run(["apt-get", "-qq", "download", versioned, _BUSYBOX], folder)
        partial = folder / f"{versioned}.part"
        for package in (versioned, _BUSYBOX):
            deb = next(folder.glob(f"{package}_*.deb"))
            _run(["dpkg-deb", "--extract", str(deb), str(partial)], folder)
            deb.unlink()
        partial.rename(root)
    return _found(root)


def _found(root: Path) -> DebianKernel:
    release = next(root.glob("boot/vmlinuz-*")).name.removeprefix("vmlinuz-")
    modules = {path.name.partition(".ko")[0].replace("-", "_"): path for path in root.rglob("*.ko*")}
    busybox = next(path for path in (root / "bin/busybox", root / "usr/bin/busybox") if path.exists())
    return DebianKernel(release, root / "boot" / f"vmlinuz-{release}", busybox, modules)


def _dependency() -> str | None:
    """The package of the newest kernel, of which the one without a version is only a name."""
    printed = subprocess.run(
        ["apt-cache", "depends", "--important", _KERNEL], capture_output=True, text=True, check=False, timeout=_SECONDS
    ).stdout
    match = re.search(r"Depends: (linux-image-\S+)", printed)
    return match[1] if match else None


def _run(command: list[str], folder: Path) -> None:
    subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True, timeout=_SECONDS)
