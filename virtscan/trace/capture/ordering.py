"""The order of frames: captures of several queues or devices show some a moment after later ones."""

from bisect import insort
from collections import deque
from collections.abc import Iterable, Iterator
from operator import attrgetter

from virtscan.trace.capture.reader import Frame

_MOMENT = 0.05
"""Seconds by which a frame may be late. A larger difference is a clock that was set back: frames keep their order."""

_MOST = 512


def in_order(frames: Iterable[Frame]) -> Iterator[Frame]:
    """Sort frames by time, within a moment and a bounded number of them."""
    kept: deque[Frame] = deque()
    for frame in frames:
        if not kept or frame.time >= kept[-1].time:
            kept.append(frame)
        elif kept[-1].time - frame.time <= _MOMENT:
            insort(kept, frame, key=attrgetter("time"))
        else:
            yield from kept
            kept.clear()
            kept.append(frame)
        while kept[-1].time - kept[0].time > _MOMENT or len(kept) > _MOST:
            yield kept.popleft()
    yield from kept
