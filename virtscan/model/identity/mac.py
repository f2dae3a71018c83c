"""Parser of MAC addresses in every notation."""

import re
from typing import NewType

Mac = NewType("Mac", str)
"""Lower case, every byte two digits."""

_WRITTEN_SO = re.compile(r"[0-9a-f]{2}(?::[0-9a-f]{2}){5}")
# The rare notations: compiled by the functions of re when one is met.
_PAIRS = r"[0-9a-f]{1,2}([:-])[0-9a-f]{1,2}(?:\1[0-9a-f]{1,2}){4}"
_TOGETHER = r"[0-9a-f]{12}|[0-9a-f]{4}(?:\.[0-9a-f]{4}){2}|[0-9a-f]{6}-[0-9a-f]{6}"


def parse_mac(text: str) -> Mac | None:
    """Read a MAC that is written 52:54:00:aa:bb:cc, 52-54-0-AA-BB-CC, 5254.00aa.bbcc or 525400aabbcc; None for others.

    >>> parse_mac("5254.0093.76AF")
    '52:54:00:93:76:af'
    """
    if _WRITTEN_SO.fullmatch(text):
        return Mac(text)
    lower = text.strip().lower()
    if re.fullmatch(_PAIRS, lower):
        return Mac(":".join(part.zfill(2) for part in re.split("[:-]", lower)))
    if re.fullmatch(_TOGETHER, lower):
        digits = re.sub("[.-]", "", lower)
        return Mac(":".join(digits[place : place + 2] for place in range(0, 12, 2)))
    return None


def mac_or_text(text: str | None) -> Mac | None:
    """Return a MAC in lower case, every byte two digits; any other text in lower case, and None for an empty one.

    Users can find such text, for example an InfiniBand address, and it never equals a server's MAC.
    """
    return (parse_mac(text) or Mac(text.strip().lower()) or None) if text else None
