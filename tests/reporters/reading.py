"""The text in the output of any format."""

import io

import openpyxl


def text_of(content: bytes) -> str:
    """The text of a report; of a workbook a line for each sheet and row, with two blanks between cells."""
    if not content.startswith(b"PK"):
        return content.decode()
    book = openpyxl.load_workbook(io.BytesIO(content))
    lines = [line for sheet in book for line in (f"[{sheet.title}]", *map(_line, sheet.iter_rows(values_only=True)))]
    return "".join(f"{line}\n" for line in lines)


def _line(row: tuple[object, ...]) -> str:
    return "  ".join("" if cell is None else str(cell) for cell in row).rstrip()
