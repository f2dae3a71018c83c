"""A commented configuration to start from: known values are set, every other key is a comment."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, get_args, get_origin

import msgspec

from virtscan.config.file.sections import (
    EngineSection,
    HistorySection,
    HypervisorSection,
    ProvisioningSection,
    ScanSection,
    ServerSection,
    WaiverSection,
)
from virtscan.model import ServerTarget
from virtscan.model.sources import shown

_TABLES: Mapping[str, type[msgspec.Struct]] = {
    "[scan]": ScanSection,
    "[history]": HistorySection,
    "[engine]": EngineSection,
    "[[hypervisor]]": HypervisorSection,
    "[[server]]": ServerSection,
    "[[provisioning]]": ProvisioningSection,
    "[[waiver]]": WaiverSection,
}


def starter(uris: Sequence[str], servers: Sequence[ServerTarget]) -> str:
    """Write the text of a configuration with these hypervisors and servers."""
    known: dict[str, list[dict[str, str]]] = {
        "[[hypervisor]]": [{"uri": uri} for uri in uris],
        "[[server]]": [
            {"name": server.name}
            | ({} if server.interface is None else {"interface": server.interface})
            | {"offload": shown(server)}
            for server in servers
        ],
    }
    lines = ["# Configuration of virtscan; virtscan config check FILE checks it."]
    for header, kind in _TABLES.items():
        lines += ["", f"# {' '.join((kind.__doc__ or '').split())}"]
        tables = known.get(header, [])
        for keys in tables:
            lines += [header, *(f"{key} = {_quoted(value)}" for key, value in keys.items())]
        if not tables:
            lines.append(f"# {header}" if header.startswith("[[") else header)
        lines += _comments(kind, set(*tables[:1]))
    return "\n".join(lines) + "\n"


def _quoted(value: str) -> str:
    """Return the value as a string of TOML, which has no surrogate pairs; variables in it are not replaced."""
    return json.dumps(value.replace("$", "$$"), ensure_ascii=False)


def _comments(kind: type[msgspec.Struct], without: set[str]) -> Iterator[str]:
    """Yield each key of a table with its example as a comment, followed by its meaning."""
    for field in msgspec.structs.fields(kind):
        if field.name not in without and get_origin(field.type) is Annotated:
            meta = get_args(field.type)[1]
            yield f"# {field.name} = {meta.examples[0]}  # {meta.description}"
