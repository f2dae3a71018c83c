"""A capture to the boots in it, frame by frame, in memory that does not grow with the file."""

from collections import Counter
from pathlib import Path

from virtscan.model import Gap, GapAbout
from virtscan.trace.boots.attempt import moment
from virtscan.trace.boots.boot import Trace
from virtscan.trace.boots.client_table import MOST_ATTEMPTS
from virtscan.trace.boots.tracker import Tracker
from virtscan.trace.capture import links
from virtscan.trace.capture.packets import packet
from virtscan.trace.capture.reader import open_capture
from virtscan.trace.protocols.dhcp import Unreadable

_KNOWN = {links.ETHERNET, links.COOKED, links.COOKED_2}
_ADVICE = {
    Unreadable.CUT: "capture whole frames: tcpdump -s 0",
    Unreadable.MALFORMED: "not DHCP or TFTP, or a broken sender",
    Unreadable.NAMELESS: "capture at a single Ethernet device instead of all",
}


def read(path: Path) -> Trace:
    """Read a capture (pcap or pcapng, gzipped or not) of Ethernet frames, or of Linux's device `any`.

    A part that can't be read is a gap; what was read until then counts.

    Raises:
        TraceError: It can't be opened, or is not a capture.
    """
    tracker = Tracker()
    foreign: Counter[int] = Counter()
    frames, first, last = 0, float("nan"), float("-inf")
    with open_capture(path) as capture:
        for frame in capture:
            frames += 1
            first = frame.time if frames == 1 else first
            last = max(last, frame.time)
            if frame.link not in _KNOWN:
                foreign[frame.link] += 1
                continue
            found = packet(frame, tracker.wants)
            if found is not None:
                tracker.takes(found)
    boots, others = tracker.boots(end=last)
    reasons = [
        *([capture.damage] if capture.damage else []),
        *(_foreign(link, number) for link, number in foreign.items()),
        *(
            f"{number} DHCP or TFTP messages are {why.value}: {_ADVICE[why]}"
            for why, number in tracker.unreadable.items()
            if number
        ),
        *([_turned_away(tracker.not_followed)] if tracker.not_followed else []),
    ]
    return Trace(
        file=str(path),
        frames=frames,
        started_at=moment(first),
        ended_at=moment(last),
        boots=boots,
        others=others,
        gaps=tuple(Gap(subject=str(path), reason=reason, about=GapAbout.CAPTURE) for reason in reasons),
    )


def _foreign(link: int, number: int) -> str:
    name = links.KINDS.get(link, "unknown to virtscan")
    return f"{number} frames are not Ethernet (link type {link}, {name}): capture at the server's or the VM's device"


def _turned_away(number: int) -> str:
    return f"{number} requests were not followed: there are more than {MOST_ATTEMPTS} boots; split the capture by time"
