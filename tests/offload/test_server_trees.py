"""Servers' files with the right answers, decided by the manual pages, through the script that a server runs."""

import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from virtscan.config.source import server_target
from virtscan.model import Persistence
from virtscan.offload.sources import local

TREES: Mapping[str, Mapping[str, Any]] = tomllib.loads(
    (Path(__file__).parents[2] / "fixtures" / "offload" / "server_trees.toml").read_text("utf-8")
)
FEATURES = "Features for {}:\n\ttx-checksum-ipv4: off [fixed]\n\ttx-checksum-ip-generic: off\n"


def plant(root: Path, files: Mapping[str, str], device: str, kind: str = "device") -> None:
    """Write the files below a folder that stands for /."""
    net = root / "sys/class/net" / device
    (net / kind).mkdir(parents=True)
    (net / "address").write_text("52:54:00:aa:00:01\n")
    for path, content in files.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        if content.startswith("-> "):
            file.symlink_to(content.removeprefix("-> "))
            continue
        mode, text = "600" if "system-connections" in path else "644", content
        if re.match(r"[0-7]{3}:", content):
            mode, text = content[:3], content[4:]
        file.write_text(text)
        file.chmod(int(mode, 8))


def after_reboot(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Persistence:
    """Read the server `name` as if it was this machine."""
    tree = TREES[name]
    device = tree.get("device", "eth0")
    plant(folder / "root", tree["files"], device, tree.get("kind", "device"))
    programs = folder / "bin"
    programs.mkdir()
    for program, output in (("ethtool", FEATURES.format(device)), ("udevadm", tree.get("udev", "252"))):
        (programs / program).write_text(f"#!/bin/sh\ncat <<'END'\n{output}\nEND\n")
        (programs / program).chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    target = server_target("satellite", "local:", interface=device)
    persistence = local.read(target, timeout=60, root=folder / "root").persistence
    assert persistence is not None
    return persistence


@pytest.mark.long
@pytest.mark.parametrize("name", TREES)
def test_a_server_is_forecast_as_in_the_manual_pages(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    persistence = after_reboot(name, tmp_path, monkeypatch)

    assert persistence.tx_checksum.value in TREES[name]["answers"], persistence.setting
