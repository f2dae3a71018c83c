"""The password or token of a provisioning system, from the file or variable that the configuration names."""

import base64
import os
import stat
from pathlib import Path

from virtscan.errors import ProvisioningError
from virtscan.files import FileError, read_regular
from virtscan.masking import Masker, masker
from virtscan.model import ProvisioningTarget, Secret

_LIMIT = 4096


def secret_of(target: ProvisioningTarget) -> Secret | None:
    """Return the secret, None when the configuration names none.

    Raises:
        ProvisioningError: The file can't be read, others may read it, or the variable is not set.
    """
    if target.secret_file is not None:
        return _from_file(Path(target.secret_file))
    if target.secret_variable is not None:
        value = os.environ.get(target.secret_variable, "")
        if not value:
            raise ProvisioningError(f"environment variable {target.secret_variable} is not set")
        return Secret(value)
    return target.secret


def authorization_of(target: ProvisioningTarget) -> str | None:
    """Return the value of the Authorization header in UTF-8; None for anonymous requests.

    Raises:
        ProvisioningError: As `secret_of`.
    """
    secret = secret_of(target)
    if secret is None:
        return None
    credentials = f"{target.user or ''}:{secret.reveal()}".encode()
    return f"Basic {base64.b64encode(credentials).decode()}"


def masker_of(target: ProvisioningTarget) -> Masker:
    """Return a function that masks the target's secret in texts.

    Raises:
        ProvisioningError: As `secret_of`.
    """
    secret = secret_of(target)
    return masker([] if secret is None else [secret.reveal()], user=target.user or "")


def _from_file(path: Path) -> Secret:
    """Return the first line, without the line end that editors add."""
    try:
        content, status = read_regular(path, _LIMIT)
    except FileError as error:
        raise ProvisioningError(f"{path}: {error}") from error
    if status.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise ProvisioningError(f"{path}: readable by others; chmod 600 {path}")
    value = content.decode(errors="replace").partition("\n")[0].rstrip("\r")
    if not value or not value.isprintable():
        raise ProvisioningError(f"{path}: no password or token in the first line")
    return Secret(value)
