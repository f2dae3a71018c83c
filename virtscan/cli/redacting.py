"""`--redact MAPFILE`: outputs have pseudonyms, and the private file maps them to names."""

import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from virtscan.cli.output import PRIVATE, opened
from virtscan.errors import InventoryError
from virtscan.files import FileError, NoFileError, read_regular
from virtscan.model import Inventory

if TYPE_CHECKING:
    from virtscan.redaction import Map
    from virtscan.trace import Trace
_LARGEST_MAP = 256 << 20


class Redaction:
    """Replacement of names in values, with new pseudonyms added to the map; without a map it changes nothing."""

    def __init__(self, map_file: Path | None, known: "Map | None") -> None:
        self._map_file = map_file
        self._known = known

    def __call__(self, inventory: Inventory) -> Inventory:
        """Give the inventory under pseudonyms."""
        if self._known is None:
            return inventory
        from virtscan.redaction import redact

        redacted, grown = redact(inventory, self._known)
        self._keep(grown)
        return redacted

    def text(self, text: str) -> str:
        """Replace the names that are whole in a typed text, such as a condition."""
        if self._known is None:
            return text
        from virtscan.redaction import Pseudonyms

        return Pseudonyms(self._known).condition(text)

    def of_trace(self, trace: "Trace") -> "Trace":
        """Give the content of a capture under the same pseudonyms."""
        if self._known is None:
            return trace
        from virtscan.redaction import redact_trace

        redacted, grown = redact_trace(trace, self._known)
        self._keep(grown)
        return redacted

    def _keep(self, grown: "Map") -> None:
        from virtscan.redaction import dump_map

        self._known = grown
        with opened(self._map_file, mode=PRIVATE) as output:
            output.write(dump_map(grown))


def redaction(map_file: Path | None) -> Redaction:
    """Return the redaction with this map, which is read at once: an invalid one must fail before hosts are read.

    Raises:
        InventoryError: The file exists, and is not a map, not a regular file, or can't be read.
    """
    if map_file is None:
        return Redaction(None, None)
    from virtscan.redaction import Map, load_map

    try:
        known = load_map(read_regular(map_file, _LARGEST_MAP)[0], origin=str(map_file))
    except NoFileError:
        known = Map(key=secrets.token_hex(16))
    except FileError as error:
        raise InventoryError(f"{map_file}: {error}; give a file for the map, which is read and rewritten") from error
    return Redaction(map_file, known)
