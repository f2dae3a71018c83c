"""Every scenario with an independent right answer."""

import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.long
def test_every_scenario_gets_its_verdict(cases: Path) -> None:
    search = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    done = subprocess.run(
        [sys.executable, cases / "check.py", cases / "verdicts"],
        env=os.environ | {"PATH": search},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert " verdicts right" in done.stdout
