"""Reader of the boots in a capture, in memory that does not grow with the file."""

from collections import Counter
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
from virtscan.trace.capture.packets import Fragment, packet
from virtscan.trace.capture.reader import open_capture
from virtscan.trace.capture.source import name_of

_KNOWN = {links.ETHERNET, links.COOKED, links.COOKED_2}


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
    with open_capture(path) as capture:
        for frame in in_order(capture):
            frames += 1
            first = frame.time if frames == 1 else first
            last = max(last, frame.time)
            if frame.link not in _KNOWN:
                foreign[frame.link] += 1
                continue
            found = packet(frame, tracker.wants)
            if isinstance(found, Encapsulation):
                encapsulated[found] += 1
            elif isinstance(found, Fragment):
                tracker.add_fragment(found)
            elif found is not None:
                tracker.add(found)
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


def _foreign(link: int, number: int) -> ForeignFrames:
    return ForeignFrames(frames=number, link=link, link_name=links.KINDS.get(link))
