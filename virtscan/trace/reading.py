"""Reader of the boots in a capture, in memory that does not grow with the file."""

from collections import Counter, deque
from pathlib import Path

import msgspec

from virtscan.files import moment
from virtscan.model import Gap, GapAbout
from virtscan.model.gaps import AnyCause
from virtscan.model.gaps.causes import Failure
from virtscan.model.gaps.items import CaptureFile
from virtscan.model.gaps.mismatches import (
    BadMessage,
    DroppedFrames,
    EncapsulatedFrames,
    Encapsulation,
    ForeignFrames,
    TooManyBoots,
    UnreadMessages,
)
from virtscan.trace.boots.boot import Trace
from virtscan.trace.boots.client_table import MOST_ATTEMPTS
from virtscan.trace.boots.tracker import Tracker
from virtscan.trace.capture import links
from virtscan.trace.capture.ordering import in_order
from virtscan.trace.capture.packets import Fragment, Packet, packet
from virtscan.trace.capture.reader import Frame, open_capture
from virtscan.trace.capture.source import name_of

_KNOWN = {links.ETHERNET, links.COOKED, links.COOKED_2}
_MOST_AT_ONCE = 64


def read(path: Path) -> Trace:
    """Read a capture (pcap or pcapng, gzipped or not) of Ethernet frames, or of Linux's device `any`.

    The frames inside VXLAN, GENEVE and GRE packets are read as well. A part that can't be read is a gap; the parts
    before it count.

    Raises:
        TraceError: The file can't be opened, or is not a capture.
    """
    tracker = Tracker()
    foreign: Counter[int] = Counter()
    encapsulated: Counter[Encapsulation] = Counter()
    frames, first, last = 0, float("nan"), float("-inf")
    unwanted: deque[Frame] = deque(maxlen=_MOST_AT_ONCE)
    with open_capture(path) as capture:
        for frame in in_order(capture):
            frames += 1
            first = frame.time if frames == 1 else first
            last = max(last, frame.time)
            if frame.link not in _KNOWN:
                foreign[frame.link] += 1
                continue
            found = packet(frame, tracker.wants)
            if found is None:
                unwanted.append(frame)
            elif isinstance(found, Encapsulation):
                encapsulated[found] += 1
            elif isinstance(found, Fragment):
                tracker.add_fragment(found)
            else:
                begun = tracker.transfers_begun
                tracker.add(found)
                if tracker.transfers_begun > begun:
                    _add_answers(tracker, [early for early in unwanted if early.time == frame.time])
    boots, others = tracker.boots(end=last)
    causes: list[AnyCause] = [
        *([Failure(detail=capture.damage)] if capture.damage else []),
        *([DroppedFrames(frames=capture.dropped)] if capture.dropped else []),
        *(_foreign(link, number) for link, number in foreign.items()),
        *(EncapsulatedFrames(frames=number, encapsulation=kind) for kind, number in encapsulated.items()),
        *(
            UnreadMessages(messages=number, defect=BadMessage[why.name])
            for why, number in tracker.unreadable.items()
            if number
        ),
        *([TooManyBoots(requests=tracker.not_followed, limit=MOST_ATTEMPTS)] if tracker.not_followed else []),
    ]
    return Trace(
        file=name_of(path),
        frames=frames,
        started_at=moment(first),
        ended_at=moment(last),
        boots=tuple(msgspec.structs.replace(boot, dropped=capture.dropped) for boot in boots),
        others=others,
        gaps=tuple(Gap(item=CaptureFile(file=name_of(path)), cause=cause, about=GapAbout.CAPTURE) for cause in causes),
    )


def _add_answers(tracker: Tracker, frames: list[Frame]) -> None:
    """Add packets that a capture shows before their request, at the same time."""
    for found in (packet(frame, tracker.wants) for frame in frames):
        if isinstance(found, Packet):
            tracker.add(found)


def _foreign(link: int, number: int) -> ForeignFrames:
    return ForeignFrames(frames=number, link=link, link_name=links.KINDS.get(link))
