"""The warning of servers whose offload is off only until their next reboot."""

from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.build import UNFIXED_KERNEL, domain, hypervisor, inventory, macvtap, server
from tests.views.fleet import finding
from virtscan.cli.main import run
from virtscan.model import Persistence, Report, Server, State
from virtscan.model.facts.persistence import SettingInWords
from virtscan.storage import dumps
from virtscan.views import GROUPINGS, VIEWS
from virtscan.views.document import Document, counts
from virtscan.views.report.advice import after_reboot
from virtscan.views.wording.gaps import reason, subject


def judged(*servers: Server, at_risk: int = 0) -> Report:
    findings = (finding(),) if at_risk else ()
    return Report(inventory=inventory(servers=servers), findings=findings, at_risk_after_reboot=at_risk)


def back_on(name: str) -> Server:
    return server(
        name, State.OFF, persistence=Persistence(tx_checksum=State.ON, setting=SettingInWords(text="ifcfg-eth0"))
    )


def warned_of(report: Report) -> list[str]:
    return [f"{subject(gap)}: {reason(gap)}" for gap in after_reboot(report)]


def test_servers_that_are_off_only_until_their_next_reboot_are_named_with_what_is_then_at_risk() -> None:
    lasting = server(
        "b", State.OFF, persistence=Persistence(tx_checksum=State.OFF, setting=SettingInWords(text="ifcfg-eth0"))
    )
    until = "TX checksum offload is off until the next reboot"

    assert warned_of(judged(server("a"), lasting)) == []
    assert warned_of(judged(back_on("a"), lasting)) == [
        f"server a: {until}",
    ]
    assert warned_of(replace(judged(back_on("a")), findings=(finding(),))) == [
        f"server a: {until}, which puts no further interface at risk",
    ]
    assert warned_of(judged(back_on("a"), lasting, back_on("c"), at_risk=1)) == [
        f"servers a, c: {until}, which puts 1 interface at risk; `virtscan remedy` shows how to make it persistent",
    ]


@pytest.mark.parametrize("view", [*VIEWS.values(), *GROUPINGS.values()])
def test_every_view_warns_of_what_the_next_reboot_puts_at_risk(view: Callable[[Report], Document]) -> None:
    document = view(judged(back_on("a"), at_risk=3))

    (warning,) = document.warnings.rows
    assert warning[0] == "server a"
    assert "puts 3 interfaces at risk" in str(warning[1])
    assert counts(document.metrics, "at_risk_after_reboot") == {"": 3}


@pytest.mark.parametrize("view", VIEWS)
def test_standard_error_has_the_warning_if_the_format_has_no_place_for_it(
    view: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    host = hypervisor("hv1", domain("web01", macvtap()), kernel=UNFIXED_KERNEL)
    (tmp_path / "fleet.json").write_bytes(dumps(inventory(host, servers=(back_on("satellite"),))))

    run(["report", str(tmp_path / "fleet.json"), "--format", "csv", "--view", view])

    assert (
        "warning: server satellite: TX checksum offload is off until the next reboot, which puts 1 interface at risk"
        in capfd.readouterr().err
    )
