"""The scope of a command: the configuration whose scans it takes from a history that several share."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from virtscan.errors import ConfigError
from virtscan.model.history import ScanRecord
from virtscan.storage.address import ScanSelector, is_history

if TYPE_CHECKING:
    from virtscan.storage.history import History

_SHORTEST = 4
"""Letters of a scope that are enough, if no other one begins with them."""

scope_option = click.option(
    "--scope",
    metavar="SCOPE|FILE",
    help="Configuration of the scans: its file, or its scope in virtscan history list (default: the configuration "
    "in use, if the history has scans of several).",
)


listed_scope_option = click.option(
    "--scope",
    metavar="SCOPE|FILE",
    help="Show only the scans of this configuration: its file, or its scope in virtscan history list.",
)


def check_scope(option: str | None, *places: str) -> None:
    """Refuse --scope where no place is a history.

    Raises:
        ConfigError: All are files, each with the scan of one configuration.
    """
    if option is not None and not any(map(is_history, places)):
        raise ConfigError(f"--scope is for a history, {places[0]} is a file; omit --scope")


def chosen_scan(history: "History", selector: ScanSelector, option: str | None, config: Path | None) -> ScanRecord:
    """Return the requested scan of the requested configuration.

    Args:
        history: The history.
        selector: The scan; a number needs no scope.
        option: The value of --scope.
        config: The value of --config.

    Raises:
        ConfigError: --scope names no scope of this history, or --config no file.
        HistoryError: The scan does not exist, or the history has several scopes and none is given.
    """
    return history.find(selector, _chosen_scope(history, selector, option, config))


def of_scope(scans: Sequence[ScanRecord], option: str | None) -> Sequence[ScanRecord]:
    """Return the scans of the scope that --scope names; without it all of them.

    Raises:
        ConfigError: It names none of theirs.
    """
    if option is None:
        return scans
    scope = _named_scope(option, tuple(dict.fromkeys(scan.scope for scan in scans)))
    return [scan for scan in scans if scan.scope == scope]


def _chosen_scope(history: "History", selector: ScanSelector, option: str | None, config: Path | None) -> str | None:
    """Return the scope to search for the scan; None for any."""
    if option is None and isinstance(selector, int):
        return None
    scopes = tuple(dict.fromkeys(record.scope for record in history.scans()))
    if option is not None:
        return _named_scope(option, scopes)
    if len(scopes) < 2:
        return None
    from virtscan.config import find_config

    own = _scope_of(find_config(config, os.environ))
    return own if own in scopes else None


def _named_scope(option: str, scopes: tuple[str | None, ...]) -> str:
    """Return the scope that --scope names.

    Raises:
        ConfigError: It names none of these.
    """
    known = [scope for scope in scopes if scope is not None]
    matches = [scope for scope in known if scope.startswith(option)] if len(option) >= _SHORTEST else []
    if option in known or len(matches) == 1:
        return option if option in known else matches[0]
    path = Path(option)
    if os.path.isfile(path) and (own := _scope_of(path)) in known:  # noqa: PTH113 is_file may raise
        return own
    shown = ", ".join(known) or "none"
    raise ConfigError(f"--scope: no scans of {option!r}; the history has {shown}; name one, or its file")


def _scope_of(config: Path | None) -> str | None:
    from virtscan.config import Options
    from virtscan.config.scope import scope_of

    return scope_of(config, Options())
