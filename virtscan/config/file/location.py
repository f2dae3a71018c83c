"""Search order of the configuration file."""

from collections.abc import Mapping
from pathlib import Path

from virtscan.errors import ConfigError

SYSTEM_FILE = Path("/etc/virtscan/virtscan.toml")


def find_config(
    explicit: Path | None, environment: Mapping[str, str], *, system_file: Path = SYSTEM_FILE
) -> Path | None:
    """Return the first of `explicit`, `VIRTSCAN_CONFIG`, the user's file and the system's; None if there is none.

    A file that was named must be a regular one; only the last two may be absent.

    Raises:
        ConfigError: The file named on the command line or in the environment is not one. Also if a folder
            of the search order can't be read.
    """
    named = environment.get("VIRTSCAN_CONFIG")
    path = explicit or (Path(named) if named else None)
    if path is not None:
        if not _exists(path):
            problem = "not a regular file" if path.exists() else "no such file"
            raise ConfigError(f"{path}: {problem}{'' if explicit else ' (VIRTSCAN_CONFIG names it)'}")
        return path
    folder = user_folder(environment)
    candidates = [folder / "virtscan" / "virtscan.toml"] if folder else []
    return next((path for path in [*candidates, system_file] if _exists(path)), None)


def user_folder(environment: Mapping[str, str]) -> Path | None:
    """Return the folder with the user's configuration of every program; None for a user without a home."""
    home = environment.get("HOME")
    folder = environment.get("XDG_CONFIG_HOME") or (f"{home}/.config" if home else None)
    return Path(folder) if folder else None


def _exists(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError as error:
        raise ConfigError(f"{path}: can't be read: {error.strerror}; name another with VIRTSCAN_CONFIG") from error
