"""The collected file systems of servers, each with the right answer, through the script that a server runs."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from virtscan.config.source import server_target
from virtscan.model import State
from virtscan.offload.sources import local
from virtscan.views.wording.settings import setting_words


def after_reboot(case: Path, expected: Mapping[str, Any]) -> tuple[State, str]:
    target = server_target("satellite", "local:", interface=expected["device"])
    persistence = local.read(target, timeout=60, root=case / "root").persistence
    assert persistence is not None
    return persistence.tx_checksum, setting_words(persistence.setting)


@pytest.mark.long
def test_every_collected_server_is_forecast_right(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cases: Path) -> None:
    program = tmp_path / "ethtool"
    program.write_text('#!/bin/sh\n[ "$1" = --json ] && exit 1\ncat "$CAPTURE"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    folders = sorted((cases / "persistence").iterdir())
    wrong = {}
    for case in folders:
        monkeypatch.setenv("CAPTURE", str(case / "ethtool-k.txt"))
        expected = json.loads((case / "expected.json").read_text())
        state, setting = after_reboot(case, expected)
        if state.value not in expected["after_reboot"]:
            wrong[case.name] = state, setting

    assert len(folders) >= 19
    assert wrong == {}
