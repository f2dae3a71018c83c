"""The page about the mechanism agrees with the code."""

import re

import pytest

from tests.lab.scenarios import SCENARIOS
from tests.lab.table import BEGIN, END
from tests.mechanism import PAGE, decision_table, filled
from tests.readme import README
from virtscan.correlator import RULES
from virtscan.model import Verdict


def test_the_tables_on_the_page_are_those_of_the_code() -> None:
    page = PAGE.read_text(encoding="utf-8")

    assert filled(page) == page, "run python -m tests.mechanism to regenerate them"


def test_a_table_that_differs_is_rejected() -> None:
    page = PAGE.read_text(encoding="utf-8")
    changed = page.replace("| the hypervisor's kernel has the fix", "| the hypervisor's kernel lacks the fix")

    assert changed != page
    assert filled(changed) == page


def test_a_page_without_the_place_of_a_table_is_refused() -> None:
    with pytest.raises(ValueError, match="end of decision table"):
        filled(PAGE.read_text(encoding="utf-8").replace("<!-- decision table -->\n", ""))


def test_every_rule_is_in_the_table_with_its_verdict() -> None:
    rows = re.findall(r"^\| (R\d+) +\|.*?\| ([a-z -]+?) +\|", decision_table(), re.MULTILINE)

    assert [name for name, _ in rows] == [rule.id for rule in RULES]
    assert dict(rows) == {rule.id: rule.verdict.value if rule.verdict else "no finding" for rule in RULES}


def test_the_page_names_the_rules_that_clear() -> None:
    (named,) = re.findall(r"Only (R\d[^.]*?) clear,", PAGE.read_text(encoding="utf-8").replace("\n", " "))
    spelled_out = re.sub(
        r"R(\d+) to R(\d+)", lambda span: " ".join(f"R{n}" for n in range(int(span[1]), int(span[2]) + 1)), named
    )

    assert set(re.findall(r"R\d+", spelled_out)) == {
        rule.id for rule in RULES if rule.verdict in {Verdict.MITIGATED, Verdict.NOT_AFFECTED}
    }


def test_the_page_has_the_place_of_the_labs_table_and_is_linked() -> None:
    page = PAGE.read_text(encoding="utf-8")

    assert re.findall(r"^<!-- (?:end of )?lab table -->$", page, re.MULTILINE) == [
        "<!-- lab table -->",
        "<!-- end of lab table -->",
    ]
    assert "](docs/mechanism.md)" in README.read_text(encoding="utf-8")


def test_the_labs_table_has_every_boot_of_every_scenario_and_the_rule_that_decided_it() -> None:
    table = PAGE.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0]
    rows = re.findall(
        r"^\| (.+?)(?: \(nested.*?\))? +\| (on|off) +\|.*?\| (R\d+) +\|.*\| (\S.*?) +\|$", table, re.MULTILINE
    )

    # The kernels here are fixed: only where the lab names an unfixed one the rule of the step decides.
    played = [
        (scenario.name, step.offload.value, step.rule if scenario.unfixed else "R2", "yes")
        for scenario in SCENARIOS
        for step in scenario.steps
    ]
    assert sorted(rows) == sorted(played), "python -m tests.lab --document docs/mechanism.md plays them all"
