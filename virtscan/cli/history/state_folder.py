"""The folder for files that runs leave behind: locks, and copies of scans that the database did not take."""

import os
from pathlib import Path

_PRIVATE = 0o700


def state_directory() -> Path:
    """Return the folder, which exists then: systemd's StateDirectory=, else that of the user.

    Raises:
        OSError: It can't be made.
    """
    directory = os.environ.get("STATE_DIRECTORY", "").partition(":")[0]
    home = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    folder = Path(directory) if directory else Path(home) / "virtscan"
    folder.mkdir(mode=_PRIVATE, parents=True, exist_ok=True)
    return folder
