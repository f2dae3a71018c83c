"""Each rule and each condition of the decision table has its words, and there are words for nothing else."""

import re

import pytest

from tests.views.wording.test_reasons import filled
from virtscan.correlator import RULES, Rule
from virtscan.correlator.findings import missing
from virtscan.correlator.positions.position import Where
from virtscan.correlator.table import Case, PossibleServers
from virtscan.model import Fix, NotJudged, SourceMode, State
from virtscan.model.reasons import Reason
from virtscan.views.wording.conditions import CONDITION_WORDS, value_words
from virtscan.views.wording.rules import RULE_WORDS, titled

_LONGEST_SENTENCE = 25
_SENTENCE = re.compile(r"(?<=[.:;]) ")
_EVERY_RULE = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)


def test_every_rule_has_words_and_no_other() -> None:
    assert set(RULE_WORDS) == {rule.id for rule in RULES}


def test_every_condition_has_words_and_no_other() -> None:
    assert set(CONDITION_WORDS) == {condition.id for rule in RULES for condition in rule.conditions}


def test_no_two_conditions_or_rules_have_the_same_words() -> None:
    assert len({words.requires for words in CONDITION_WORDS.values()}) == len(CONDITION_WORDS)
    assert len({words.title for words in RULE_WORDS.values()}) == len(RULE_WORDS)
    assert len({words.phrase for words in RULE_WORDS.values()}) == len(RULE_WORDS)


@_EVERY_RULE
def test_consequence_of_a_rule_begins_with_its_verdict(rule: Rule) -> None:
    verdict = "no finding" if rule.verdict is None else rule.verdict.value

    assert re.match(rf"{verdict}($|[,;:] | \()", RULE_WORDS[rule.id].then)


@_EVERY_RULE
def test_the_words_of_a_rule_fit_tables_and_documents(rule: Rule) -> None:
    words = RULE_WORDS[rule.id]

    assert 5 < len(words.title) < 35
    assert 10 < len(words.phrase) < 60
    assert 3 <= len(re.findall(r"\.(?= |$)", words.why)) <= 6
    assert words.why.endswith(".")
    assert words.action.endswith(".")
    for sentence in _SENTENCE.split(f"{words.why} {words.action}"):
        assert len(sentence.split()) <= _LONGEST_SENTENCE


@_EVERY_RULE
def test_the_words_are_not_abbreviated(rule: Rule) -> None:
    words = RULE_WORDS[rule.id]

    assert not re.search(r"\b[KT]\b|open sum|\bcard\b", f"{words.title} {words.when} {words.then} {words.phrase}")
    assert "|" not in words.when


def test_every_place_has_words_of_its_own() -> None:
    said = {CONDITION_WORDS["lost"].actual(Case(where=where)) for where in Where}

    assert len(said) == len(Where)
    assert not said & {where.value for where in Where}


@pytest.mark.parametrize(("kind", "values"), missing.ORDER, ids=lambda kind: getattr(kind, "__name__", ""))
def test_every_value_of_a_missing_fact_has_words(kind: type[Reason], values: missing._Values | None) -> None:
    codes = () if values is None else tuple(values[1])
    said = {value_words(next(filled(kind)), code) for code in codes}

    assert len(said) == len(codes)
    assert not any("-" in words for words in said)


def test_a_rule_is_named_by_its_id_and_its_title() -> None:
    assert titled("R7") == "R7 (same device, both in bridge mode)"


@pytest.mark.parametrize(
    ("condition", "case", "actual"),
    [
        ("left-out", Case(), "the interface is judged"),
        ("left-out", Case(left_out=NotJudged.SERVER_ITSELF), "the server's own interface"),
        ("fixed", Case(), "the kernel's state is unknown"),
        ("fixed", Case(kernel=Fix.UNFIXED), "the kernel is unfixed"),
        ("none-known", Case(servers=PossibleServers.NONE_SERVES), "no server serves this interface"),
        ("none-serves", Case(servers=PossibleServers.NONE_KNOWN), "no server is known"),
        ("none-serves", Case(servers=PossibleServers.THIS_ONE), "this server may answer"),
        ("tx-off", Case(), "the state of the server's TX checksum offload is unknown"),
        ("tx-unknown", Case(tx=State.ON), "the server's TX checksum offload is on"),
        ("fills", Case(), "the server is not known to be a VM whose NIC can't send partial checksums"),
        ("fills", Case(fills=True), "the server's virtual NIC can't send partial checksums"),
        ("bridge", Case(), "the interface is in an unknown mode"),
        ("bridge", Case(mode=SourceMode.VEPA), "the interface is in vepa mode"),
        ("lost", Case(where=Where.RECEIVED), "the lower device receives the server's frames before any NIC"),
        ("received", Case(), "the server's place is unknown"),
        ("never-meet", Case(), "the server's place is unknown"),
        ("never-meet", Case(where=Where.SAME_OTHER), "the server is not in bridge mode"),
        ("never-meet", Case(where=Where.SAME_BRIDGE, mode=SourceMode.BRIDGE), "the interface is in bridge mode"),
    ],
)
def test_the_actual_fact_of_a_case_is_worded(condition: str, case: Case, actual: str) -> None:
    assert CONDITION_WORDS[condition].actual(case) == actual
