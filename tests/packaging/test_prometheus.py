"""Files shipped for Prometheus and Grafana, checked by promtool and compared with the metrics that virtscan writes."""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from tests.conftest import PROJECT
from tests.golden import RUN
from tests.reporters import hostile
from tests.views.fleet import report
from virtscan.reporters import REPORTERS
from virtscan.views import VIEWS
from virtscan.views.document import Document
from virtscan.views.report.metrics import view

FOLDER = PROJECT / "packaging" / "prometheus"
RULES = FOLDER / "virtscan.rules.yml"
DASHBOARD = FOLDER / "virtscan.dashboard.json"
METRICS = REPORTERS["prometheus"].render(view(report(), RUN)).decode()
VARIABLES = {"$site": "ams.*"}


def promtool(*arguments: str | Path, text: str | None = None) -> str:
    """Return the output of promtool; it must have found nothing wrong."""
    done = subprocess.run(["promtool", *arguments], input=text, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def expressions() -> list[str]:
    return [target["expr"] for panel in json.loads(DASHBOARD.read_text())["panels"] for target in panel["targets"]]


@pytest.mark.parametrize("shown", [VIEWS["risks"](report()), VIEWS["servers"](report()), hostile.document()])
def test_the_metrics_of_any_document_are_valid(shown: Document) -> None:
    assert promtool("check", "metrics", text=REPORTERS["prometheus"].render(shown).decode()) == ""


def test_the_metrics_of_a_scan_are_valid() -> None:
    assert promtool("check", "metrics", text=METRICS) == ""


def test_an_invalid_metric_is_found() -> None:
    done = subprocess.run(["promtool", "check", "metrics"], input=b"a b c\n", capture_output=True, check=False)

    assert done.returncode != 0


@pytest.mark.long
def test_the_alerts_fire_when_they_should_and_only_then() -> None:
    promtool("test", "rules", RULES.with_suffix(".test.yml"))


def test_every_alert_has_a_test_in_which_it_fires() -> None:
    alerts = re.findall(r"- alert: (\w+)", RULES.read_text())
    fired = re.findall(r"alertname: (\w+)\n\s+exp_alerts:", RULES.with_suffix(".test.yml").read_text())

    assert set(alerts) == set(fired)


def test_every_expression_of_the_dashboard_is_valid(tmp_path: Path) -> None:
    rules = [{"record": f"panel:{number}", "expr": expression} for number, expression in enumerate(expressions())]
    file = tmp_path / "dashboard.yml"
    text = json.dumps({"groups": [{"name": "dashboard", "rules": rules}]})
    for name, value in VARIABLES.items():
        text = text.replace(name, value)
    file.write_text(text)

    assert f"SUCCESS: {len(rules)} rules found" in promtool("check", "rules", file)
    assert "$" not in text


def samples() -> Iterator[Sample]:
    for family in text_string_to_metric_families(METRICS):
        yield from family.samples


def selectors(text: str) -> Iterator[tuple[str, set[str]]]:
    """Yield each metric that is queried, with the labels of the query."""
    for name, labels in re.findall(r"\b(virtscan_\w+)(?:\{([^}]*)\})?", text):
        yield name, set(re.findall(r'(\w+)=~?"', labels))


@pytest.mark.parametrize("text", [RULES.read_text(), "\n".join(expressions())], ids=["alerts", "dashboard"])
def test_alerts_and_dashboard_query_metrics_and_labels_that_exist(text: str) -> None:
    exist = {sample.name: set(sample.labels) for sample in samples()}
    asked = [(name, labels) for name, labels in selectors(text) if name != "virtscan_remedy"]
    assert asked
    assert [(name, labels) for name, labels in asked if not labels <= exist.get(name, set())] == []


def test_every_metric_is_used_by_an_alert_or_the_dashboard_or_shows_only_the_version_or_a_result() -> None:
    asked = {name for text in (RULES.read_text(), *expressions()) for name, _ in selectors(text)}
    unused = {sample.name for sample in samples()} - asked
    assert unused == {"virtscan_build_info", "virtscan_scan_exit_code", "virtscan_waivers"}
