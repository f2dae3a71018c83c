"""Warnings about waivers that match nothing."""

import json
from pathlib import Path

import pytest

from tests.build import UNFIXED_KERNEL, domain, hypervisor, inventory, macvtap, server
from tests.cli.conftest import saved_in
from virtscan.cli.main import run
from virtscan.model import Policy, State, Waiver
from virtscan.views import VIEWS

LINE = "waiver 'boots from ISO' (domain legacy-*): it matches no finding; correct or remove it"


@pytest.fixture
def saved(tmp_path: Path) -> str:
    """A fleet without risk, with a waiver for a domain that does not exist."""
    host = hypervisor("hv1", domain("web01", macvtap()), kernel=UNFIXED_KERNEL)
    policy = Policy(waivers=(Waiver(reason="boots from ISO", domain="legacy-*"),))
    return saved_in(tmp_path, inventory(host, servers=(server(tx_checksum=State.OFF),), policy=policy))


def test_a_table_has_the_warning_below_the_unread_items(saved: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["report", saved]) == 0
    assert capfd.readouterr().out.splitlines()[-2] == f"warning: {LINE}"


@pytest.mark.parametrize("view", VIEWS)
def test_json_has_the_warning_among_the_gaps(view: str, saved: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["report", saved, "--format", "json", "--view", view]) == 0

    (gap,) = json.loads(capfd.readouterr().out)["gaps"]
    assert f"{gap['subject']}: {gap['reason']}" == LINE


def test_standard_error_has_the_warning_if_the_format_has_no_place_for_it(
    saved: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run(["report", saved, "--format", "csv"]) == 0
    printed = capfd.readouterr()
    assert printed.err == f"virtscan: warning: {LINE}\n"
    assert "legacy" not in printed.out

    assert run(["report", saved, "--format", "csv", "-q"]) == 0
    assert capfd.readouterr().err == ""


def test_remedy_prints_the_warning(saved: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["remedy", saved]) == 0
    assert LINE in capfd.readouterr().err
