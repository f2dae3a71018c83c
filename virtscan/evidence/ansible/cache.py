"""Search for a host's facts in a file, or in a folder with one file per host."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path

import msgspec

from virtscan.errors import FactsError
from virtscan.evidence.ansible.facts import AnsibleFacts, read_facts
from virtscan.files import FileError, moment, read_regular

_LIMIT = 64 << 20


def open_facts(path: Path, names: Sequence[str]) -> AnsibleFacts:
    """Read the facts of the host that has one of these names.

    The only host of a file is taken for the requested host, even under another name. In a folder (a fact cache, or the
    output of `--tree`) a file has its host's name. Files with other names are read only if no file has the name. Facts
    without a time are as old as their file.

    Raises:
        FactsError: It can't be read, or it has no host of these names, or several.
    """
    try:
        if not path.is_dir():
            return _chosen(_read(path), names, alone=True)
        files = sorted(file for file in path.iterdir() if file.is_file() and not file.name.startswith("."))
    except OSError as error:
        raise FactsError(f"can't be read: {error.strerror}") from error
    named = [file for file in files if _is_one_of(file.name.removesuffix(".json"), names)]
    if len(named) == 1:
        return _chosen(_read(named[0]), names, alone=True)
    return _chosen([facts for file in files for facts in _read_if_facts(file)], names, alone=False)


def _read(path: Path) -> list[AnsibleFacts]:
    try:
        content, status = read_regular(path, _LIMIT)
    except FileError as error:
        raise FactsError(str(error)) from error
    modified = moment(status.st_mtime)
    return [_dated(facts, modified) for facts in read_facts(content)]


def _read_if_facts(path: Path) -> list[AnsibleFacts]:
    try:
        return [msgspec.structs.replace(facts, names=(path.name, *facts.names)) for facts in _read(path)]
    except FactsError:
        return []


def _dated(facts: AnsibleFacts, modified: datetime | None) -> AnsibleFacts:
    if facts.taken_at is not None:
        return facts
    devices = tuple(msgspec.structs.replace(device, observed_at=modified) for device in facts.devices)
    return msgspec.structs.replace(facts, taken_at=modified, devices=devices)


def _chosen(hosts: Sequence[AnsibleFacts], names: Sequence[str], *, alone: bool) -> AnsibleFacts:
    if alone and len(hosts) == 1:
        return hosts[0]
    matches = [host for host in hosts if any(_is_one_of(name, names) for name in host.names)]
    if len(matches) == 1:
        return matches[0]
    contents = ", ".join(sorted(host.names[0] if host.names else "unnamed host" for host in hosts)) or "no host"
    problem = "several match" if matches else "none matches"
    raise FactsError(f"contains {contents}; {problem} {' or '.join(names)}")


def _is_one_of(name: str, names: Iterable[str]) -> bool:
    """Return True for equal names, and for a short name and a full name of the same host."""
    return any(_same(name.lower(), candidate.lower()) for candidate in names)


def _same(name: str, other: str) -> bool:
    short, long = sorted((name, other), key=len)
    return name == other or ("." not in short and long.startswith(f"{short}."))
