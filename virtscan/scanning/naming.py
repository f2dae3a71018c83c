"""Names of hypervisors, each of its own in an inventory."""

import itertools
from collections import Counter
from collections.abc import Sequence

from virtscan.model import Hypervisor


def unique_names(hosts: Sequence[Hypervisor]) -> list[str]:
    """Return each host its name; namesakes get their addresses in addition, and a number where that does not help."""
    own = [host.own_name or host.name for host in hosts]
    count = Counter(own)
    names: dict[str, None] = {}
    for host, name in zip(hosts, own, strict=True):
        longer = f"{name} ({host.uri})" if count[name] > 1 else name
        numbered = (longer if number == 1 else f"{longer} #{number}" for number in itertools.count(1))
        names[next(candidate for candidate in numbered if candidate not in names)] = None
    return list(names)
