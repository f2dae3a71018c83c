"""Copies of one domain in one hypervisor: the running one, and the persistent definition that its next start uses."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from operator import attrgetter
from typing import TypeAlias

import msgspec

from virtscan.model import Domain, DomainState

_OF_AN_INTERFACE = attrgetter("mac", "attachments", "boot_order", "link", "rom", "model", "host_csum", "vlan")
_OF_A_DOMAIN = attrgetter("type", "firmware", "direct_kernel", "boot_devices")

_Judged: TypeAlias = tuple[object, ...]


def with_copies_marked(domains: Sequence[Domain]) -> tuple[Domain, ...]:
    """Mark the other definitions of a running domain as those of its next start; leave out those that add nothing.

    A definition adds nothing if everything that is judged equals that of a running copy. Domains without a uuid, or of
    which no copy is known to run, stay as they are.
    """
    copies_of = Counter(domain.uuid for domain in domains if domain.uuid is not None)
    if all(count == 1 for count in copies_of.values()):
        return tuple(domains)
    running: defaultdict[str, set[_Judged]] = defaultdict(set)
    for domain in domains:
        if domain.uuid is not None and domain.state is DomainState.ACTIVE and not domain.next_start:
            running[domain.uuid].add(_judged(domain))
    marked: list[Domain] = []
    for domain in domains:
        copies = running.get(domain.uuid or "")
        if copies is None or (domain.state is DomainState.ACTIVE and not domain.next_start):
            marked.append(domain)
        elif _judged(domain) not in copies:
            marked.append(msgspec.structs.replace(domain, state=DomainState.INACTIVE, next_start=True))
    return tuple(marked)


def _judged(domain: Domain) -> _Judged:
    return (_OF_A_DOMAIN(domain), *(_OF_AN_INTERFACE(interface) for interface in domain.interfaces))
