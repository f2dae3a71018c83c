"""Reasons of a finding, and the missing facts that would settle it."""

from collections.abc import Iterable, Iterator

import msgspec

from virtscan.correlator.kernel import KernelState
from virtscan.correlator.servers.sending import SendingStack
from virtscan.correlator.servers.server_index import ServerIndex
from virtscan.correlator.servers.serving import describe
from virtscan.correlator.table import Fact, Ruling
from virtscan.correlator.table.evaluation import Evaluation, PointEvaluation
from virtscan.model import (
    OPEN,
    Confidence,
    Fix,
    Gap,
    Hypervisor,
    KernelBasis,
    LowerDevice,
    SourceMode,
    State,
)
from virtscan.model.gaps import AnyCause
from virtscan.model.gaps.causes import TooOld
from virtscan.model.reasons import (
    AfterReboot,
    DeviceObserved,
    ExclusionContradicted,
    HostObserved,
    HypervisorIsVm,
    KernelInferred,
    KernelKnown,
    ModeKnown,
    NeedsDeviceKind,
    NeedsInterface,
    NeedsKernel,
    NeedsMode,
    NeedsOffload,
    NeedsReboot,
    NeedsRenewal,
    NeedsServer,
    NotServed,
    OffloadKnown,
    OnOtherHypervisor,
    OnRecord,
    OutsideStack,
    PlacesDisagree,
    Reason,
)
from virtscan.model.sources import has_stack


class Reasoning:
    """Collects the reasons of one hypervisor's findings."""

    def __init__(self, index: ServerIndex, hypervisor: Hypervisor, kernel: KernelState, outdated: tuple[Gap, ...]):
        """`outdated` are the gaps about facts of the hypervisor that are too old to count."""
        self._index = index
        self._hypervisor = hypervisor
        self._kernel = kernel
        self._renewals = tuple(NeedsRenewal(item=gap.item) for gap in outdated)

    def reasons(self, evaluation: Evaluation) -> tuple[tuple[Reason, ...], tuple[Reason, ...]]:
        """Return `because` and `missing` of a finding, the deciding reason first."""
        ruling, decided = evaluation.ruling, evaluation.decided
        because: list[Reason] = []
        missing: list[Reason] = []
        for fact in ruling.rule.facts:
            self._add(fact, ruling, decided, because, missing)
        self._device(decided, because, missing, is_open=ruling.rule.verdict in OPEN)
        if evaluation.disagree and ruling.stack is not None:
            because.append(PlacesDisagree(server=ruling.server))
        because += self._servers(evaluation)
        because += _observed(self._hypervisor.name, ruling)
        if ruling.rule.verdict in OPEN:
            missing += self._renewals
        missing += evaluation.doubts
        return tuple(dict.fromkeys(because)), tuple(dict.fromkeys(missing))

    def lacking(self, points: Iterable[PointEvaluation]) -> tuple[Reason, ...]:
        """Return the missing facts of every open ruling, not only of the one that decides."""
        missing: list[Reason] = []
        for point in points:
            for ruling in point.rulings:
                for fact in ruling.rule.facts if ruling.rule.verdict in OPEN else ():
                    self._add(fact, ruling, point, [], missing)
        return tuple(dict.fromkeys(missing))

    def _add(
        self, fact: Fact, ruling: Ruling, decided: PointEvaluation, because: list[Reason], missing: list[Reason]
    ) -> None:
        position, point = ruling.position, decided.point
        match fact:
            case Fact.KERNEL:
                self._kernel_of(ruling, decided, because, missing)
            case Fact.SERVERS:
                reason = self._not_served(decided) if self._index.servers else NeedsServer()
                _sort(reason, because, missing)
            case Fact.TX if ruling.stack is not None:
                _sort(_offload(ruling.stack), because, missing)
            case Fact.REBOOT if ruling.stack is not None:
                _sort(_after_reboot(ruling.stack), because, missing)
            case Fact.NIC if position.fills is not None:
                because.append(position.fills)
            case Fact.PLACE:
                because += position.because
                missing += position.missing
                if not ruling.case.declared:
                    because.append(OutsideStack(server=ruling.server, mac=position.mac))
            case Fact.MODE if point.mode in {None, SourceMode.UNKNOWN}:
                missing.append(NeedsMode(network=point.network))
            case Fact.MODE if point.mode is not None:
                because.append(ModeKnown(mode=point.mode))

    def _kernel_of(
        self, ruling: Ruling, decided: PointEvaluation, because: list[Reason], missing: list[Reason]
    ) -> None:
        host, state = self._hypervisor, self._kernel
        release = host.kernel_release
        if state.basis is KernelBasis.INFERRED_FROM_DAEMON and host.daemon is not None:
            because.append(KernelInferred(hypervisor=host.name, daemon=host.daemon.value))
            missing.append(NeedsKernel(hypervisor=host.name))
        elif state.fix is Fix.UNKNOWN or release is None:
            missing.append(NeedsKernel(hypervisor=host.name, release=release, basis=state.basis))
        else:
            declared = host.kernel is None
            because.append(
                KernelKnown(hypervisor=host.name, release=release, fix=state.fix, basis=state.basis, declared=declared)
            )
        point = decided.point
        if ruling.confidence is Confidence.MEDIUM and ruling.case.in_vm and state.fix is Fix.FIXED:
            because.append(HypervisorIsVm(hypervisor=host.name, nics=point.virtual_nics))

    def _not_served(self, decided: PointEvaluation) -> NotServed:
        return NotServed(
            hypervisor=self._hypervisor.name,
            device=decided.point.device,
            segment=decided.point.segment,
            servers=tuple(describe(server) for server in self._index.servers),
        )

    def _device(self, decided: PointEvaluation, because: list[Reason], missing: list[Reason], *, is_open: bool) -> None:
        point, host = decided.point, self._hypervisor.name
        if point.device is None:
            if is_open:
                missing.append(NeedsInterface(hypervisor=host, network=point.network, target=point.target))
            return
        stack = point.stack
        because.append(DeviceObserved(hypervisor=host, device=point.device, kind=stack.kind, bond=stack.bond))
        if self._index.lower_device is LowerDevice.BOND and stack.bond is None and is_open:
            missing.append(NeedsDeviceKind(hypervisor=host, device=point.device, kind=stack.kind))

    def _servers(self, evaluation: Evaluation) -> Iterator[Reason]:
        servers, decided, on_record = self._index.servers, evaluation.decided, evaluation.candidates.on_record
        if on_record:
            yield OnRecord(servers=tuple(servers[number].name for number in sorted(on_record)))
        for number in decided.contradicted:
            yield ExclusionContradicted(server=servers[number].name, device=decided.point.device)


def _observed(here: str, ruling: Ruling) -> Iterator[HostObserved]:
    """Name the hypervisors whose facts the finding rests on: the interface's, and the one that the server is on."""
    yield HostObserved(hypervisor=here)
    if ruling.rule.server and Fact.PLACE in ruling.rule.facts:
        for reason in ruling.position.because:
            if isinstance(reason, OnOtherHypervisor):
                yield HostObserved(hypervisor=reason.hypervisor)


def _sort(reason: Reason, because: list[Reason], missing: list[Reason]) -> None:
    (missing if isinstance(reason, NeedsServer | NeedsOffload | NeedsReboot) else because).append(reason)


def _offload(stack: SendingStack) -> OffloadKnown | NeedsOffload:
    server = stack.server
    if stack.tx is State.UNKNOWN:
        why = _undated(server.reason) if stack.declared else None
        return NeedsOffload(server=server.name, interface=stack.interface, why=why, devices=stack.deciding())
    devices = stack.deciding() if stack.observed else ()
    return OffloadKnown(
        server=server.name,
        interface=stack.interface,
        state=stack.tx,
        devices=devices,
        assumed=stack.is_assumed,
        whole=stack.observed or has_stack(server.source),
    )


def _undated(cause: AnyCause | None) -> AnyCause | None:
    """Return the cause without its time, which no finding holds; the server has it."""
    return msgspec.structs.replace(cause, observed_at=None) if isinstance(cause, TooOld) else cause


def _after_reboot(stack: SendingStack) -> AfterReboot | NeedsReboot:
    server = stack.server
    persistences = [stack.offload(name).persistence for name in stack.devices] if stack.observed else []
    found = [one for one in (*persistences, server.persistence) if one is not None]
    setting = next((one.setting for one in found if one.tx_checksum is stack.after_reboot), None)
    if stack.after_reboot is State.UNKNOWN:
        return NeedsReboot(server=server.name, why=setting)
    return AfterReboot(server=server.name, state=stack.after_reboot, setting=setting)
