"""What every view looks like in every format. `python -m tests.golden` writes it anew: look at the difference."""

from collections.abc import Iterator
from pathlib import Path

from tests.views.fleet import report
from virtscan.reporters import REPORTERS, Terminal
from virtscan.views import GROUPINGS, VIEWS

FOLDER = Path(__file__).parents[1] / "fixtures" / "golden"

_SUFFIXES = {"table": "txt"}
_ON_TERMINALS = {
    "risks.80-columns.txt": (VIEWS["risks"], Terminal(width=80)),
    "risks.colour.txt": (VIEWS["risks"], Terminal(width=200, colour=True)),
    "capacity.80-columns.txt": (VIEWS["capacity"], Terminal(width=80)),
}


def documents() -> Iterator[tuple[str, str]]:
    """The name of each file with the text that belongs in it."""
    for name, view in {**VIEWS, **{f"capacity-by-{by}": GROUPINGS[by] for by in list(GROUPINGS)[1:]}}.items():
        for word, reporter in REPORTERS.items():
            yield f"{name}.{_SUFFIXES.get(word, word)}", reporter.render(view(report()))
    for name, (view, terminal) in _ON_TERMINALS.items():
        yield name, REPORTERS["table"].render(view(report()), terminal)


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for file, text in documents():
        (FOLDER / file).write_text(text, encoding="utf-8")
