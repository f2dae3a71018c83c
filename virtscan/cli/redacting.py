"""`--redact MAPFILE`: what is written has pseudonyms, and the private file says for what."""

import secrets
from collections.abc import Callable
from pathlib import Path

from virtscan.cli.output import opened
from virtscan.errors import InventoryError
from virtscan.model import Inventory

_PRIVATE = 0o600


def redaction(map_file: Path | None) -> Callable[[Inventory], Inventory]:
    """What puts pseudonyms into an inventory, and those that are new into the map; what changes nothing for None.

    The map is read at once, so that a wrong one is found before hosts are bothered.

    Raises:
        InventoryError: The file is there and holds no map, or can't be read.
    """
    if map_file is None:
        return lambda inventory: inventory
    from virtscan.redaction import Map, dump_map, load_map, redact

    try:
        known = load_map(map_file.read_bytes(), origin=str(map_file))
    except FileNotFoundError:
        known = Map(key=secrets.token_hex(16))
    except OSError as error:
        raise InventoryError(f"{map_file}: can't be read: {error.strerror}") from error

    def redacted(inventory: Inventory) -> Inventory:
        without_names, grown = redact(inventory, known)
        with opened(map_file, mode=_PRIVATE) as output:
            output.write(dump_map(grown))
        return without_names

    return redacted
