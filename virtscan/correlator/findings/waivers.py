"""The findings that a waiver accepts."""

import re
from collections.abc import Iterable, Iterator
from datetime import date
from fnmatch import translate

from virtscan.model import Finding, Gap, GapAbout, HostStatus, Inventory, Waiver
from virtscan.model.gaps.items import WaiverItem
from virtscan.model.gaps.mismatches import WaiverExpired, WaiverOfNamesakes, WaiverUnused


class Waivers:
    """The waivers that hold on one day, in the order given."""

    def __init__(self, waivers: Iterable[Waiver], today: date) -> None:
        """Take all waivers; each expires on the day after its `until`."""
        self._all = tuple(waivers)
        self._valid = {
            number: (waiver.reason, _patterns(waiver))
            for number, waiver in enumerate(self._all)
            if waiver.holds_on(today)
        }
        self._used: set[int] = set()
        self.name_servers: bool = any(self._all[number].server != "*" for number in self._valid)
        """True if one that holds is about servers by name."""

    @property
    def is_empty(self) -> bool:
        """Return True if none holds."""
        return not self._valid

    def apply(self, finding: Finding) -> Finding:
        """Return the finding with the reason of the first waiver whose patterns all match, or as it was."""
        if not self._valid:
            return finding
        matching = self.matching(finding)
        self._used.update(matching)
        return finding.concluding(waived=self._valid[matching[0]][0], others=()) if matching else finding

    def of_server(self, finding: Finding, server: str) -> str | None:
        """Return the reason of the first waiver that names this server and matches the interface; else None.

        Every waiver of the kind counts as used.
        """
        matching = [number for number in self._matching(finding, server) if self._all[number].server != "*"]
        self._used.update(matching)
        return self._valid[matching[0]][0] if matching else None

    def is_waived(self, hypervisor: str, domain: str, mac: str | None, server: str) -> bool:
        """Return True if a waiver that has not expired is about this interface and this server, which is open."""
        return bool(self._numbers((hypervisor, domain, mac or "", server)))

    def matching(self, finding: Finding) -> list[int]:
        """Return the numbers of the waivers that match the finding and have not expired, in the order given."""
        return self._matching(finding, finding.server or "")

    def _matching(self, finding: Finding, server: str) -> list[int]:
        return self._numbers((finding.hypervisor, finding.domain, finding.mac or "", server))

    def _numbers(self, subject: tuple[str, ...]) -> list[int]:
        return [
            number
            for number, (_, patterns) in self._valid.items()
            if all(pattern.match(text) for pattern, text in zip(patterns, subject, strict=True))
        ]

    def warnings(self, inventory: Inventory) -> tuple[Gap, ...]:
        """Return a warning for each waiver that is ambiguous, has expired, or matched nothing.

        A waiver that matched nothing may be about an unread domain. A hypervisor may have unread domains if it was not
        read completely, or if its list may lack some.
        """
        unread = sum(
            hypervisor.status is not HostStatus.COMPLETE or not hypervisor.lists_all_domains
            for hypervisor in inventory.hypervisors
        )
        return tuple(self._warnings(inventory, unread))

    def _warnings(self, inventory: Inventory, unread: int) -> Iterator[Gap]:
        for number, waiver in enumerate(self._all):
            namesakes = self._namesakes(number, inventory) if number in self._valid else ()
            if namesakes:
                yield Gap(item=_item(waiver), cause=WaiverOfNamesakes(names=namesakes), about=_ABOUT)
            elif number not in self._used:
                cause = _stale(waiver, unread=unread, valid=number in self._valid)
                yield Gap(item=_item(waiver), cause=cause, about=_ABOUT)

    def _namesakes(self, number: int, inventory: Inventory) -> tuple[str, ...]:
        """Return the hypervisors and servers whose own name matches a waiver, and whose full name does not."""
        hypervisor, _, _, server = self._valid[number][1]
        named = [
            *((hypervisor, host.plain_name, host.name) for host in inventory.hypervisors),
            *((server, facts.own_name, facts.name) for facts in inventory.servers),
        ]
        return tuple(dict.fromkeys(name for glob, own, name in named if glob.match(own) and not glob.match(name)))


_ABOUT = GapAbout.WAIVER


def _stale(waiver: Waiver, *, unread: int, valid: bool) -> WaiverExpired | WaiverUnused:
    if not valid and waiver.until is not None:
        return WaiverExpired(until=waiver.until)
    return WaiverUnused(unread=unread)


def _item(waiver: Waiver) -> WaiverItem:
    return WaiverItem(
        reason=waiver.reason, hypervisor=waiver.hypervisor, domain=waiver.domain, mac=waiver.mac, server=waiver.server
    )


def _patterns(waiver: Waiver) -> tuple[re.Pattern[str], ...]:
    """Compile the globs; names are compared exactly, as libvirt does, a MAC in either case."""
    globs = (waiver.hypervisor, waiver.domain, waiver.mac.lower(), waiver.server)
    return tuple(re.compile(translate(glob)) for glob in globs)
