"""Pseudo-terminals for commands, whose output differs from that into a file."""

import os


def printed_on(screen: int) -> str:
    """Return everything that is printed on a terminal until its last user has closed it, and close the screen."""
    shown = b""
    try:
        while chunk := os.read(screen, 65536):
            shown += chunk
    except OSError:  # EIO: every process has closed the other end (pty(7))
        pass
    finally:
        os.close(screen)
    return shown.decode().replace("\r\n", "\n")
