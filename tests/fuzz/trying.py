"""One input and one parser: what may not happen."""

from hashlib import sha256
from pathlib import Path
from time import thread_time

from tests.fuzz.parsers import PROJECT, Parser
from virtscan.errors import VirtscanError

FAILED = PROJECT / "fixtures" / "fuzz"
"""Inputs that once failed, in a folder for each parser."""

LONGEST = 1.0
"""Seconds of work: while a parser has the interpreter, no deadline is looked at."""


def problem(parser: Parser, data: bytes) -> str | None:
    """Return what is wrong with how the input is parsed; None for a value or an error of ours."""
    began = thread_time()
    try:
        parser.parse(data)
    except VirtscanError:
        pass
    except Exception as error:  # noqa: BLE001 that is what is looked for
        return f"{type(error).__name__}: {error}"
    took = thread_time() - began
    return f"took {took:.1f} s" if took > LONGEST else None


def keep(name: str, data: bytes) -> Path:
    """Keep an input that failed."""
    path = FAILED / name.replace(" ", "-") / sha256(data).hexdigest()[:16]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def kept(name: str) -> list[Path]:
    """Return the inputs that once failed, in a fixed order."""
    return sorted((FAILED / name.replace(" ", "-")).glob("*"))
