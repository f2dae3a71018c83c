"""docs/rules.md and the rules' sample inventories: documentation that is held against the code."""

import json

import pytest

from tests.readme import README
from tests.rules import PAGE, SAMPLES, decided_by, page, sample
from virtscan.cli.main import run
from virtscan.correlator import RULES, Rule
from virtscan.model import Confidence, NotJudged, Verdict
from virtscan.model.codes import code
from virtscan.views.wording.rules import titled

HIGH, MEDIUM, LOW = Confidence.HIGH, Confidence.MEDIUM, Confidence.LOW
AT_RISK, UNKNOWN, MITIGATED, NOT_AFFECTED = Verdict
_EVERY_RULE = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)

# The interfaces that each rule decides in its sample, with verdict, confidence and the reasons that distinguish them.
DECIDED: dict[str, dict[str, object]] = {
    "R1": {
        "on-a-bridge": NotJudged.NOT_MACVTAP,
        "on-no-bond": NotJudged.NOT_ON_A_BOND,
        "container": NotJudged.NOT_MACVTAP,
        "satellite": NotJudged.SERVER_ITSELF,
    },
    "R2": {
        "kernel-read": (NOT_AFFECTED, HIGH, {"kernel-known"}),
        "kernel-inferred": (NOT_AFFECTED, MEDIUM, {"kernel-inferred", "needs-kernel"}),
        "host-is-a-vm": (NOT_AFFECTED, MEDIUM, {"kernel-known", "hypervisor-is-vm"}),
    },
    "R3": {"web01": (UNKNOWN, LOW, {"needs-server"})},
    "R4": {
        "other-segment": (NOT_AFFECTED, MEDIUM, {"not-served"}),
        "other-subnet": (NOT_AFFECTED, MEDIUM, {"not-served"}),
    },
    "R5": {
        "off-and-stays-off": (MITIGATED, HIGH, {"offload-known", "after-reboot"}),
        "off-until-its-reboot": (MITIGATED, MEDIUM, {"offload-known", "after-reboot"}),
        "declared-off": (MITIGATED, MEDIUM, {"offload-known", "needs-reboot"}),
    },
    "R6": {
        "server-on-e1000": (MITIGATED, MEDIUM, {"nic-fills"}),
        "server-without-csum": (MITIGATED, MEDIUM, {"nic-fills"}),
    },
    "R7": {
        "beside-a-vm": (AT_RISK, HIGH, {"shares-device", "offload-known", "kernel-known"}),
        "beside-a-host-macvlan": (AT_RISK, MEDIUM, {"shares-device", "offload-known", "needs-kernel"}),
    },
    "R8": {
        "on-the-servers-bridge": (AT_RISK, HIGH, {"carried", "offload-known", "kernel-known"}),
        "beside-a-container": (AT_RISK, MEDIUM, {"carried", "offload-known", "needs-kernel"}),
    },
    "R9": {
        "in-vepa-mode": (NOT_AFFECTED, MEDIUM, {"shares-device", "leaves-by-nic"}),
        "on-a-vlan": (NOT_AFFECTED, MEDIUM, {"separated-by-vlan", "leaves-by-nic"}),
        "server-is-the-host": (NOT_AFFECTED, MEDIUM, {"sends-down", "leaves-by-nic"}),
    },
    "R10": {
        "server-on-another-hypervisor": (NOT_AFFECTED, MEDIUM, {"on-other-hypervisor"}),
        "server-on-another-device": (NOT_AFFECTED, MEDIUM, {"elsewhere-on-hypervisor", "entered-by-nics"}),
        "server-is-physical": (NOT_AFFECTED, MEDIUM, {"declared-physical"}),
        "a-hypervisor-is-unread": (NOT_AFFECTED, LOW, {"not-on-hypervisor", "needs-hypervisors"}),
    },
    "R11": {
        "kernel-unfixed": (AT_RISK, MEDIUM, {"kernel-known", "offload-known", "needs-place"}),
        "kernel-unknown": (AT_RISK, LOW, {"needs-kernel", "offload-known", "needs-place"}),
    },
    "R12": {
        "in-vepa-mode": (UNKNOWN, LOW, {"kernel-known", "offload-known", "needs-place"}),
        "in-private-mode": (UNKNOWN, LOW, {"needs-kernel", "offload-known", "needs-place"}),
    },
    "R13": {"beside-the-server": (UNKNOWN, LOW, {"kernel-known", "shares-device", "needs-offload"})},
    "R14": {
        "nics-of-unknown-kind": (UNKNOWN, LOW, {"elsewhere-on-hypervisor", "needs-nic-kinds"}),
        "device-made-beforehand": (UNKNOWN, LOW, {"needs-interface", "needs-mode"}),
        "hypervisor-is-a-vm": (UNKNOWN, LOW, {"on-other-hypervisor", "hypervisor-is-vm", "needs-outer-host"}),
    },
}


@_EVERY_RULE
def test_the_sample_of_a_rule_has_each_case_that_it_decides(rule: Rule) -> None:
    _, accounts = sample(rule.id)

    assert [account.domain.name for account in accounts] == list(DECIDED[rule.id])
    for account in accounts:
        expected = DECIDED[rule.id][account.domain.name]
        finding = account.finding
        if finding is None:
            assert account.not_judged is expected
            continue
        codes = {code(reason) for reason in (*finding.because, *finding.missing)}
        assert isinstance(expected, tuple)
        assert (finding.verdict, finding.confidence) == expected[:2]
        assert expected[2] <= codes


def test_every_rule_has_a_sample_and_there_is_no_other() -> None:
    assert {path.name for path in SAMPLES.iterdir()} == {f"{rule.id}.json" for rule in RULES}


@_EVERY_RULE
def test_its_rule_alone_decides_every_interface_of_a_sample(rule: Rule) -> None:
    report, accounts = sample(rule.id)
    servers = {"satellite", "lab"}
    shown = {account.domain.name for account in accounts}

    assert {domain.name for host in report.inventory.hypervisors for domain in host.domains} - shown <= servers
    assert {decided_by(account) for account in accounts} == {rule.id}
    assert report.warnings == ()


@_EVERY_RULE
def test_a_sample_is_reported_and_explained_with_the_rules_title(rule: Rule, capfd: pytest.CaptureFixture[str]) -> None:
    file = str(SAMPLES / f"{rule.id}.json")

    assert run(["report", file, "--format", "json"]) in {0, 1, 3, 4}
    findings = json.loads(capfd.readouterr().out)["findings"]
    assert {finding["domain"] for finding in findings if finding["rule"] == rule.id} == (
        set(DECIDED[rule.id]) if rule.verdict else set()
    )

    run(["explain", next(iter(DECIDED[rule.id])), file])
    assert f"by {titled(rule.id)}" in " ".join(capfd.readouterr().out.split())


def test_the_page_of_the_rules_is_that_of_the_code() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run python -m tests.rules to regenerate it"


def test_the_page_of_the_rules_is_linked() -> None:
    assert "](docs/rules.md)" in README.read_text(encoding="utf-8")
    assert "](rules.md)" in (PAGE.parent / "mechanism.md").read_text(encoding="utf-8")
