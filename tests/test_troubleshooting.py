"""The messages of docs/troubleshooting.md are those that virtscan prints."""

import re

from tests.readme import PROJECT

PAGE = (PROJECT / "docs/troubleshooting.md").read_text(encoding="utf-8")
SOURCES = "".join(path.read_text(encoding="utf-8") for path in sorted((PROJECT / "virtscan").rglob("*.py")))
SPOKEN = re.sub(r"\{[^{}\n]*\}", " ", re.sub(r'"\s*\n\s*f?"', "", SOURCES))
"""The code with the literals of a sentence joined, and without what is filled in."""

QUOTED = re.findall(r"^\| `([^`]+)` \|", PAGE, re.MULTILINE)


def test_every_quoted_message_is_in_the_code() -> None:
    assert len(QUOTED) > 30
    filled_in = {"check that virtqemud is running": "check that  ", "warning: segment": "segment "}
    parts = [(quoted, filled_in.get(quoted, quoted).split(" … ")) for quoted in QUOTED]
    assert [quoted for quoted, said in parts if not all(part in SPOKEN for part in said)] == []
