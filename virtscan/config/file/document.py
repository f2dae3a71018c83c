"""The configuration file: its keys, and errors that name the wrong key."""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from enum import Enum
from functools import partial
from pathlib import Path
from types import UnionType
from typing import TypeVar, get_args, get_origin, get_type_hints

import msgspec

from virtscan.config.file.problems import Problems, lines_of
from virtscan.config.file.secrets import refuse_secrets
from virtscan.config.file.sections import (
    ConfigSection,
    EngineSection,
    HistorySection,
    HypervisorSection,
    ProvisioningSection,
    ScanSection,
    ServerSection,
    WaiverSection,
)
from virtscan.config.file.values import expand, expand_url, table_name
from virtscan.errors import ConfigError
from virtscan.nearest import did_you_mean

S = TypeVar("S", bound=msgspec.Struct)


class ConfigFile(ConfigSection, frozen=True):
    """The whole file."""

    scan: ScanSection = ScanSection()
    history: HistorySection = HistorySection()
    engine: EngineSection = EngineSection()
    hypervisor: tuple[HypervisorSection, ...] = ()
    server: tuple[ServerSection, ...] = ()
    provisioning: tuple[ProvisioningSection, ...] = ()
    waiver: tuple[WaiverSection, ...] = ()


def read_document(text: str, *, path: Path, environment: Mapping[str, str], private: bool = False) -> ConfigFile:
    """Read a configuration file's text.

    Args:
        text: The content.
        path: Its path, for messages.
        environment: The source of variables in its values.
        private: Only its owner can read the file; else it must not hold a secret.

    Raises:
        ConfigError: Not TOML (with line and column), an unknown key (with the nearest known one) or a value of the
            wrong type. Also a variable that is not set, or a secret that others can read: all of them, one a line, each
            with the file, the line and the key.
    """
    import tomllib

    try:
        raw = tomllib.loads(text)
    except ValueError as error:  # TOMLDecodeError, or a number of thousands of digits
        raise ConfigError(f"{path}: not TOML: {error}; virtscan config init writes an example") from error
    except RecursionError as error:
        raise ConfigError(f"{path}: nested too deeply; write each table and list on its own") from error
    problems = Problems(str(path), lines_of(text))
    reader = _Reader(raw, environment, problems)
    if not private:
        refuse_secrets(raw, problems)
        problems.raise_any()
    for key in raw:
        with problems.met_in(key):
            _refuse_unknown([key], ConfigFile.__struct_fields__, "")
    document = ConfigFile(
        scan=reader.table(ScanSection, "scan"),
        history=reader.table(HistorySection, "history"),
        engine=reader.table(EngineSection, "engine"),
        hypervisor=reader.tables(HypervisorSection, "hypervisor"),
        server=reader.tables(ServerSection, "server"),
        provisioning=reader.tables(ProvisioningSection, "provisioning"),
        waiver=reader.tables(WaiverSection, "waiver"),
    )
    problems.raise_any()
    return document


class _Reader:
    """Reads the tables of a file; a table with an error is left out."""

    def __init__(self, raw: Mapping[str, object], environment: Mapping[str, str], problems: Problems) -> None:
        self._raw = raw
        self._environment = environment
        self._problems = problems

    def table(self, kind: type[S], key: str) -> S:
        read = [kind()]
        with self._problems.met_in(key):
            read.append(_section(self._raw.get(key, {}), kind, key, self._environment, is_repeated=False))
        return read[-1]

    def tables(self, kind: type[S], key: str) -> tuple[S, ...]:
        tables = self._raw.get(key, [])
        if not isinstance(tables, list):
            self._problems.add(ConfigError(f"{key}: expected an array of tables; write [[{key}]]"), key)
            return ()
        read: list[S] = []
        for number, table in enumerate(tables, 1):
            with self._problems.met_in(key, number):
                name = table_name(key, number, table)
                read.append(_section(table, kind, name, self._environment, is_repeated=True))
        return tuple(read)


def _section(table: object, kind: type[S], subject: str, environment: Mapping[str, str], *, is_repeated: bool) -> S:
    if not isinstance(table, dict):
        raise ConfigError(f"{subject}: expected a table" + ("" if is_repeated else f", as in [{subject}]"))
    prefix = f"{subject}: " if is_repeated else f"{subject}."
    _refuse_unknown(table, kind.__struct_fields__, prefix)
    for field in msgspec.structs.fields(kind):
        if field.required and field.name not in table:
            raise ConfigError(f"{subject}: {field.name} is missing")
    try:
        expand_text = partial(expand_url if kind is HistorySection else expand, environment=environment)
        return msgspec.convert({key: _expanded(item, key, prefix, expand_text) for key, item in table.items()}, kind)
    except msgspec.ValidationError as error:
        path = str(error).partition(" - at `$.")[2].rstrip("`")
        key = re.split(r"[.\[]", path)[0]
        raise ConfigError(f"{prefix}{path}: invalid value; write {_form(kind, key)}", key=key) from error


def _form(kind: type[msgspec.Struct], key: str) -> str:
    """Describe the values that a key can have, as they are written in the file."""
    type_ = get_type_hints(kind)[key]
    alternatives = set(get_args(type_)) if get_origin(type_) is UnionType else {type_}
    (value_type,) = alternatives - {type(None)}
    if isinstance(value_type, type) and issubclass(value_type, Enum):
        *others, last = [str(member.value) for member in value_type]
        return f"{', '.join(others)} or {last}"
    return _FORMS[get_origin(value_type) or value_type]


_FORMS: Mapping[type, str] = {
    str: "a quoted string",
    bool: "true or false",
    tuple: 'a list of strings, e.g. ["a", "b"]',
    dict: 'a table of strings, e.g. { bond2 = "a" }',
    date: "a date, e.g. 2027-03-31",
}


def _refuse_unknown(table: Iterable[str], known: tuple[str, ...], prefix: str) -> None:
    for key in table:
        if key not in known:
            advice = did_you_mean(key, known, otherwise=f"known keys: {', '.join(known)}")
            raise ConfigError(f"{prefix}{key}: unknown key; {advice}", key=key)


def _expanded(value: object, key_path: str, prefix: str, expand_text: Callable[[str], str]) -> object:
    """Return the value with the variables in its strings replaced, at any depth."""
    match value:
        case str():
            try:
                return _usable(expand_text(value))
            except ConfigError as error:
                raise ConfigError(f"{prefix}{key_path}: {error}", key=key_path.partition(".")[0]) from error
        case list():
            return [_expanded(item, key_path, prefix, expand_text) for item in value]
        case dict():
            return {key: _expanded(item, f"{key_path}.{key}", prefix, expand_text) for key, item in value.items()}
        case _:
            return value


def _usable(text: str) -> str:
    """Return the text if it is not empty: an empty path would be the file's folder.

    Raises:
        ConfigError: The text is empty, or contains a NUL character.
    """
    if not text.strip():
        raise ConfigError("empty; set it or remove it")
    if "\0" in text:
        raise ConfigError("contains a NUL character; remove it")
    return text
