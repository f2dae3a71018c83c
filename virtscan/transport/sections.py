"""Parser of our scripts' output: each section is a line `@NAME ARGUMENT`, then lines that begin with a space.

The first section is `@virtscan 1`, after any output of the login shell; the last is `@end`.
"""

from collections.abc import Iterator


def read_sections(output: bytes) -> tuple[tuple[str, str, str], ...]:
    """Return name, argument and text of each section; empty if the output is incomplete."""
    sections = tuple(_sections(output))
    return sections if sections and sections[-1][0] == "end" else ()


def excerpt(output: bytes) -> str:
    """Return the beginning of an invalid output, for error messages."""
    words = output.decode(errors="replace").split()
    return " ".join(words)[:200] or "nothing"


def _sections(output: bytes) -> Iterator[tuple[str, str, str]]:
    lines = iter(output.decode(errors="replace").split("\n"))
    head = next((line for line in lines if line == "@virtscan 1"), None)
    text: list[str] = []
    for line in lines:
        if line.startswith("@") and head is not None:
            yield *_title(head), "".join(text)
            head, text = line, []
        else:
            text.append(f"{line[1:]}\n")
    if head is not None:
        yield *_title(head), "".join(text)


def _title(line: str) -> tuple[str, str]:
    name, _, argument = line[1:].partition(" ")
    return name, argument
