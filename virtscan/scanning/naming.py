"""Names of hypervisors and servers, unique in an inventory."""

import itertools
from collections import Counter
from collections.abc import Iterable, Sequence

from virtscan.model import Hypervisor


def unique_names(hosts: Sequence[Hypervisor]) -> list[str]:
    """Return the name of each host; see `told_apart`."""
    return told_apart((host.own_name or host.name, host.uri) for host in hosts)


def told_apart(named: Iterable[tuple[str, str]]) -> list[str]:
    """Return each name; namesakes get their addresses in addition, and a number where that does not help."""
    pairs = tuple(named)
    count = Counter(name for name, _ in pairs)
    names: dict[str, None] = {}
    for name, address in pairs:
        longer = f"{name} ({address})" if count[name] > 1 else name
        numbered = (longer if number == 1 else f"{longer} #{number}" for number in itertools.count(1))
        names[next(candidate for candidate in numbered if candidate not in names)] = None
    return list(names)
