"""Items delivered so far about one hypervisor: filled by its reader threads, closed at its deadline."""

import threading
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeAlias

import msgspec

from virtscan import analyzer, hostnet
from virtscan.connectors.conditional_gap import ConditionalGap, is_needed
from virtscan.connectors.copies import with_copies_marked
from virtscan.connectors.observations import Marked, Measured, with_observations
from virtscan.masking import masked
from virtscan.model import (
    Device,
    Domain,
    Gap,
    GapAbout,
    HostStatus,
    Hypervisor,
    LeftOut,
    Machine,
    Network,
    Observed,
    Processor,
    Target,
    TargetKind,
)
from virtscan.model.gaps import AnyCause, AnyItem
from virtscan.model.gaps.items import WholeHost
from virtscan.transport import url_secrets


class HostFacts(msgspec.Struct, frozen=True, kw_only=True):
    """Facts about the host itself; an unknown one (None, or UNKNOWN) does not replace a known one.

    `kernel_build` belongs to `kernel`: a value that replaces the kernel replaces its build as well.
    """

    name: str | None = None
    cpus: int | None = None
    memory_mib: int | None = None
    memory_free_mib: int | None = None
    processor: Processor | None = None
    kernel: Observed[str] | None = None
    kernel_build: str | None = None
    daemon: Observed[int] | None = None
    machine: Machine = Machine.UNKNOWN
    system_uuid: str | None = None
    local: bool | None = None
    lists_all_domains: bool | None = None
    lists_all_devices: bool | None = None
    observed_at: datetime | None = None
    open_seconds: float | None = None
    read_seconds: float | None = None


DraftItem: TypeAlias = Domain | Network | Device | HostFacts | Gap | ConditionalGap | Marked | Measured | LeftOut


class HostDraft:
    """Collects the items that readers deliver about one target; may be filled from several threads.

    Once closed it accepts nothing more: a reader that was abandoned at its deadline can go on without effect.
    """

    def __init__(self, target: Target, *, name: str, uri: str) -> None:
        """Begin a draft; `name` is used until a reader finds a better one, `uri` is the address without secrets."""
        self.target = target
        self.uri = uri
        self._name = name
        self._items: list[DraftItem] = []
        self._listed: dict[str, Device] = {}
        self._lock = threading.Lock()
        self._closed = False

    @property
    def has_answered(self) -> bool:
        """Return True if anything was delivered."""
        with self._lock:
            return bool(self._items)

    @property
    def is_closed(self) -> bool:
        """Return True if anything more would be dropped, so that a reader can stop."""
        with self._lock:
            return self._closed

    @property
    def name(self) -> str:
        """Return the hypervisor's name, as far as it is known by now."""
        with self._lock:
            return self._best_name(_facts_of(self._items))

    def add_if_unknown(self, facts: HostFacts) -> None:
        """Deliver facts about the host that count only if no other source delivers them, before or later."""
        with self._lock:
            if not self._closed:
                self._items.insert(0, facts)

    def add(self, *items: DraftItem) -> None:
        """Deliver items; after `close` they are dropped."""
        with self._lock:
            if not self._closed:
                self._items.extend(items)

    def add_listed(self, devices: Mapping[str, Device]) -> None:
        """Deliver devices from a list, by the list's own names; they add to devices that have a document."""
        with self._lock:
            if not self._closed:
                self._listed |= devices

    def withdraw_listed(self, name: str) -> None:
        """Remove a device of a list: its document has the real name."""
        with self._lock:
            if not self._closed:
                self._listed.pop(name, None)

    def gap(self, item: AnyItem, cause: AnyCause, about: GapAbout) -> None:
        """Deliver the fact that one item of this hypervisor could not be read."""
        self.add(Gap(item=item, cause=cause, about=about))

    def close(self, failure: AnyCause | None = None) -> tuple[Hypervisor, tuple[Gap, ...]]:
        """End the reading and return the delivered items, resolved and in an order that does not depend on threads.

        Interfaces on a network that was not delivered stay unresolved: they may be on any device.

        Args:
            failure: Why reading ended early; None if the reader finished.

        Raises:
            RuntimeError: The draft is closed already; it has only one result.

        Returns:
            The hypervisor and its gaps. FAILED when reading ended early with no domain delivered, PARTIAL when it
            ended early with some or when single domains are missing. A network or a device may be missing even where
            it is COMPLETE.
        """
        items, listed = self._end()
        facts = _facts_of(items)
        name = self._best_name(facts)
        networks = {item.name: item for item in items if isinstance(item, Network)}
        devices = hostnet.merge_devices([*(item for item in items if isinstance(item, Device)), *listed])
        lists_all_devices = facts.lists_all_devices is True and failure is None
        host = analyzer.HostDevices(devices, is_complete=lists_all_devices)
        domains = _domains(items, networks, host)
        gaps = self._gaps(_gaps_of(items, domains, host), name, len(domains), failure)
        status = _status(gaps, failed=failure is not None and not domains)
        hypervisor = msgspec.structs.replace(
            self._without_items(facts, name, status),
            lists_all_devices=lists_all_devices,
            domains=domains,
            networks=tuple(networks[name] for name in sorted(networks)),
            devices=devices,
            left_out=tuple(item for item in items if isinstance(item, LeftOut)),
        )
        return hypervisor, gaps

    def _best_name(self, facts: HostFacts) -> str:
        return self.target.name or facts.name or self._name

    def _without_items(self, facts: HostFacts, name: str, status: HostStatus) -> Hypervisor:
        """Return the hypervisor as its facts and its configuration describe it, without domains and devices."""
        return Hypervisor(
            name=name,
            own_name=name,
            is_name_declared=self.target.name is not None,
            uri=self.uri,
            status=status,
            site=self.target.site,
            declared_kernel=self.target.kernel,
            physical=self.target.physical,
            segments=self.target.segments,
            reflective=self.target.reflective,
            kernel=facts.kernel,
            kernel_build=facts.kernel_build,
            daemon=facts.daemon,
            machine=facts.machine,
            system_uuid=facts.system_uuid,
            local=bool(facts.local),
            lists_all_domains=bool(facts.lists_all_domains) and status is HostStatus.COMPLETE,
            cpus=facts.cpus,
            memory_mib=facts.memory_mib,
            memory_free_mib=facts.memory_free_mib,
            processor=facts.processor or Processor(),
            observed_at=facts.observed_at,
            open_seconds=facts.open_seconds,
            read_seconds=facts.read_seconds,
        )

    def _end(self) -> tuple[list[DraftItem], Collection[Device]]:
        with self._lock:
            if self._closed:
                raise RuntimeError("a draft can be closed only once")
            self._closed = True
            return self._items, self._listed.values()

    def _gaps(self, drafts: Iterable[Gap], name: str, domains: int, failure: AnyCause | None) -> tuple[Gap, ...]:
        """Return the gaps under the hypervisor's name in a fixed order, that of the whole hypervisor first."""
        gaps = [msgspec.structs.replace(gap, hypervisor=name) for gap in drafts]
        gaps.sort(key=lambda gap: (gap.about.value, str(gap.item), str(gap.cause)))
        if failure is not None:
            item = WholeHost(uri=self.uri, domains_read=domains)
            gaps.insert(0, Gap(item=item, cause=failure, about=GapAbout.HYPERVISOR, hypervisor=name))
        if self.target.kind is TargetKind.LIBVIRT:
            mask = url_secrets.masker_of(self.target.address)  # a message of libvirt may repeat the URI
            gaps = [masked(gap, mask) for gap in gaps]
        return tuple(gaps)


def _domains(
    items: Sequence[DraftItem], networks: Mapping[str, Network], host: analyzer.HostDevices
) -> tuple[Domain, ...]:
    """Return the domains by name, each interface resolved to a device of the host."""
    read = sorted((item for item in items if isinstance(item, Domain)), key=_place)
    observed = [item for item in items if isinstance(item, Marked | Measured)]
    resolved = [analyzer.resolve(domain, networks, host) for domain in read]
    return with_copies_marked(with_observations(resolved, observed))


def _gaps_of(items: Sequence[DraftItem], domains: Sequence[Domain], host: analyzer.HostDevices) -> Iterator[Gap]:
    """Yield the delivered gaps, and those of missing items that a domain needs."""
    yield from (item for item in items if isinstance(item, Gap))
    conditional = (item for item in items if isinstance(item, ConditionalGap))
    yield from (item.gap for item in conditional if is_needed(item, domains, host.by_name))


def _status(gaps: Sequence[Gap], *, failed: bool) -> HostStatus:
    if failed:
        return HostStatus.FAILED
    hidden = any(gap.about in {GapAbout.HYPERVISOR, GapAbout.DOMAIN} for gap in gaps)
    return HostStatus.PARTIAL if hidden else HostStatus.COMPLETE


def _place(domain: Domain) -> tuple[str, str, str]:
    return domain.name, domain.uuid or "", domain.origin


def _facts_of(items: Iterable[DraftItem]) -> HostFacts:
    """Return one record of all facts; a later value replaces an earlier one."""
    known: dict[str, Any] = {}  # Any: values of all the fields
    for facts in (item for item in items if isinstance(item, HostFacts)):
        values = msgspec.structs.asdict(facts).items()
        known |= {key: value for key, value in values if value is not None and value is not Machine.UNKNOWN}
        if facts.kernel is not None:
            known["kernel_build"] = facts.kernel_build
    return HostFacts(**known)
