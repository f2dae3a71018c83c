"""The workbook of a large fleet takes little memory beside the document."""

import subprocess
import sys

import pytest

from tests.conftest import PROJECT
from tests.reporters.large_workbook import SCRIPT

ROWS = 30_000


@pytest.mark.slow
def test_thirty_thousand_rows_take_less_than_50_mb() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(ROWS)], check=True, capture_output=True, text=True, cwd=PROJECT
    )

    _seconds, more, size = done.stdout.split()
    assert int(size) > 1_000_000
    assert 0 < int(more) < 50 * 1024 * 1024
