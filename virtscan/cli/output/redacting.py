"""`--redact MAPFILE`: outputs have pseudonyms, and the private file maps them to names."""

import contextlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from time import monotonic, sleep
from typing import TYPE_CHECKING, TypeVar

from virtscan.cli.output.outputs import PRIVATE, opened
from virtscan.cli.process import leftovers
from virtscan.errors import InventoryError
from virtscan.model import Inventory

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from virtscan.model.history import ScanCounts
    from virtscan.redaction import Map
    from virtscan.trace import Trace

_LARGEST_MAP = 256 << 20
_LONGEST_WAIT = 60.0
"""Seconds to wait for another run, which holds the map for as long as redacting takes."""

_PAUSE = 0.05
S = TypeVar("S")


class Redaction:
    """Replacement of names in values, which adds new pseudonyms to the map; without a map it changes nothing.

    The map is read again, and written, under a lock: simultaneous scans keep each other's pseudonyms.
    """

    def __init__(self, map_file: Path | None, known: "Map | None") -> None:
        self._map_file = map_file
        self._known = known

    @property
    def has_map(self) -> bool:
        """Return True if it replaces names."""
        return self._known is not None

    @property
    def identity(self) -> str | None:
        """Return the identity of the map; None without one."""
        return None if self._known is None else self._known.identity

    def __call__(self, inventory: Inventory) -> Inventory:
        """Return the inventory under pseudonyms; one that was saved under these pseudonyms is returned unchanged."""
        return self.together(inventory)[0]

    def together(self, *inventories: Inventory) -> tuple[Inventory, ...]:
        """Return inventories under pseudonyms that are shown together: a name in one of them is replaced in all."""
        own = self.identity
        real = tuple(inventory for inventory in inventories if inventory.redaction != own)
        if self._known is None or not real:
            return inventories
        from virtscan.redaction import redact_together

        redacted = self._with_map(real, redact_together)
        pending = iter(redacted)
        return tuple(inventory if inventory.redaction == own else next(pending) for inventory in inventories)

    def of_counts(self, counts: "Sequence[ScanCounts]") -> "tuple[ScanCounts, ...]":
        """Return the counts of scans under pseudonyms; those stored under these pseudonyms, by their scope, stay."""
        if self._known is None:
            return tuple(counts)
        from virtscan.redaction import redact_counts

        own = self._known.scopes
        real = tuple(of_scan for of_scan in counts if of_scan.scan.scope not in own)
        redacted = self._with_map(real, redact_counts)
        pending = iter(redacted)
        return tuple(of_scan if of_scan.scan.scope in own else next(pending) for of_scan in counts)

    def scope(self, scope: str | None) -> str | None:
        """Return the pseudonym of a scope, if scans are already kept under it."""
        if self._known is None or scope is None:
            return scope
        from virtscan.redaction import known_scope

        return known_scope(scope, self._known) or scope

    def of_device_name(self, text: str) -> str:
        """Replace the names in a typed name of a device, network, segment or site."""
        if self._known is None:
            return text
        from virtscan.redaction import NameRedaction, Pseudonyms

        return NameRedaction(Pseudonyms(self._known), self._known).of(text)

    @property
    def pseudonyms(self) -> "Mapping[str, str]":
        """Return the pseudonyms of machines, taps and parts of domains, and the forms of other names, by name."""
        return {} if self._known is None else self._known.shown | self._known.words

    def of_condition(self, text: str) -> str:
        """Replace whole names in a typed text, such as a condition."""
        if self._known is None:
            return text
        from virtscan.redaction import Pseudonyms

        return Pseudonyms(self._known).condition(text)

    def of_trace(self, trace: "Trace") -> "Trace":
        """Return the content of a capture under the same pseudonyms."""
        if self._known is None:
            return trace
        from virtscan.redaction import redact_trace

        return self._with_map(trace, redact_trace)

    def _with_map(self, value: S, redact: "Callable[[S, Map], tuple[S, Map]]") -> S:
        if self._known is None or self._map_file is None:
            return value
        from virtscan.redaction import dump_map

        with _locked(self._map_file):
            redacted, self._known = redact(value, _read(self._map_file) or self._known)
            with opened(self._map_file, mode=PRIVATE) as output:
                output.write(dump_map(self._known))
        return redacted


def redaction(map_file: Path | None) -> Redaction:
    """Return the redaction with this map, which is read immediately: an invalid one must fail before hosts are read.

    Raises:
        InventoryError: The file exists, and is not a map, not a regular file, or can't be read.
    """
    if map_file is None:
        return Redaction(None, None)
    from virtscan.redaction import Map

    known = _read(map_file) or Map(key=os.urandom(16).hex())
    leftovers.add(map_file.resolve())  # the child of a scan writes it
    return Redaction(map_file, known)


def _read(map_file: Path) -> "Map | None":
    from virtscan.files import FileError, NoFileError, read_regular
    from virtscan.redaction import load_map

    try:
        return load_map(read_regular(map_file, _LARGEST_MAP)[0], origin=str(map_file))
    except NoFileError:
        return None
    except FileError as error:
        raise InventoryError(f"{map_file}: {error}; use a regular file, which is read and rewritten") from error


@contextlib.contextmanager
def _locked(map_file: Path) -> Iterator[None]:
    """Keep other runs from the map, by a lock file next to it; the kernel releases the lock with the process.

    Raises:
        InventoryError: The lock can't be acquired.
    """
    target = map_file.resolve()
    path = target.with_name(f".{target.name}.lock")
    try:
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, PRIVATE)
    except OSError as error:
        raise InventoryError(
            f"{path}: can't be written: {error.strerror}; virtscan locks the map with this file"
        ) from error
    try:
        _take(lock, path)
        yield
    finally:
        os.close(lock)


def _take(lock: int, path: Path) -> None:
    import fcntl

    end = monotonic() + _LONGEST_WAIT
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if monotonic() > end:
                raise InventoryError(
                    f"{path}: locked by another run for {_LONGEST_WAIT:g} s; wait for that run, or end it"
                ) from error
            sleep(_PAUSE)
        else:
            return
