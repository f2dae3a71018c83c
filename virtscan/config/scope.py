"""The scope of a scan: which configuration and which hypervisors, as an identifier that shows neither."""

import hashlib
import os
from pathlib import Path

import msgspec

from virtscan.config.declaration import FILES
from virtscan.config.merge import Options
from virtscan.model.sources import without_surrogates
from virtscan.transport import url_secrets

_LENGTH = 16


def scope_of(configuration: Path | None, options: Options) -> str:
    """Identify the scope of a scan; other changes of the configuration leave it as it is.

    Hypervisors that the command line names replace the configuration's, so they are part of it.
    """
    files = [_absolute(path) for key in FILES for path in getattr(options, key)]
    named = sorted({*map(url_secrets.shown, options.connect), *files})
    path = None if configuration is None else _absolute(configuration)
    return hashlib.sha256(msgspec.json.encode([path, named])).hexdigest()[:_LENGTH]


def _absolute(path: str | Path) -> str:
    return without_surrogates(os.path.abspath(path))  # noqa: PTH100 resolve may hang
