"""A document in every requested form, each at its place."""

import contextlib
from collections.abc import Iterator, Sequence

import msgspec

from virtscan.cli.exit_codes import ExitCode
from virtscan.cli.output.console import Console
from virtscan.cli.output.display_options import current_display_options
from virtscan.cli.output.formats import TEXT, RequestedOutput
from virtscan.cli.output.outputs import Output, Outputs
from virtscan.reporters import Content, gap_lines
from virtscan.views.document import Document, Section


class Showing:
    """The open outputs of a command that makes one document."""

    def __init__(self, requested: Sequence[RequestedOutput], outputs: Sequence[Output]) -> None:
        self._pairs = tuple(zip(requested, outputs, strict=True))

    @property
    def text(self) -> Output | None:
        """The output for the text that the command writes itself; None if it was not requested."""
        return next((output for request, output in self._pairs if request.format_name == TEXT), None)

    @property
    def width(self) -> int | None:
        """The columns of the place for that text; None without a limit."""
        path = next((request.path for request, _ in self._pairs if request.format_name == TEXT), None)
        return current_display_options().render_options(path).width

    def show(
        self,
        document: Document,
        console: Console,
        *,
        code: ExitCode,
        text: str | None = None,
        further: Sequence[Section] = (),
        is_empty: bool = False,
    ) -> None:
        """Write a document to every output; gaps go to the console if no output has a place for them.

        Args:
            document: The document to write.
            console: The console, for gaps.
            code: The exit code of the command.
            text: The command's own text, for the format of this name; None if it was written already, with the gaps.
            further: More sections, for formats with room for all.
            is_empty: There is nothing to report: formats for people are empty.
        """
        full = msgspec.structs.replace(document, sections=(*document.sections, *further))
        has_gaps = is_empty
        for request, output in self._pairs:
            if request.format_name == TEXT:
                if text is None:
                    has_gaps = True
                else:
                    output.write(text.encode())
                continue
            has_gaps = has_gaps or request.reporter.has_gaps
            if is_empty and request.reporter.may_be_empty:
                output.write(b"")
            else:
                request.write(full if request.reporter.content is Content.FLEET else document, output, code)
        if not has_gaps:
            show_gaps(document, console)


@contextlib.contextmanager
def showing(requested: Sequence[RequestedOutput]) -> Iterator[Showing]:
    """Open the outputs of a command for a block.

    Raises:
        ClickException: One can't be opened for writing.
    """
    with Outputs() as outputs:
        opened = [outputs.open(request.path) for request in requested]
        for output in opened:
            output.is_alone = len(opened) == 1
        yield Showing(requested, opened)


def show_gaps(document: Document, console: Console) -> None:
    """Print gaps and warnings of a document on the console."""
    for line in gap_lines(document.gaps):
        console.warn(line)
    for line in gap_lines(document.warnings):
        console.warn(f"warning: {line}")
