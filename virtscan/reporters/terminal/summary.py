"""One line for the subject of a mail or a chat: the result, later risks, gaps, and the time of the scan."""

from collections.abc import Iterator

from virtscan.reporters.reporter import PLAIN, RenderOptions
from virtscan.reporters.text import LINE, printable, scan_line
from virtscan.views.document import Document, counts
from virtscan.views.wording.phrases.quantity import quantity


def parts(document: Document, options: RenderOptions = PLAIN) -> Iterator[bytes]:  # noqa: ARG001 (all formats alike)
    """Yield one line."""
    count = len(document.gaps.rows)
    gaps = [f"{quantity(count, 'gap')}."] if count else []
    result = printable(document.headline or document.name, LINE)
    later = int(counts(document.metrics, "at_risk_after_reboot").get("", 0))
    more = [f"{quantity(later, 'further interface')} at risk after the servers' next reboot."] if later else []
    scan = scan_line(document.version, document.taken_at, document.exit_code)
    yield f"{' '.join((f'{result}.', *more, *gaps, scan))}\n".encode()
