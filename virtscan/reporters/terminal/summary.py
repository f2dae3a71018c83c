"""One line: the result, how much was not read, and the time of the scan, for the subject of a mail or a chat."""

from virtscan.reporters.reporter import PLAIN, RenderOptions
from virtscan.reporters.text import LINE, printable, scan_line
from virtscan.views.document import Document


def render(document: Document, options: RenderOptions = PLAIN) -> bytes:  # noqa: ARG001 (all formats alike)
    """Write one line."""
    count = len(document.gaps.rows)
    gaps = [] if not count else ["1 gap."] if count == 1 else [f"{count} gaps."]
    result = printable(document.headline or document.schema.partition("/")[0], LINE)
    scan = scan_line(document.version, document.taken_at, document.exit_code)
    return f"{' '.join((f'{result}.', *gaps, scan))}\n".encode()
