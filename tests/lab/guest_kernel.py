"""Kernels for a nested guest: Debian's own, unpacked but not installed, or an image with its drivers built in."""

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
_SETUP_BYTES = 1 << 16


class Kernel(msgspec.Struct, frozen=True):
    """A kernel for a guest; `modules` gives each module's file by its name, with `_` for `-`."""

    release: str
    image: Path
    modules: Mapping[str, Path] = {}

    def load_order(self, wanted: Iterable[str]) -> list[tuple[str, bytes]]:
        """Return names and contents of these modules and all that they need, the needed ones first.

        Drivers that the kernel has built in are left out.
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
    """Return the modules that a module names as needed."""
    match = _DEPENDS.search(module)
    return [name for name in match[1].decode("ascii").split(",") if name] if match else []


def lacking() -> list[str]:
    """Return the programs that this machine needs to get Debian's packages and has not."""
    absent = [name for name in ("apt-get", "apt-cache", "dpkg-deb") if shutil.which(name) is None]
    return [f"program {name}: a nested guest is started on Debian only" for name in absent]


def read_image(path: Path) -> Kernel:
    """Read the release of a bzImage; its drivers have to be built in.

    Raises:
        OSError: The file can't be read, or is not a bzImage.

    Source:
        Documentation/arch/x86/boot.rst of the kernel: `header`, `kernel_version`.
    """
    with path.open("rb") as file:
        start = file.read(_SETUP_BYTES)
    if start[0x202:0x206] != b"HdrS":
        raise OSError(f"{path}: not a bzImage; give the kernel's arch/x86/boot/bzImage")
    at = int.from_bytes(start[0x20E:0x210], "little") + 0x200
    release = start[at:].partition(b"\0")[0].partition(b" ")[0].decode("ascii", errors="replace")
    if not release:
        raise OSError(f"{path}: a bzImage without a release; build it again")
    return Kernel(release, path.resolve())


def fetch_kernel(folder: Path) -> Kernel:
    """Download Debian's kernel into the folder and unpack it there, unless it was done before.

    Raises:
        OSError: apt does not know the package, or a file is missing in it.
        subprocess.SubprocessError: apt-get or dpkg-deb failed.
    """
    root = _fetched(folder, _KERNEL, versioned=True)
    release = next(root.glob("boot/vmlinuz-*")).name.removeprefix("vmlinuz-")
    modules = {path.name.partition(".ko")[0].replace("-", "_"): path for path in root.rglob("*.ko*")}
    return Kernel(release, root / "boot" / f"vmlinuz-{release}", modules)


def fetch_busybox(folder: Path) -> Path:
    """Download a static busybox in the same way, and return its program.

    Raises:
        OSError: As above.
        subprocess.SubprocessError: As above.
    """
    root = _fetched(folder, _BUSYBOX, versioned=False)
    return next(path for path in (root / "bin/busybox", root / "usr/bin/busybox") if path.exists())


def _fetched(folder: Path, package: str, *, versioned: bool) -> Path:
    """Return the folder with a package's files; `versioned` if it is only a name for the newest version's package."""
    folder.mkdir(parents=True, exist_ok=True)
    name = _named(package, versioned=versioned)
    if name is None:
        _run(["apt-get", "-qq", "update"], folder)
        name = _named(package, versioned=versioned)
    if name is None:
        raise OSError(f"apt has no package {package}; a nested guest needs Debian on x86_64")
    root = folder / name
    if not root.exists():
        _run(["apt-get", "-qq", "download", name], folder)
        deb = next(folder.glob(f"{name}_*.deb"))
        partial = folder / f"{name}.part"
        _run(["dpkg-deb", "--extract", str(deb), str(partial)], folder)
        deb.unlink()
        partial.rename(root)
    return root


def _named(package: str, *, versioned: bool) -> str | None:
    """Return the name to download, None if apt has no such package."""
    words = ["depends", "--important", package] if versioned else ["show", package]
    printed = subprocess.run(
        ["apt-cache", *words], capture_output=True, text=True, check=False, timeout=_SECONDS
    ).stdout
    if not versioned:
        return package if printed else None
    match = re.search(r"Depends: (linux-image-\S+)", printed)
    return match[1] if match else None


def _run(command: list[str], folder: Path) -> None:
    subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True, timeout=_SECONDS)
