import pytest

from tests.build import (
    FIXED_KERNEL,
    TAKEN_AT,
    UNFIXED_KERNEL,
    domain,
    failure,
    gap_in_words,
    hypervisor,
    inventory,
    macvtap,
    server,
)
from virtscan.cli.exit_codes import ExitCode, of_report
from virtscan.correlator import correlate
from virtscan.model import FailOn, Gap, GapAbout, Hypervisor, Observed, State
from virtscan.model.gaps.causes import Driver, NoDriver
from virtscan.model.gaps.items import FactName, HostFact
from virtscan.views.tables.interfaces import view

SERVER = gap_in_words("server satellite", "ssh: connection refused", GapAbout.SERVER)
DRIVER = Gap(
    item=HostFact(uri="qemu:///system", fact=FactName.NODE_DEVICES),
    cause=NoDriver(driver=Driver.NODE_DEVICE),
    about=GapAbout.DEVICE,
    hypervisor="hv1",
)
DOMAIN = gap_in_words("qemu:///system vm7", "it vanished", GapAbout.DOMAIN, "hv1")
VM = domain("web01", macvtap())
FIXED = hypervisor("hv1", VM, kernel=FIXED_KERNEL)
INFERRED = hypervisor("hv1", VM, daemon=Observed(value=9_000_000, source="libvirt", observed_at=TAKEN_AT))


@pytest.mark.parametrize("gap", [SERVER, DRIVER])
def test_unread_server_is_a_warning_and_no_gap_if_every_kernel_is_fixed(gap: Gap) -> None:
    unread = server(tx_checksum=State.UNKNOWN, reason=failure("ssh: connection refused"))

    report = correlate(inventory(FIXED, servers=(unread,), gaps=(gap,)))
    shown = view(report)

    assert (report.irrelevant_gaps, report.gaps) == ((gap,), ())
    assert (len(shown.gaps.rows), len(shown.warnings.rows)) == (0, 1)
    assert of_report(report, FailOn.LATENT) is ExitCode.CLEAN


@pytest.mark.parametrize(
    "hosts",
    [
        pytest.param((), id="no hypervisor"),
        pytest.param((hypervisor("hv1", VM),), id="unknown"),
        pytest.param((INFERRED,), id="inferred from the daemon's version"),
        pytest.param((FIXED, hypervisor("hv2", kernel=UNFIXED_KERNEL)), id="one unfixed"),
    ],
)
@pytest.mark.parametrize("gap", [SERVER, DRIVER])
def test_a_gap_counts_while_a_kernel_may_be_unfixed(hosts: tuple[Hypervisor, ...], gap: Gap) -> None:
    assert correlate(inventory(*hosts, gaps=(gap,))).gaps == (gap,)


def test_a_domain_that_was_not_read_is_a_gap_on_every_kernel() -> None:
    assert correlate(inventory(FIXED, gaps=(SERVER, DOMAIN))).gaps == (DOMAIN,)
