"""The folder of collected data that several projects share, and the tests that read it.

VIRTSCAN_SHARED names the folder; the default is `shared` beside the project. A test reads it through one of the
fixtures below. Where the folder is absent the fixture deselects the test; elsewhere a skip is a failure.
"""

import os
from collections.abc import Generator
from pathlib import Path

import pytest

VARIABLE = "VIRTSCAN_SHARED"
FOLDER = Path(os.environ.get(VARIABLE) or Path(__file__).parents[3] / "shared").absolute()

_absent = pytest.StashKey[int]()


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of collected data, which is read-only."""
    return FOLDER


@pytest.fixture(scope="session")
def corpus(shared: Path) -> Path:
    """The collected data files of other programs."""
    return shared / "corpus"


@pytest.fixture(scope="session")
def captures(shared: Path) -> Path:
    """The captures of real boots."""
    return shared / "lab" / "captures"


@pytest.fixture(scope="session")
def cases(shared: Path) -> Path:
    """The scenarios with their right answers."""
    return shared / "cases"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect the tests that read the folder if it is absent."""
    if FOLDER.is_dir():
        return
    readers = [item for item in items if _reads_it(item)]
    items[:] = [item for item in items if not _reads_it(item)]
    config.stash[_absent] = len(readers)
    config.hook.pytest_deselected(items=readers)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Report the tests that the absent folder leaves out, in one line."""
    if count := config.stash.get(_absent, 0):
        terminalreporter.write_line(f"{FOLDER}: no such folder; tests left out: {count}; name it in {VARIABLE}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a skip of a test that reads the folder into a failure."""
    report = yield
    # An expected failure is reported as skipped, too.
    if report.skipped and _reads_it(item) and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"a test that reads {FOLDER} may not skip: {report.longrepr}"
    return report


def _reads_it(item: pytest.Item) -> bool:
    return "shared" in getattr(item, "fixturenames", ())
