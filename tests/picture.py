"""The picture of the page in README.md. `python -m tests.picture` retakes it: the same page gives the same bytes."""

import tempfile
from pathlib import Path

from tests.conftest import PROJECT
from tests.harness.chromium import chromium, opened
from tests.readme import of_one_time
from virtscan.cli.main import run

PICTURE = PROJECT / "docs" / "page.png"
_HEIGHT = 1250


def take(file: Path) -> None:
    """Write a picture of the top of the page."""
    with tempfile.TemporaryDirectory() as folder:
        page_file = Path(folder) / "page.html"
        run(["scan", "-q", "--config", "fixtures/fleet/virtscan.toml", "--format", f"html={page_file}"])
        page_file.write_text(of_one_time(page_file.read_text(encoding="utf-8")), encoding="utf-8")
        with chromium() as browser, opened(browser, page_file) as page:
            page.set_viewport_size({"width": 1280, "height": _HEIGHT})
            page.screenshot(path=file)


if __name__ == "__main__":
    take(PICTURE)
