"""Every scenario with an independent right answer."""

import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.correlator.accounts import check_accounts
from virtscan.cli.main import virtscan
from virtscan.storage import loads


@pytest.mark.long
def test_every_scenario_gets_its_verdict(cases: Path) -> None:
    search = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    # Hundreds of commands, which take three times as long if their lines are counted; the next test counts them.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    done = subprocess.run(
        [sys.executable, cases / "check.py", cases / "verdicts"],
        env=environment | {"PATH": search},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert " verdicts right" in done.stdout


@pytest.mark.long
def test_explain_agrees_with_every_scenario_and_names_what_would_settle_it(
    cases: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = (cases / "verdicts" / "truth.jsonl").read_text().splitlines()
    commands = {(truth["scenario"], truth["command"]) for truth in map(json.loads, lines)}
    scans = [(scenario, command) for scenario, command in sorted(commands) if command.startswith("virtscan scan ")]
    saved = tmp_path / "inventory.json"

    for number, (scenario, command) in enumerate(scans):
        place = tmp_path / str(number)
        shutil.copytree(cases / "verdicts" / scenario, place, symlinks=True)
        monkeypatch.chdir(place)
        saved.unlink(missing_ok=True)
        CliRunner().invoke(virtscan, [*shlex.split(command)[1:], "--save", str(saved)])
        check_accounts(loads(saved.read_bytes(), origin=str(saved)))
    assert len(scans) > 100
