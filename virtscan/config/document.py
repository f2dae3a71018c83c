"""The configuration file: its keys, and errors that name the one that is wrong."""

import tomllib
from collections.abc import Iterable, Mapping
from enum import Enum
from pathlib import Path
from typing import TypeVar, get_args, get_type_hints

import msgspec

from virtscan.config.secrets import refuse_secrets
from virtscan.config.sections import (
    HistorySection,
    HypervisorSection,
    ProvisioningSection,
    ScanSection,
    Section,
    ServerSection,
    WaiverSection,
)
from virtscan.config.values import expand, table_name
from virtscan.errors import ConfigError
from virtscan.model.nearest import did_you_mean

S = TypeVar("S", bound=msgspec.Struct)


class Document(Section, frozen=True):
    """The whole file."""

    scan: ScanSection = ScanSection()
    history: HistorySection = HistorySection()
    hypervisor: tuple[HypervisorSection, ...] = ()
    server: tuple[ServerSection, ...] = ()
    provisioning: tuple[ProvisioningSection, ...] = ()
    waiver: tuple[WaiverSection, ...] = ()


def read_document(text: str, *, path: Path, environment: Mapping[str, str], private: bool = False) -> Document:
    """Read a configuration file's text.

    Args:
        text: What is in it.
        path: Where it lies, for messages.
        environment: Where variables in its values come from.
        private: Only its owner can read the file; else it must not hold a secret.

    Raises:
        ConfigError: Not TOML (with line and column), an unknown key (with the nearest known one), a value of the
            wrong type, a variable that is not set, or a secret that others can read; each names the file and the key.
    """
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: not TOML: {error}") from error
    try:
        _refuse_unknown(raw, Document.__struct_fields__, "")
        if not private:
            refuse_secrets(raw)
        return Document(
            scan=_section(raw.get("scan", {}), ScanSection, "scan", environment),
            history=_section(raw.get("history", {}), HistorySection, "history", environment),
            hypervisor=_sections(raw, HypervisorSection, "hypervisor", environment),
            server=_sections(raw, ServerSection, "server", environment),
            provisioning=_sections(raw, ProvisioningSection, "provisioning", environment),
            waiver=_sections(raw, WaiverSection, "waiver", environment),
        )
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from error


def _sections(raw: Mapping[str, object], kind: type[S], key: str, environment: Mapping[str, str]) -> tuple[S, ...]:
    tables = raw.get(key, [])
    if not isinstance(tables, list):
        raise ConfigError(f"{key}: expected an array of tables; write [[{key}]]")
    return tuple(
        _section(table, kind, table_name(key, number, table), environment) for number, table in enumerate(tables, 1)
    )


def _section(table: object, kind: type[S], where: str, environment: Mapping[str, str]) -> S:
    repeated = "[[" in where
    if not isinstance(table, dict):
        raise ConfigError(f"{where}: expected a table" + ("" if repeated else f", as in [{where}]"))
    prefix = f"{where}: " if repeated else f"{where}."
    _refuse_unknown(table, kind.__struct_fields__, prefix)
    for field in msgspec.structs.fields(kind):
        if field.required and field.name not in table:
            raise ConfigError(f"{where}: {field.name} is missing")
    try:
        return msgspec.convert(
            {key: _expanded(item, f"{prefix}{key}", environment) for key, item in table.items()}, kind
        )
    except msgspec.ValidationError as error:
        message, _, key = str(error).partition(" - at `$.")
        key = key.rstrip("`")
        words = _words(kind, key)
        advice = f"; write {' or '.join(words)}" if words else ""
        raise ConfigError(f"{prefix}{key}: {message[0].lower()}{message[1:]}{advice}") from error


def _words(kind: type[msgspec.Struct], key: str) -> list[str]:
    """Return the allowed words of a key."""
    type_ = get_type_hints(kind).get(key)
    alternatives = get_args(type_) or (type_,)
    enums = (one for one in alternatives if isinstance(one, type) and issubclass(one, Enum))
    return [str(member.value) for enum in enums for member in enum]


def _refuse_unknown(table: Iterable[str], known: tuple[str, ...], where: str) -> None:
    for key in table:
        if key not in known:
            advice = did_you_mean(key, known, otherwise=f"known keys: {', '.join(known)}")
            raise ConfigError(f"{where}{key}: unknown key; {advice}")


def _expanded(value: object, where: str, environment: Mapping[str, str]) -> object:
    """Return the value with the variables in its strings replaced, at any depth."""
    match value:
        case str():
            try:
                return expand(value, environment)
            except ConfigError as error:
                raise ConfigError(f"{where}: {error}") from error
        case list():
            return [_expanded(item, where, environment) for item in value]
        case dict():
            return {key: _expanded(item, f"{where}.{key}", environment) for key, item in value.items()}
        case _:
            return value
