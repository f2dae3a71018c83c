"""What one hypervisor has delivered so far: the box between the threads that read it and its deadline."""

import threading
from datetime import datetime
from typing import TypeAlias

import msgspec

from virtscan import analyzer
from virtscan.model import Device, Domain, Gap, GapAbout, HostStatus, Hypervisor, Network, Observed, Target


class HostFacts(msgspec.Struct, frozen=True, kw_only=True):
    """Facts about the host itself; what nobody said is None and does not replace what somebody said before."""

    name: str | None = None
    cpus: int | None = None
    memory_mib: int | None = None
    kernel: Observed[str] | None = None
    observed_at: datetime | None = None
    open_seconds: float | None = None
    read_seconds: float | None = None


Item: TypeAlias = Domain | Network | Device | HostFacts | Gap


class Reading:
    """Collects what readers deliver about one target; may be filled from several threads.

    Once closed it takes nothing more: a reader that was left behind at its deadline can go on, nobody will see it.
    """

    def __init__(self, target: Target, *, name: str, uri: str) -> None:
        """`name` is the hypervisor's name unless a reader learns a better one, `uri` the address fit to be shown."""
        self.target = target
        self.uri = uri
        self._name = name
        self._items: list[Item] = []
        self._lock = threading.Lock()
        self._closed = False

    def add(self, *items: Item) -> None:
        """Deliver items; after `close` they are dropped."""
        with self._lock:
            if not self._closed:
                self._items.extend(items)

    def gap(self, subject: str, reason: str, about: GapAbout) -> None:
        """Deliver the fact that one item of this hypervisor could not be read; `subject` is the item alone."""
        self.add(Gap(subject=f"{self.uri} {subject}", reason=reason, about=about))

    def close(self, failure: str | None = None) -> tuple[Hypervisor, tuple[Gap, ...]]:
        """End the reading and give what was delivered, resolved.

        Args:
            failure: Why reading ended early; None when the reader came to its end.

        Returns:
            The hypervisor and its gaps. FAILED when reading ended early with no domain delivered, PARTIAL when it
            ended early with some or when single items are missing, COMPLETE otherwise.
        """
        with self._lock:
            self._closed = True
            items = self._items
        facts = _combine([item for item in items if isinstance(item, HostFacts)])
        name = self.target.name or facts.name or self._name
        gaps = [msgspec.structs.replace(item, hypervisor=name) for item in items if isinstance(item, Gap)]
        networks = {item.name: item for item in items if isinstance(item, Network)}
        domains = tuple(analyzer.resolve(item, networks) for item in items if isinstance(item, Domain))
        if failure is not None:
            gaps.insert(0, Gap(subject=self.uri, reason=failure, about=GapAbout.HYPERVISOR, hypervisor=name))
        if failure is not None and not domains:
            status = HostStatus.FAILED
        else:
            status = HostStatus.PARTIAL if gaps else HostStatus.COMPLETE
        declared = self.target.kernel
        hypervisor = Hypervisor(
            name=name,
            uri=self.uri,
            status=status,
            site=self.target.site,
            kernel=facts.kernel if declared is None else Observed(value=declared, source="configuration"),
            cpus=facts.cpus,
            memory_mib=facts.memory_mib,
            domains=domains,
            networks=tuple(networks.values()),
            devices=analyzer.merge_devices(item for item in items if isinstance(item, Device)),
            segments=self.target.segments,
            observed_at=facts.observed_at,
            open_seconds=facts.open_seconds,
            read_seconds=facts.read_seconds,
        )
        return hypervisor, tuple(gaps)


def _combine(all_facts: list[HostFacts]) -> HostFacts:
    """One record of all; of two that say the same thing the later one counts."""
    known: dict[str, object] = {}
    for facts in all_facts:
        known |= {key: value for key, value in msgspec.structs.asdict(facts).items() if value is not None}
    return msgspec.convert(known, HostFacts, from_attributes=True)
