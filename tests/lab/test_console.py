"""Tests of the serial console over several boots."""

from pathlib import Path

from tests.lab.console import Console
from tests.lab.outcome import MARK, Outcome, read_outcome


def test_late_output_of_an_old_boot_is_not_the_outcome_of_the_new_one(tmp_path: Path) -> None:
    console = Console(tmp_path)
    with console.of_next_boot().open("wb") as old:
        old.write(b"tftp://10.77.0.1/boot.ipxe....")
        old.flush()
        new = console.of_next_boot()
        old.write(MARK.encode())

    assert read_outcome(console.printed()) is Outcome.UNDECIDED

    new.write_text("tftp://10.77.0.1/boot.ipxe..... Connection timed out (http://ipxe.org/4c126035)")

    assert read_outcome(console.printed()) is Outcome.TFTP_TIMEOUT
