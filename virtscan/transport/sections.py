"""Output of a script of ours: sections, each a line `@NAME ARGUMENT`, then its lines, each after a space.

Output of a login shell itself stands before the first, `@virtscan 1`; the last is `@end`.
"""

from collections.abc import Iterator


def read_sections(output: bytes) -> tuple[tuple[str, str, str], ...]:
    """Return name, argument and text of each section, from our first; nothing unless the answer is whole."""
    sections = tuple(_sections(output))
    return sections if sections and sections[-1][0] == "end" else ()


def excerpt(output: bytes) -> str:
    """Return the first words of an invalid answer, for the message about it."""
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
