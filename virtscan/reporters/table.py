"""Tables for people: the result in one sentence, the rows, and below them notes, gaps and the time of the scan.

The code that draws rows is imported only if there are some: a report without changes has none.
"""

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from virtscan.reporters.reporter import PLAIN, RenderOptions
from virtscan.reporters.text import LINE, gap_lines, printable, scan_line
from virtscan.views.document import Document, Section
from virtscan.views.rows.grouping import RowGroup


def parts(document: Document, options: RenderOptions = PLAIN) -> Iterator[bytes]:
    """Yield the result, the rows, the notes and every gap.

    Rows with a common cause are listed below it; those that need no action are only counted, unless all were requested.
    Without a terminal a row is one line, however long, for grep and less. On a terminal only scripts are wider than it.
    Columns go below others, long texts are wrapped, and names lose their middle. On the narrowest terminals each row is
    a block of lines.
    """
    main = document.main
    if document.headline:
        main = msgspec.structs.replace(main, none="")  # the headline has that sentence
    shown = [group for group in main.groups if group.is_open or options.show_all]
    rows = _grouped(main, shown, options) if main.groups else _rows(main, options)
    above, below = (_wrapped(lines, options.width) for lines in (_headline(document, shown), _footer(document)))
    yield "".join(f"{line}\n" for line in _apart((above, rows, below))).encode()


def _headline(document: Document, shown: Sequence[RowGroup]) -> list[str]:
    if not document.headline:
        return []
    hint = " (--all)" if len(shown) < len(document.main.groups) else ""
    return [f"{printable(document.headline, LINE)}{hint}."]


def _grouped(section: Section, shown: Sequence[RowGroup], options: RenderOptions) -> list[str]:
    """Return the lines of some groups, or of their rows as one table."""
    if options.flat:
        indexes = sorted(row for group in shown for row in group.rows)
        rows = tuple(section.rows[index] for index in indexes)
        return _rows(msgspec.structs.replace(section, rows=rows, groups=()), options)
    if not shown:
        return []
    from virtscan.reporters.terminal.grouped import grouped

    return list(grouped(section, shown, options.width, colour=options.colour))


def _rows(section: Section, options: RenderOptions) -> list[str]:
    """Return the lines of one list of rows."""
    if not section.rows:
        return [printable(section.none, LINE)] if section.none else []
    from virtscan.reporters.terminal.blocks import blocks
    from virtscan.reporters.terminal.cells import text_columns
    from virtscan.reporters.terminal.drawing import painted, table
    from virtscan.reporters.terminal.layout import fitted, side_by_side

    columns = text_columns(section)
    stacks = side_by_side(columns) if options.width is None else fitted(columns, options.width)
    if stacks is None:
        return list(_apart(blocks(columns, options.width or 0)))
    return table(painted(stacks) if options.colour else stacks, has_total=section.total is not None)


def _footer(document: Document) -> list[str]:
    gaps, warnings = gap_lines(document.gaps), gap_lines(document.warnings)
    return [
        *(printable(note, LINE) for note in document.notes),
        *([f"Not read: {len(gaps)}"] if gaps else []),
        *(f"  {line}" for line in gaps),
        *(f"warning: {line}" for line in warnings),
        scan_line(document.version, document.taken_at, document.exit_code),
    ]


def _wrapped(lines: Iterable[str], room: int | None) -> list[str]:
    if room is None:
        return list(lines)
    from virtscan.reporters.terminal.width import wrap

    return [part for line in lines for part in wrap(line, room, indent="    " if line.startswith(" ") else "  ")]


def _apart(parts: Iterable[Sequence[str]]) -> Iterable[str]:
    """Put an empty line between parts that are not empty."""
    filled = [part for part in parts if part]
    for number, part in enumerate(filled):
        yield from [""] * (number > 0)
        yield from part
