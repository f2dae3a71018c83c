"""Names of hypervisors and servers, unique in an inventory."""

import itertools
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence

from virtscan.model import Hypervisor
from virtscan.model.identity.short_names import is_full

_FULL_ADDRESS = re.compile(r"[\w+-]+://(?:[^@/]*@)?((?:[\w-]+\.)+[A-Za-z][\w-]*)(?::\d+)?(?:/.*)?")


def is_full_address(address: str) -> bool:
    """Return True if an address has a full host name; a short name or an IP address may repeat at every site."""
    match = _FULL_ADDRESS.fullmatch(address)
    return match is not None and is_full(match[1])


def unique_names(hosts: Sequence[Hypervisor], taken: Collection[str] = ()) -> list[str]:
    """Return the name of each host; see `disambiguated`."""
    return disambiguated(((host.plain_name, host.uri) for host in hosts), taken)


def disambiguated(named: Iterable[tuple[str, str]], taken: Collection[str] = ()) -> list[str]:
    """Return unique names: equal ones are extended by their addresses and, if those are equal too, by a number.

    Args:
        named: The names, with the addresses.
        taken: Other names in use, without addresses.
    """
    pairs = tuple(named)
    count = Counter((*(name for name, _ in pairs), *taken))
    names = dict.fromkeys(taken)
    numbers: defaultdict[str, Iterator[int]] = defaultdict(lambda: itertools.count(1))
    for name, address in pairs:
        longer = f"{name} ({address})" if count[name] > 1 else name
        numbered = (longer if number == 1 else f"{longer} #{number}" for number in numbers[longer])
        names[next(candidate for candidate in numbered if candidate not in names)] = None
    return list(names)[len({*taken}) :]
