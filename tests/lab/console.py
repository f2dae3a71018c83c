"""The serial console of a VM: a file of its own for each boot.

A reset VM continues to write to its file. Output of the old boot that QEMU still holds may come after the reset: it was
once taken for the new boot's outcome.
"""

from pathlib import Path


class Console:
    """The consoles of the boots of one VM, in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._boots = 0

    def of_next_boot(self) -> Path:
        """Return a new empty file; what is written to those before counts no more."""
        self._boots += 1
        self._file.touch(exist_ok=False)
        return self._file

    def printed(self) -> str:
        """Return what the last boot wrote."""
        return self._file.read_bytes().decode(errors="replace")

    @property
    def _file(self) -> Path:
        return self._folder / f"console-{self._boots}"
