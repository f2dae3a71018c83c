"""The hypervisor that is scanned when neither the command line nor the configuration names one."""

import os
import re
from collections.abc import Mapping
from pathlib import Path

import msgspec

from virtscan.config.file.location import user_folder
from virtscan.errors import ConfigError

SYSTEM_FILE = Path("/etc/libvirt/libvirt.conf")
BUILT_IN = "qemu:///system"

_DEFAULT = re.compile(r"^[ \t]*uri_default[ \t]*=[ \t]*(.*?)[ \t]*$", re.MULTILINE)
_QUOTED = re.compile(r"""(?:"([^"]*)"|'([^']*)')[ \t]*(?:#.*)?""")


class DefaultUri(msgspec.Struct, frozen=True):
    """A URI, and where it comes from."""

    uri: str
    origin: str


def default_uri(environment: Mapping[str, str], *, user: int, system_file: Path = SYSTEM_FILE) -> DefaultUri:
    """Return the URI that libvirt's own settings name, else `qemu:///system`.

    Without a setting, libvirt would probe for a daemon, and connect most users to their own session daemon. That daemon
    knows no system VMs, so its empty list would look like a clean result.

    Args:
        environment: The process's environment.
        user: The effective user id; libvirt reads another file for root.
        system_file: Root's file.

    Raises:
        ConfigError: The file can't be read, or its `uri_default` is not a string.

    Source:
        libvirt.c virConnectGetDefaultURI: LIBVIRT_DEFAULT_URI, then `uri_default`. virconf.c virConfLoadConfigPath:
        root's file is in /etc, for others it is in the user's configuration folder; there is no fallback to /etc.
    """
    if uri := environment.get("LIBVIRT_DEFAULT_URI"):
        return DefaultUri(uri, "LIBVIRT_DEFAULT_URI")
    folder = user_folder(environment)
    path = system_file if user == 0 else folder and folder / "libvirt" / "libvirt.conf"
    if path is not None and (uri := _setting(path)):
        return DefaultUri(uri, f"uri_default in {path}")
    return DefaultUri(BUILT_IN, "the default")


def _setting(path: Path) -> str | None:
    """Read `uri_default`; if the file has several, the first counts, as for libvirt."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise ConfigError(f"{path}: can't be read: {os.strerror(error.errno or 0)}") from error
    setting = _DEFAULT.search(text)
    if setting is None:
        return None
    value = _QUOTED.fullmatch(setting[1])
    if value is None:
        raise ConfigError(f'{path}: uri_default: not a quoted string; write uri_default = "qemu:///system"')
    return value[1] or value[2]
