"""The plan of a command: the configuration file, if there is one, and what the command line says."""

import os
import stat
from pathlib import Path

from virtscan.cli.console import Console
from virtscan.config import Document, Options, find_config, make_plan, read_document
from virtscan.errors import ConfigError
from virtscan.model import Plan


def load_plan(config: Path | None, options: Options, console: Console) -> Plan:
    """Read the configuration and merge the options into it; warnings go to the console.

    Raises:
        ConfigError: Either of them is wrong.
    """
    path = find_config(config, os.environ)
    document, folder = Document(), Path.cwd()
    if path is not None:
        console.detail(f"configuration: {path}")
        text, private = _content(path)
        document = read_document(text, path=path, environment=os.environ, private=private)
        folder = path.parent
    default_uri = os.environ.get("LIBVIRT_DEFAULT_URI", "")
    plan, warnings = make_plan(document, options, folder=folder, default_uri=default_uri, origin=str(path))
    for warning in warnings:
        console.warn(f"warning: {warning}")
    return plan


def _content(path: Path) -> tuple[str, bool]:
    """The file's text, and whether its owner alone can read it."""
    try:
        with path.open(encoding="utf-8") as file:
            mode = os.fstat(file.fileno()).st_mode
            return file.read(), not mode & (stat.S_IRWXG | stat.S_IRWXO)
    except OSError as error:
        raise ConfigError(f"{path}: can't be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not UTF-8 text (byte {error.start})") from error
