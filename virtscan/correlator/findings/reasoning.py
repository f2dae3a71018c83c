"""Reasons of a finding, and the missing facts that would settle it."""

from collections.abc import Iterable, Iterator

import msgspec

from virtscan.correlator.devices.attachment import AttachmentPoint
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
    Because,
    DeviceObserved,
    ExclusionContradicted,
    HostObserved,
    HypervisorIsVm,
    KernelInferred,
    KernelKnown,
    Missing,
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
    """Finds the reasons of one hypervisor's findings."""

    def __init__(self, index: ServerIndex, hypervisor: Hypervisor, kernel: KernelState, outdated: tuple[Gap, ...]):
        """Take the hypervisor; `outdated` are the gaps about its facts that are too old to count."""
        self._index = index
        self._hypervisor = hypervisor
        self._kernel = kernel
        self._renewals = tuple(NeedsRenewal(item=gap.item) for gap in outdated)

    def reasons(self, evaluation: Evaluation) -> tuple[tuple[Because, ...], tuple[Missing, ...]]:
        """Return `because` and `missing` of a finding, the deciding reason first."""
        all_reasons = dict.fromkeys(self._all(evaluation))
        because = tuple(reason for reason in all_reasons if isinstance(reason, Because))
        return because, tuple(reason for reason in all_reasons if isinstance(reason, Missing))

    def lacking(self, points: Iterable[PointEvaluation]) -> tuple[Missing, ...]:
        """Return the missing facts of every open ruling, not only of the one that decides."""
        reasons = (
            reason
            for point in points
            for ruling in point.rulings
            if ruling.rule.verdict in OPEN
            for reason in self._of_facts(ruling, point.point)
        )
        return tuple(dict.fromkeys(reason for reason in reasons if isinstance(reason, Missing)))

    def _all(self, evaluation: Evaluation) -> Iterator[Reason]:
        ruling, point = evaluation.ruling, evaluation.decided.point
        is_open = ruling.rule.verdict in OPEN
        yield from self._of_facts(ruling, point)
        yield from self._device(point, is_open=is_open)
        if evaluation.disagree and ruling.stack is not None:
            yield PlacesDisagree(server=ruling.server)
        yield from self._servers(evaluation)
        yield from _observed(self._hypervisor.name, ruling)
        if is_open:
            yield from self._renewals
        yield from evaluation.doubts

    def _of_facts(self, ruling: Ruling, point: AttachmentPoint) -> Iterator[Reason]:
        """Yield the reason for each fact that the rule rests on: the known fact, or the missing one."""
        position, stack = ruling.position, ruling.stack
        for fact in ruling.rule.facts:
            match fact:
                case Fact.KERNEL:
                    yield from self._kernel_of(ruling, point)
                case Fact.SERVERS:
                    yield self._not_served(point) if self._index.servers else NeedsServer()
                case Fact.TX if stack is not None:
                    yield _offload(stack)
                case Fact.REBOOT if stack is not None:
                    yield _after_reboot(stack)
                case Fact.NIC if position.fills is not None:
                    yield position.fills
                case Fact.PLACE:
                    yield from (*position.because, *position.missing)
                    if not ruling.case.declared:
                        yield OutsideStack(server=ruling.server, mac=position.mac)
                case Fact.MODE:
                    yield _mode(point)

    def _kernel_of(self, ruling: Ruling, point: AttachmentPoint) -> Iterator[Reason]:
        host, state = self._hypervisor, self._kernel
        release = host.kernel_release
        if state.basis is KernelBasis.INFERRED_FROM_DAEMON and host.daemon is not None:
            yield KernelInferred(hypervisor=host.name, daemon=host.daemon.value)
            yield NeedsKernel(hypervisor=host.name)
        elif state.fix is Fix.UNKNOWN or release is None:
            yield NeedsKernel(hypervisor=host.name, release=release, basis=state.basis)
        else:
            declared = host.kernel is None
            yield KernelKnown(
                hypervisor=host.name, release=release, fix=state.fix, basis=state.basis, declared=declared
            )
        if ruling.confidence is Confidence.MEDIUM and ruling.case.in_vm and state.fix is Fix.FIXED:
            yield HypervisorIsVm(hypervisor=host.name, nics=point.virtual_nics)

    def _not_served(self, point: AttachmentPoint) -> NotServed:
        return NotServed(
            hypervisor=self._hypervisor.name,
            device=point.device,
            segment=point.segment,
            servers=tuple(describe(server) for server in self._index.servers),
        )

    def _device(self, point: AttachmentPoint, *, is_open: bool) -> Iterator[Reason]:
        host, stack = self._hypervisor.name, point.stack
        if point.device is not None:
            yield DeviceObserved(hypervisor=host, device=point.device, kind=stack.kind, bond=stack.bond)
            if is_open and self._index.lower_device is LowerDevice.BOND and stack.bond is None:
                yield NeedsDeviceKind(hypervisor=host, device=point.device, kind=stack.kind)
        elif is_open:
            yield NeedsInterface(hypervisor=host, network=point.network, target=point.target)

    def _servers(self, evaluation: Evaluation) -> Iterator[Because]:
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


def _mode(point: AttachmentPoint) -> ModeKnown | NeedsMode:
    if point.mode is None or point.mode is SourceMode.UNKNOWN:
        return NeedsMode(network=point.network)
    return ModeKnown(mode=point.mode)


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
    known = [persistence for persistence in (*persistences, server.persistence) if persistence is not None]
    setting = next(
        (persistence.setting for persistence in known if persistence.tx_checksum is stack.after_reboot), None
    )
    if stack.after_reboot is State.UNKNOWN:
        return NeedsReboot(server=server.name, why=setting)
    return AfterReboot(server=server.name, state=stack.after_reboot, setting=setting)
