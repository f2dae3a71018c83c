"""The corpus as an independent reader saw it, in the words of the model.

`Any`: the records of the file differ by kind, and only the tests know which keys theirs have.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from virtscan.model import Interface

READ_WHOLE = {None, "multi-document", "node", "domstatus"}
"""Around a domain that exists; what a snapshot, a checkpoint or a migration holds is none."""


def records(corpus: Path, *kinds: str) -> Iterator[dict[str, Any]]:
    """Records of these kinds, each with the file it is about."""
    with (corpus / "truth.jsonl").open(encoding="utf-8") as lines:
        for line in lines:
            record = json.loads(line)
            if record["kind"] in kinds:
                yield record


def domains(record: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The domains that a record lists: it is one itself, or has those that a search through a broken file found."""
    for domain in record.get("docs", [record]):
        if domain.get("rec") == "domain" and domain["role"] == "domain" and domain["wrapper"] in READ_WHOLE:
            yield domain


def seen_by_reader(nic: dict[str, Any]) -> dict[str, Any]:
    """An interface as the independent reader saw it."""
    kind = nic["type_effective"]
    driver = nic["driver"] or {}
    return {
        "index": nic["index"],
        "type": kind,
        "mac": nic["mac_norm"],
        "network": nic["source_network"],
        "portgroup": nic["source_portgroup"],
        "source": nic["source_bridge"] if kind in {"bridge", "network"} else nic["source_dev"],
        "mode": nic["source_mode"] if kind == "direct" else None,
        "model": nic["model"],
        "boot_order": None if nic["boot_order"] is None else int(nic["boot_order"]),
        "link": nic["link_state"],
        "rom": _rom(nic["rom"]),
        "vlan": tuple(int(tag["id"]) for tag in (nic["vlan"] or {"tags": []})["tags"]),
        "host_csum": driver.get("host_csum"),
        "guest_csum": driver.get("guest_csum"),
        "target": nic["target_dev"],
    }


def seen_by_us(interface: Interface) -> dict[str, Any]:
    """The same of an interface that virtscan read."""

    def word(member: Any) -> Any:  # an enum's value, or None
        return None if member is None else member.value

    return {
        "index": interface.index,
        "type": interface.type,
        "mac": interface.mac,
        "network": interface.network,
        "portgroup": interface.portgroup,
        "source": interface.source,
        "mode": word(interface.mode),
        "model": interface.model,
        "boot_order": interface.boot_order,
        "link": word(interface.link),
        "rom": word(interface.rom),
        "vlan": interface.vlan,
        "host_csum": word(interface.host_csum),
        "guest_csum": word(interface.guest_csum),
        "target": interface.target,
    }


def _rom(rom: dict[str, Any] | None) -> str | None:
    rom = rom or {"enabled": None, "bar": None, "file": None}
    if rom["file"] == "" or rom["enabled"] == "no" or rom["bar"] == "off":
        return "off"
    return "on" if rom["enabled"] == "yes" or rom["bar"] == "on" else None
