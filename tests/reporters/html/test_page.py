"""The page in a real Chromium."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.harness.chromium import LONGEST, Scheme, chromium, opened
from tests.reporters import hostile
from tests.reporters.html.fleets import UNREAD, fleet
from tests.views.fleet import report
from virtscan.model import Report, Verdict
from virtscan.reporters import REPORTERS, printable
from virtscan.views import EVERYTHING, VIEWS
from virtscan.views.document import Column, Document, Section, number, texts
from virtscan.views.rows.grouping import Advice, RowGroup
from virtscan.views.rows.lazy import Row

pytestmark = pytest.mark.slow

SMALL = report()
LARGE = fleet(15, 40)
FILTER = "input[type=search]"
SCROLLER = ".scroller"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


def written(document: Document, folder: Path) -> Path:
    file = folder / "page.html"
    file.write_bytes(REPORTERS["html"].render(document))
    return file


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(EVERYTHING(SMALL), tmp_path_factory.mktemp("small"))


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(EVERYTHING(LARGE), tmp_path_factory.mktemp("large"))


def table(page: Page, key: str = "risks") -> None:
    """Open the table of a section."""
    page.click(f"details[data-key={key}] > summary")
    page.wait_for_selector(f"details[data-key={key}] {SCROLLER}")


def column(page: Page, heading: str) -> list[str]:
    """The cells of a column that are drawn."""
    headings = page.locator(f"{SCROLLER} thead th").all_inner_texts()
    place = headings.index(heading) + 1
    return page.locator(f"{SCROLLER} tbody tr:not(.space) td:nth-child({place})").all_inner_texts()


def count(page: Page, text: str) -> None:
    expect(page.locator(".tools [role=status]")).to_have_text(text)


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_a_page_fits_its_window_and_requests_and_logs_nothing(
    width: int, scheme: Scheme, small: Path, large: Path, browser: Browser
) -> None:
    for file in (small, large):
        with opened(browser, file, width=width, scheme=scheme) as page:
            for details in page.locator("details.data > summary").all():
                details.click()
            assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_is_a_page_with_its_rows(view: str, tmp_path: Path, browser: Browser) -> None:
    document = VIEWS[view](SMALL)

    with opened(browser, written(document, tmp_path)) as page:
        assert (
            page.locator(f"details[data-key={document.main.key}] .count")
            .inner_text()
            .startswith(str(len(document.main.rows)))
        )


def test_without_scripts_it_still_shows_what_is_at_risk_why_and_what_was_not_read(
    large: Path, browser: Browser
) -> None:
    with opened(browser, large, scripts=False) as page:
        text = page.evaluate("document.querySelector('main').textContent")
        assert page.locator("h1").inner_text() == EVERYTHING(LARGE).headline
        assert page.locator(".panel.at-risk h3").first.is_visible()
        assert "ethtool -K eth0 tx off" in page.locator(".commands").all_inner_texts()
        open_findings = [finding for finding in LARGE.findings if finding.verdict in {Verdict.AT_RISK, Verdict.UNKNOWN}]
        assert [finding.domain for finding in open_findings if finding.domain not in text] == []
        assert len(open_findings) > 300
        assert f"{UNREAD}: no answer within 30 s" in page.locator("#gaps").inner_text()
        assert page.locator("#capacity svg title").count() > 0
        page.click("details[data-key=risks] > summary")
        assert "too many rows to show without a script" in page.locator("details[data-key=risks]").inner_text()


def test_small_sections_are_tables_without_scripts(small: Path, browser: Browser) -> None:
    with opened(browser, small, scripts=False) as page:
        page.click("details[data-key=capacity] > summary")
        shown = page.locator("details[data-key=capacity] tbody tr").all_inner_texts()
        assert [row.split()[0] for row in shown] == ["hv1", "hv2", "hv3"]
        assert page.locator("details[data-key=capacity] tfoot td").first.inner_text() == "total"


def test_words_and_choices_filter_the_rows(large: Path, browser: Browser) -> None:
    findings = LARGE.findings
    with opened(browser, large) as page:
        table(page)
        count(page, f"{len(findings)} of {len(findings)} rows")
        page.fill(FILTER, "AMS1 web foreman")
        wanted = [
            finding
            for finding in findings
            if "ams1" in finding.hypervisor and finding.domain.startswith("web") and finding.server == "foreman"
        ]
        count(page, f"{len(wanted)} of {len(findings)} rows")
        assert 0 < len(wanted) < len(findings)
        assert set(column(page, "server")) == {"foreman"}
        page.fill(FILTER, "")
        page.select_option("select >> nth=2", "latent")
        latent = sum(finding.exposure.value == "latent" for finding in findings)
        count(page, f"{latent} of {len(findings)} rows")
        assert set(column(page, "exposure")) == {"latent"}
        page.fill(FILTER, "nothing has this name")
        count(page, f"0 of {len(findings)} rows")
        assert column(page, "domain") == []


def test_a_heading_sorts_up_then_down_and_numbers_in_names_as_numbers(large: Path, browser: Browser) -> None:
    with opened(browser, large) as page:
        table(page, "domains")
        for heading, smallest in (("vCPUs", "1"), ("domain", "app00000"), ("memory (MiB)", "1024")):
            head = page.get_by_role("columnheader", name=heading, exact=True)
            head.get_by_role("button").click()
            assert head.get_attribute("aria-sort") == "ascending"
            cells = column(page, heading)
            assert cells[0] == smallest
            assert cells == sorted(cells, key=lambda cell: int(cell) if cell.isdigit() else cell)
            head.get_by_role("button").click()
            assert head.get_attribute("aria-sort") == "descending"
            assert column(page, heading)[0] != smallest
        assert page.locator("[aria-sort]").count() == 1


def test_verdicts_are_sorted_by_how_bad_they_are(small: Path, browser: Browser) -> None:
    with opened(browser, small) as page:
        table(page)
        page.get_by_role("button", name="verdict", exact=True).click()
        order = list(dict.fromkeys(column(page, "verdict")))

        assert order == ["at-risk", "unknown", "not-affected"]


def test_only_rows_in_sight_are_drawn_and_the_last_can_be_reached(large: Path, browser: Browser) -> None:
    with opened(browser, large) as page:
        table(page)
        assert 20 < page.locator(f"{SCROLLER} tbody tr").count() < 120
        page.locator(SCROLLER).evaluate("one => { one.scrollTop = one.scrollHeight; }")
        last = LARGE.findings[-1]
        expect(page.locator(f"{SCROLLER} td", has_text=last.domain).first).to_be_visible()


def test_page_can_be_used_with_the_keyboard_alone(large: Path, browser: Browser) -> None:
    with opened(browser, large) as page:
        page.focus("details[data-key=risks] > summary")
        page.keyboard.press("Enter")
        page.wait_for_selector(SCROLLER)
        page.keyboard.press("/")
        page.keyboard.insert_text("web")  # at once: the rows would be narrowed by what is typed before a pause, too
        count(page, f"{sum('web' in finding.domain for finding in LARGE.findings)} of {len(LARGE.findings)} rows")
        page.focus(SCROLLER)
        page.keyboard.press("End")
        page.keyboard.press("ArrowUp")
        page.keyboard.press("Enter")
        wanted = [finding for finding in LARGE.findings if "web" in finding.domain][-2]
        detail = page.locator("dl.row").inner_text()
        assert wanted.domain in detail
        assert str(wanted.uuid) in detail
        page.keyboard.press("Home")
        assert not page.locator("dl.row").is_visible()
        assert page.locator("tr.current td").nth(1).inner_text() == next(
            finding.domain for finding in LARGE.findings if "web" in finding.domain
        )
        page.keyboard.press("Shift+Tab")
        assert page.evaluate("document.activeElement.tagName") == "BUTTON"


def test_a_selected_row_shows_all_its_facts(small: Path, browser: Browser) -> None:
    with opened(browser, small) as page:
        table(page)
        page.click(f"{SCROLLER} td >> text=web01")
        detail = page.locator("dl.row").inner_text()

        assert "satellite is domain satellite on hv1, also on bond2, in bridge mode" in detail


def page_of(rows: tuple[Row, ...], folder: Path) -> Path:
    """A page of rows with a name, a number and several texts."""
    main = Section(key="rows", columns=(Column("name"), number("count"), texts("several")), rows=rows)
    return written(Document(schema="test/1", version="1", sections=(main,)), folder)


def test_a_selected_row_shows_all_its_numbers(tmp_path: Path, browser: Browser) -> None:
    rows = tuple((f"vm{count}", count, ()) for count in range(5))
    with opened(browser, page_of(rows, tmp_path)) as page:
        for name, count, _ in rows:
            page.click(f"{SCROLLER} td >> text={name}")
            assert page.locator("dl.row").inner_text().split() == ["name", name, "count", str(count)]


def test_missing_numbers_are_last_in_either_order(tmp_path: Path, browser: Browser) -> None:
    rows = tuple((str(count), count, ()) for count in (None, -5, 3, 0))
    with opened(browser, page_of(rows, tmp_path)) as page:
        for wanted in (["-5", "0", "3", "-"], ["3", "0", "-5", "-"]):
            page.get_by_role("button", name="count").click()
            assert column(page, "count") == wanted


def test_a_number_is_found_as_it_is_shown(tmp_path: Path, browser: Browser) -> None:
    rows = (("half", 1.5, ()), ("one", 1.0, ()), ("two", 2.25, ()))
    with opened(browser, page_of(rows, tmp_path)) as page:
        for typed, name in (("1.50", "half"), ("1.00", "one"), ("2.25", "two")):
            page.fill(FILTER, typed)
            count(page, "1 of 3 rows")
            assert column(page, "name") == [name]
            page.fill(FILTER, "")
            count(page, "3 of 3 rows")


@pytest.mark.parametrize("fleet_report", [SMALL, LARGE], ids=["small", "large"])
def test_the_rows_can_be_saved_as_the_csv_that_the_format_is(
    fleet_report: Report, tmp_path: Path, browser: Browser
) -> None:
    file = written(EVERYTHING(fleet_report), tmp_path)
    with opened(browser, file) as page:
        for key in ("risks", "domains", "capacity"):
            table(page, key)
            with page.expect_download() as download:
                page.locator(f"details[data-key={key}]").get_by_role("button", name="Download").click()
            saved = list(csv.reader(io.StringIO(download.value.path().read_text())))
            whole = list(csv.reader(io.StringIO(REPORTERS["csv"].render(VIEWS[key](fleet_report)).decode())))
            assert saved == whole
            assert download.value.suggested_filename == f"virtscan-fleet-2026-11-22-{key}.csv"


def test_a_spreadsheet_finds_no_formula_in_what_is_saved(tmp_path: Path, browser: Browser) -> None:
    document = hostile.document()
    with opened(browser, written(document, tmp_path)) as page:
        table(page, "rows")
        with page.expect_download() as download:
            page.locator("details[data-key=rows]").get_by_role("button", name="Download").click()
        saved = download.value.path().read_text()

    whole = REPORTERS["csv"].render(document).decode()
    limit = csv.field_size_limit(10_000_000)
    try:
        rows, expected = (list(csv.reader(io.StringIO(text, newline=""))) for text in (saved, whole))
    finally:
        csv.field_size_limit(limit)
    assert rows == expected


def test_only_the_rows_in_the_table_are_saved(small: Path, browser: Browser) -> None:
    with opened(browser, small) as page:
        table(page)
        page.fill(FILTER, "legacy-db")
        count(page, "1 of 5 rows")
        with page.expect_download() as download:
            page.get_by_role("button", name="Download").click()
        assert len(download.value.path().read_text().splitlines()) == 2


def test_the_printed_page_has_every_risk_with_every_name_and_no_controls(large: Path, browser: Browser) -> None:
    with opened(browser, large) as page:
        table(page, "capacity")
        page.emulate_media(media="print")
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        assert page.locator("details.further:not([open])").count() == 0
        assert all(name.is_visible() for name in page.locator(".names span").all()[:200])
        assert not page.locator("nav").is_visible()
        assert not page.locator(".tools").first.is_visible()
        assert not page.locator("details[data-key=risks]").is_visible()
        assert page.locator("details[data-key=capacity] tbody tr:not(.space)").count() == 15
        page.evaluate("dispatchEvent(new Event('afterprint'))")
        assert page.locator("details.further[open]").count() == 0
        assert page.pdf(format="A4").startswith(b"%PDF")


PAPER = 1009
"""Pixels between the margins of an A4 page in landscape, as the page asks for its tables."""


def test_every_column_of_an_open_table_is_on_the_printed_page(small: Path, browser: Browser) -> None:
    with opened(browser, small, width=PAPER) as page:
        for summary in page.locator("details.data > summary").all():
            summary.click()
        page.emulate_media(media="print")
        boxes = [table.bounding_box() for table in page.locator(".scroller table").all()]
        assert len(boxes) > 5
        assert [box for box in boxes if box is None or box["x"] + box["width"] > PAPER] == []
        heads = page.locator(".scroller thead th button").all()
        assert {button.evaluate("one => getComputedStyle(one).paddingLeft") for button in heads} == {"0px"}


def test_the_printed_page_has_every_name_without_a_script(large: Path, browser: Browser) -> None:
    with opened(browser, large, scripts=False) as page:
        hidden = page.locator(".names details.further span").first
        assert not hidden.is_visible()
        page.emulate_media(media="print")
        assert hidden.is_visible()
        assert not page.locator(".names details.further > summary").first.is_visible()


CONTRAST = """() => {
  const luminance = (colour) => colour.match(/[\\d.]+/g).slice(0, 3).map((value) => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }).reduce((sum, value, place) => sum + value * [0.2126, 0.7152, 0.0722][place], 0);
  const ground = (node) => {
    for (let one = node; one; one = one.parentElement) {
      const colour = getComputedStyle(one).backgroundColor;
      if (!colour.endsWith(", 0)")) return colour;
    }
    return "rgb(255, 255, 255)";
  };
  const weak = [];
  for (const node of document.querySelectorAll("h1, h2, h3, p, li, b, a, td, th, summary, code, span, dt, dd")) {
    if (!node.checkVisibility() || !node.textContent.trim()) continue;
    const [one, other] = [luminance(getComputedStyle(node).color), luminance(ground(node))].sort((a, b) => b - a);
    if ((one + 0.05) / (other + 0.05) < 4.5) weak.push(node.outerHTML.slice(0, 80));
  }
  return weak;
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_contrasts_with_its_background(scheme: Scheme, small: Path, browser: Browser) -> None:
    with opened(browser, small, scheme=scheme) as page:
        table(page)
        page.click(f"{SCROLLER} td >> text=web01")

        assert page.evaluate(CONTRAST) == []
        ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (ground == "rgb(255, 255, 255)") is (scheme == "light")


def test_names_are_text_wherever_they_stand(tmp_path: Path, browser: Browser) -> None:
    file = written(hostile.document(), tmp_path)
    with opened(browser, file) as page:
        for summary in page.locator("details > summary").all():
            summary.click()
        assert page.locator("script").count() == 2 + len(hostile.document().sections)
        assert page.locator("main img, main iframe, main object, main a").count() == 0
        rows = page.evaluate("JSON.parse(document.getElementById('shared').textContent).texts")
        assert [name for name in hostile.NAMES.values() if printable(name) not in rows] == []
        seen = page.evaluate("document.body.textContent")
        assert [name for name in hostile.NAMES.values() if printable(name).strip() not in seen] == []
        table_texts = set(page.locator("details[data-key=rows] tbody td:first-child").all_text_contents())
        assert printable(hostile.NAMES["markup"]) in table_texts


def test_a_script_is_selected_whole_by_one_click(tmp_path: Path, browser: Browser) -> None:
    script = ("if true; then", "    echo '<br>' & wait", "fi")
    advice = (Advice(action="Persistent", script=script),)
    group = RowGroup(verdict="at-risk", title="A.", action="Do it.", also=advice, rows=(), columns=(), lists_rows=False)
    main = Section(key="rows", columns=(Column("domain"),), rows=(("web01",),), groups=(group,))
    document = Document(schema="virtscan.remedy/1", version="1", sections=(main,))

    with opened(browser, written(document, tmp_path)) as page:
        page.click("pre.script")
        selected = page.evaluate("getSelection().toString()")
        assert page.locator(".panel .more").count() == 0

    assert selected.rstrip("\n") == "\n".join(script)


def test_content_security_policy_precedes_everything_that_it_could_block(small: Path, browser: Browser) -> None:
    text = small.read_text()

    assert text.index("default-src") < min(text.index(tag) for tag in ("<style", "<script", "<title", "<body"))
    changed = small.with_name("changed.html")
    changed.write_text(text.replace("</body>", "<script>document.title = 'changed'</script></body>"))
    context = browser.new_context()
    context.set_default_timeout(LONGEST)
    page = context.new_page()
    page.goto(changed.as_uri())
    assert page.title() != "changed"
    context.close()
