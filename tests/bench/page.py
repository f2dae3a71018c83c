"""The page of 30,000 findings in Chromium: how long it takes to open, to filter and to sort."""

import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter

from playwright.sync_api import CDPSession, Page

from tests.bench.measuring import Row
from tests.harness.chromium import chromium
from tests.reporters.html.fleets import fleet
from virtscan.reporters import REPORTERS
from virtscan.views import EVERYTHING

HOSTS = 300
VMS = 100
ROUNDS = 5

_FILTERED = """async (words) => {
  const field = document.querySelector('input[type=search]'), status = document.querySelector('.tools [role=status]');
  const before = status.textContent, began = performance.now();
  field.value = words;
  field.dispatchEvent(new Event('input'));
  while (status.textContent === before) await new Promise(requestAnimationFrame);
  await new Promise(requestAnimationFrame);
  return performance.now() - began;
}"""
_SORTED = """async (place) => {
  const began = performance.now();
  document.querySelectorAll('.scroller thead button')[place].click();
  await new Promise(requestAnimationFrame);
  return performance.now() - began;
}"""


def rows() -> list[Row]:
    began = perf_counter()
    content = REPORTERS["html"].render(EVERYTHING(fleet(HOSTS, VMS)))
    detail = f"{len(content) / 1e6:.1f} MB, made in {perf_counter() - began:.1f} s"
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        file = Path(folder) / "page.html"
        file.write_bytes(content)
        page = browser.new_page()
        processor = page.context.new_cdp_session(page)
        processor.send("Performance.enable", {"timeDomain": "threadTicks"})
        loads = [_load(page, file) for _ in range(ROUNDS)]
        start = _cpu(processor)
        filters = [page.evaluate(_FILTERED, words) / 1000 for words in ("web", "ams1 web", "", "00042", "db foreman")]
        filtered = _cpu(processor)
        sorts = [page.evaluate(_SORTED, place) / 1000 for place in (0, 1, 2, 2, 5)]
        end = _cpu(processor)
    return [
        _row("open with its table", loads, 2, detail),
        _row("filter", filters, 0.3, f"CPU {(filtered - start) / len(filters):.2f} s"),
        _row("sort", sorts, 0.3, f"CPU {(end - filtered) / len(sorts):.2f} s"),
    ]


def _row(what: str, seconds: list[float], limit: float, detail: str) -> Row:
    return Row(
        benchmark=f"page of 30,000 findings: {what}", measured=median(seconds), limit=limit, unit="s", detail=detail
    )


def _cpu(processor: CDPSession) -> float:
    """CPU seconds of the page's thread so far: the busier the machine, the more they differ from those on the clock."""
    metrics = processor.send("Performance.getMetrics")["metrics"]
    return float(next(metric["value"] for metric in metrics if metric["name"] == "TaskDuration"))


def _load(page: Page, file: Path) -> float:
    """Seconds until the first rows of the table are there."""
    began = perf_counter()
    page.goto(file.as_uri())
    page.evaluate("document.querySelector('details.data').open = true")
    page.wait_for_selector(".scroller tbody tr:not(.space)")
    return perf_counter() - began
