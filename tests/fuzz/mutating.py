"""Broken variants of an input."""

import random
from collections.abc import Sequence

LARGEST = 1 << 20

_TOKENS = (
    b"<!DOCTYPE a []>",
    b"", b"\0", b"\xff", b"\xef\xbb\xbf", b"<", b">", b"/>", b"&", b"&#0;", b"]]>", b"{", b"}", b"[",
    b"]", b'"', b"\\u0000", b"\\ud800", b"null", b"-1", b"0", b"9" * 30, b"1e999", b"NaN", b"\n", b"\r\n", b"\t", b" ",
    b":", b"::", b"=", b"%00", b"%ff", b"@", b"#", b"?", b";", b"'", b"//", b"\xe2\x80\xae", b"a" * 5000,
)  # fmt: skip
_MOST_EDITS = 8


def mutated(data: bytes, others: Sequence[bytes], generator: random.Random) -> bytes:
    """Return the input after a few edits; some take a part of another input."""
    for _ in range(generator.randint(1, _MOST_EDITS)):
        start = generator.randint(0, len(data))
        end = min(len(data), start + int(generator.expovariate(1 / 20)))
        match generator.randrange(7):
            case 0:
                data = data[:start] + data[end:]
            case 1:
                data = data[:start] + generator.choice(_TOKENS) + data[end:]
            case 2:
                data = data[:start] + data[start:end] * generator.choice([2, 3, 100]) + data[end:]
            case 3:
                data = data[:start] + generator.randbytes(end - start) + data[end:]
            case 4:
                data = data[:start]
            case 5:
                other = generator.choice(others)
                cut = generator.randint(0, len(other))
                data = data[:start] + other[cut : cut + 200] + data[end:]
            case _:
                data = data[:start] + data[start:end].swapcase() + data[end:]
        data = data[:LARGEST]
    return data
