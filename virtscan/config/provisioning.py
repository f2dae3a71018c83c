"""`[[provisioning]]` -> a provisioning system to read."""

import os
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from virtscan.config.file.sections import ProvisioningSection
from virtscan.errors import ConfigError
from virtscan.model import ProvisioningKind, ProvisioningTarget, Secret
from virtscan.transport.loopback import is_loopback


def provisioning_target(section: ProvisioningSection, subject: str, folder: Path) -> ProvisioningTarget:
    """Return the system of this section; relative paths start at the folder.

    Raises:
        ConfigError: The URL is invalid or holds a password, or user, password and token do not go together.
    """
    try:
        _check_url(section.url)
        _check_secret(section)
    except ConfigError as error:
        raise ConfigError(f"{subject}: {error.key}: {error}", key=error.key) from error
    secret = section.password or section.token
    file = section.password_file or section.token_file
    return ProvisioningTarget(
        kind=section.type,
        url=section.url,
        name=section.name,
        user=section.user,
        secret=None if secret is None else Secret(secret),
        secret_file=None if file is None else os.path.normpath(folder / file),
        secret_variable=section.password_env or section.token_env,
        ca_file=None if section.ca_file is None else os.path.normpath(folder / section.ca_file),
    )


def sends_in_clear(target: ProvisioningTarget) -> bool:
    """Return True if a password or token is sent unencrypted over a network."""
    url = urlsplit(target.url)
    return url.scheme == "http" and target.user is not None and not is_loopback(url.hostname or "")


def _check_url(text: str) -> None:
    url = _split(text)
    # The text is not repeated, because it may contain a password.
    if url is None or url.scheme not in {"http", "https"} or not url.hostname:
        raise ConfigError("write http://HOST/PATH or https://HOST/PATH", key="url")
    if url.username is not None:
        raise ConfigError("contains a user or password; set user and password_file instead", key="url")
    if url.query or url.fragment or not (text.isascii() and text.isprintable()) or " " in text:
        raise ConfigError("invalid; use ASCII without spaces, query or fragment", key="url")


def _split(text: str) -> SplitResult | None:
    try:
        url = urlsplit(text)
        port = url.port  # reading it checks it
    except ValueError:
        return None
    return None if port == 0 else url


def _check_secret(section: ProvisioningSection) -> None:
    tokens = {"token": section.token, "token_file": section.token_file, "token_env": section.token_env}
    passwords = {
        "password": section.password,
        "password_file": section.password_file,
        "password_env": section.password_env,
    }
    declared = [key for key, value in (passwords | tokens).items() if value is not None]
    if len(declared) > 1:
        raise ConfigError(f"conflicts with {declared[0]}; set only one", key=declared[1])
    if declared and declared[0] in tokens and section.type is not ProvisioningKind.FOREMAN:
        raise ConfigError("only Foreman has tokens; set password_file", key=declared[0])
    if declared and not section.user:
        raise ConfigError("user is missing; set it as well", key=declared[0])
    if section.user and not declared:
        raise ConfigError("no password given; set password_file or, with Foreman, token_file", key="user")
    if section.user and ":" in section.user:
        raise ConfigError("a name with a colon can't be sent; use another", key="user")
