"""What to find out first: the facts whose absence leaves interfaces unknown, and how to get each."""

import shlex
from collections import Counter
from collections.abc import Iterator

from virtscan.correlator import Fix, read_kernel
from virtscan.model import Finding, Report, Server, SourceMode, Verdict
from virtscan.remedy.plan import Question
from virtscan.views.advice import look_for_the_fix
from virtscan.views.summary import is_at_risk
from virtscan.views.wording.kernel import kernel_basis


def questions(report: Report) -> tuple[Question, ...]:
    """Everything that would settle unknown verdicts, what settles most of them first."""
    asked = [*_about_servers(report), *_about_kernels(report)]
    return tuple(sorted(asked, key=lambda question: (-question.interfaces, question.where)))


def _is_unknown(finding: Finding) -> bool:
    return finding.verdict is Verdict.UNKNOWN and finding.waived is None


def _about_servers(report: Report) -> Iterator[Question]:
    servers = {(server.name, server.interface): server for server in reversed(report.inventory.servers)}
    alike: Counter[tuple[str, tuple[str, ...], str]] = Counter()
    for finding in filter(_is_unknown, report.findings):
        where = finding.server or finding.hypervisor
        server = servers.get((finding.server or "", finding.server_interface))
        missing = tuple(fact for fact in finding.missing if not fact.startswith("the kernel of "))
        alike[where, missing, _command(finding, server)] += 1
    for (where, missing, command), count in alike.items():
        yield Question(where=where, missing=missing, command=command, interfaces=count)


def _command(finding: Finding, server: Server | None) -> str:
    """What tells the fact that the deciding rule did not have."""
    if server is None:
        return "virtscan scan --server NAME:INTERFACE=ssh://root@HOST"
    interface = "INTERFACE" if server.interface is None else shlex.quote(server.interface)
    match finding.rule:
        case "R13":
            return f"ethtool -k {interface}"
        case _ if not server.macs and not server.physical:
            return f"cat /sys/class/net/{interface}/address"
        case _ if finding.source_mode in {None, SourceMode.UNKNOWN}:
            return f"virsh dumpxml {shlex.quote(finding.domain)}"
        case _:
            return f"virtscan explain {shlex.quote(finding.mac or finding.domain)}"


def _about_kernels(report: Report) -> Iterator[Question]:
    """Kernels that nobody read: a fixed one clears every interface of its hypervisor."""
    open_ones = Counter(
        finding.hypervisor for finding in report.findings if _is_unknown(finding) or is_at_risk(finding)
    )
    for hypervisor in report.inventory.hypervisors:
        kernel = hypervisor.kernel
        count = open_ones[hypervisor.name]
        if count and kernel is None:
            missing = "its kernel: a fixed one clears all of them"
            yield Question(where=hypervisor.name, missing=(missing,), command="uname -r", interfaces=count)
        elif count and kernel is not None and read_kernel(kernel.value).fix is Fix.UNKNOWN:
            missing = f"whether its kernel {kernel.value} has the fix: {kernel_basis(read_kernel(kernel.value).basis)}"
            command = look_for_the_fix(kernel.value)
            yield Question(where=hypervisor.name, missing=(missing,), command=command, interfaces=count)
