"""The golden databases, one of each released schema: `python -m tests.storage.history.golden` writes those of today.

Once a schema is released its files never change.
"""

import sqlite3
import tempfile
from pathlib import Path

from tests.build import TAKEN_AT, gap_in_words, server
from tests.conftest import PROJECT
from tests.harness.postgresql import running_postgresql
from tests.storage.history.nights import host, nights, save, vm
from virtscan.model import GapAbout, HostStatus, Mac, Netboot
from virtscan.storage.address import check_url
from virtscan.storage.history.migrations import STEPS

FOLDER = PROJECT / "fixtures" / "history"

SCANS = nights(
    [host("hv1", vm(1), vm(2)), host("hv2", vm(4), observed_at=TAKEN_AT)],
    [host("hv1", vm(1), vm(3)), host("hv2", status=HostStatus.FAILED)],
    scope="golden",
    servers=(server(),),
    netboots=(Netboot(mac=Mac("52:54:00:00:00:01"), system="vm1", pending=True, source="cobbler"),),
    gaps=(gap_in_words("hv2", "refused", GapAbout.HYPERVISOR, "hv2"),),
)


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    number = max(STEPS)
    with tempfile.TemporaryDirectory() as folder:
        save(f"sqlite:///{folder}/h", SCANS)
        lines = sqlite3.connect(Path(folder) / "h").iterdump()
        (FOLDER / f"schema-{number}.sqlite.sql").write_text("\n".join(lines) + "\n", encoding="utf-8")
    with running_postgresql() as running:
        url = running.new_database()
        save(check_url(url, "golden", private=False), SCANS)
        text = running.dump("test1")
    kept = (line for line in text.splitlines() if not line.startswith(("--", "SET ", "\\")) and line.strip())
    (FOLDER / f"schema-{number}.postgresql.sql").write_text("\n".join(kept) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
