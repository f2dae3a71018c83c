"""Newline-delimited JSON: a row a line, for programs that read line by line."""

import io

import msgspec

from virtscan.reporters.json import RecordArray, keys, line
from virtscan.reporters.reporter import PLAIN, RenderOptions
from virtscan.views.document import Document


def render(document: Document, options: RenderOptions = PLAIN) -> bytes:  # noqa: ARG001 (all formats alike)
    """Write each row of the first section as one object, then one with all other keys of the JSON document.

    The last line alone has the key `schema`; a file that ends without it is not complete.
    """
    main, *others = document.sections
    bare = msgspec.structs.replace(main, rows=())
    rest = dict(keys(msgspec.structs.replace(document, sections=(bare, *others))))
    del rest[main.key]
    content = io.BytesIO()
    content.writelines(map(line, RecordArray((main,))))
    content.write(line(rest))
    return content.getvalue()
