"""Newline-delimited JSON: one row per line, for programs that read line by line."""

from collections.abc import Iterator
from itertools import islice

import msgspec

from virtscan.reporters.json import TOGETHER, RecordArray, keys, line
from virtscan.reporters.reporter import PLAIN, RenderOptions
from virtscan.views.document import Document


def parts(document: Document, options: RenderOptions = PLAIN) -> Iterator[bytes]:  # noqa: ARG001 (all formats alike)
    """Yield each row of the first section as one object, then an object with all other keys of the JSON document.

    The last line alone has the key `schema`; a file that ends without it is not complete.
    """
    main, *sections = document.sections
    bare = msgspec.structs.replace(main, rows=())
    members = dict(keys(msgspec.structs.replace(document, sections=(bare, *sections))))
    del members[main.key]
    lines = map(line, RecordArray((main,)))
    while together := b"".join(islice(lines, TOGETHER)):
        yield together
    yield line(members)
