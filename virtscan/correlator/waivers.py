"""Which findings somebody has accepted."""

import re
from collections.abc import Iterable
from datetime import date
from fnmatch import translate

import msgspec

from virtscan.model import Finding, Waiver


class Waivers:
    """The waivers that hold on one day, in the order in which they were given."""

    def __init__(self, waivers: Iterable[Waiver], today: date) -> None:
        """Take what has not expired; the day named in `until` is the last one."""
        self._valid = [
            (waiver.reason, _patterns(waiver)) for waiver in waivers if waiver.until is None or today <= waiver.until
        ]

    def apply(self, finding: Finding) -> Finding:
        """Give the finding with the reason of the first waiver whose patterns all match, or as it was."""
        if not self._valid:
            return finding
        subject = (finding.hypervisor, finding.domain, finding.mac or "", finding.server or "")
        for reason, patterns in self._valid:
            if all(pattern.match(text) for pattern, text in zip(patterns, subject, strict=True)):
                return msgspec.structs.replace(finding, waived=reason)
        return finding


def _patterns(waiver: Waiver) -> tuple[re.Pattern[str], ...]:
    """Names are compared exactly, as libvirt does; a MAC may be written in either case."""
    globs = (waiver.hypervisor, waiver.domain, waiver.mac.lower(), waiver.server)
    return tuple(re.compile(translate(glob)) for glob in globs)
