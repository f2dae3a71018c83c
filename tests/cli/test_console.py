"""The log of the parts of virtscan, as users see it."""

import logging
from pathlib import Path

import pytest

from tests.build import hypervisor, inventory, server
from virtscan.cli.main import run
from virtscan.cli.output.console import Console, Verbosity
from virtscan.cli.output.log import print_log
from virtscan.storage import dumps

SNAPSHOT = "<domainsnapshot><name>before</name><domain><name>web01</name></domain></domainsnapshot>"


@pytest.mark.parametrize(("options", "said"), [(["-v"], True), ([], False), (["-q"], False)])
def test_verbose_reports_the_files_left_out(
    options: list[str], said: bool, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "snapshot.xml").write_text(SNAPSHOT)

    run(["scan", "--xml", str(tmp_path), *options])

    lines = [line for line in capfd.readouterr().err.splitlines() if "left out" in line]
    assert len(lines) == said
    assert all(line.startswith(f"virtscan: {tmp_path}/snapshot.xml: left out: ") for line in lines)


def test_a_line_is_one_line_whatever_is_in_it(capfd: pytest.CaptureFixture[str]) -> None:
    print_log(Console(Verbosity.VERBOSE))

    logging.getLogger("virtscan.connectors").info("%s: left out", "a\nb\x1b[31m")
    assert capfd.readouterr().err == "virtscan: a\\nb\\x1b[31m: left out\n"


def test_a_defect_is_reported_with_its_error_even_if_quiet(capfd: pytest.CaptureFixture[str]) -> None:
    print_log(Console(Verbosity.QUIET))
    log = logging.getLogger("virtscan.scanning")
    log.error("Internal error; please report it.", exc_info=KeyError("hv1"))
    log.warning("not this")

    shown = capfd.readouterr().err
    assert shown.startswith("virtscan: Internal error; please report it.\n")
    assert shown.endswith("\nKeyError: 'hv1'\n")


def test_a_name_in_an_error_can_not_reorder_the_text(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    fleet = tmp_path / "fleet.json"
    fleet.write_bytes(dumps(inventory(hypervisor("hv1\u202e"), servers=(server(),))))

    assert run(["report", str(fleet), "--assume", "satellite runs_on=hv9"]) == 2
    assert capfd.readouterr().err.endswith("no hypervisor is named 'hv9'; there are hv1\\u202e\n")
