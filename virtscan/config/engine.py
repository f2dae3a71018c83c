"""`[engine]` -> the scheduler whose workers read hypervisors."""

import importlib.util
import os
import re
from pathlib import Path

from virtscan.config.file.sections import EngineSection
from virtscan.errors import ConfigError
from virtscan.files import FileError, read_regular
from virtscan.model import DaskTarget
from virtscan.transport.loopback import is_loopback

_ADDRESS = re.compile(r"(tls|tcp)://(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+):([0-9]{1,5})")
_LARGEST = 16 << 20
_PROTECTED = re.compile(rb"^(-----BEGIN |Proc-Type: 4,)ENCRYPTED", re.MULTILINE)
"""A key that OpenSSL would ask the terminal for; RFC 7468, RFC 1421."""

_FILES = ("tls_ca", "tls_cert", "tls_key")


def dask_target(section: EngineSection, folder: Path) -> DaskTarget | None:
    """Return the scheduler; None if none is named.

    Args:
        section: The table.
        folder: Where relative paths in it start.

    Raises:
        ConfigError: A value is invalid, a file is missing, Dask is not installed, or the address is neither encrypted
            nor of this machine.
    """
    files = {key: getattr(section, key) for key in _FILES}
    if section.dask is None:
        for key, path in files.items():
            if path is not None:
                raise ConfigError(f"engine.{key}: no effect without engine.dask; add it, or remove this key", key=key)
        return None
    address = section.dask
    match = _ADDRESS.fullmatch(address)
    if match is None or not 0 < int(match[3]) < 65536:
        raise ConfigError(f"engine.dask: invalid address {address[:80]!r}; write tls://HOST:PORT", key="dask")
    if importlib.util.find_spec("distributed") is None:
        raise ConfigError("engine.dask: Dask is not installed; install virtscan[dask]", key="dask")
    if match[1] == "tcp":
        _check_plain(match[2], files)
        return DaskTarget(address=address)
    return DaskTarget(address=address, **{key: _file(key, path, folder) for key, path in files.items()})


def _check_plain(host: str, files: dict[str, str | None]) -> None:
    if not is_loopback(host.strip("[]")):
        problem = "tcp:// is neither encrypted nor authenticated, and is accepted only on this machine"
        raise ConfigError(f"engine.dask: {problem}; write tls://, with tls_ca, tls_cert and tls_key", key="dask")
    for key, path in files.items():
        if path is not None:
            raise ConfigError(f"engine.{key}: no effect with tcp://; write tls://, or remove this key", key=key)


def _file(key: str, path: str | None, folder: Path) -> str:
    if path is None:
        raise ConfigError(f"engine.{key}: missing; tls:// needs tls_ca, tls_cert and tls_key", key="dask")
    whole = os.path.normpath(folder / path)
    try:
        content, _ = read_regular(Path(whole), _LARGEST)
    except FileError as error:
        raise ConfigError(f"engine.{key}: {whole}: {error}; name a PEM file", key=key) from error
    if key == "tls_key" and _PROTECTED.search(content):
        problem = "protected by a passphrase; write one without it: openssl pkey -in KEY -out NEW"
        raise ConfigError(f"engine.{key}: {whole}: {problem}", key=key)
    return whole
