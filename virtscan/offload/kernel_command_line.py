"""The words of the kernel's command line, now and at the next boot, that decide about settings."""

import re
from collections.abc import Iterator

_SELECTING = re.compile(
    r"systemd\.(unit|mask|wants|run\w*|volatile|verity)=.*|init=.*|emergency|-b|rescue|single|-?s|S|[1-5]"
)
"""Words that select what systemd starts."""
_NAMING = re.compile(r"(net\.ifnames|biosdevname)=.*")
"""Words that select the names of NICs."""
_RECOVERY = re.compile(r"^\s*menuentry\s[^\n]*recovery.*?^\s*\}", re.MULTILINE | re.DOTALL)
_LINUX = re.compile(
    r"^(?:options\s|kernelopts=|\s*linux(?:16|efi)?\s|\s*set\s+(?:default_)?kernelopts=)(.*)", re.MULTILINE
)
_FIRST = re.compile(r"^\s*set\s+default=\"?0\"?\s*$", re.MULTILINE)


def boot_words(now: str | None, loader: str | None, defaults: str) -> frozenset[str]:
    """Return the words that select what systemd starts, now or at the next boot.

    Args:
        now: The present command line, if known.
        loader: The command lines in the files of the boot loader, if these were read.
        defaults: Further words, with which these files may be written again.
    """
    words = _words(f"{now or ''} {loader or ''} {defaults}")
    return frozenset(filter(_SELECTING.fullmatch, words))


def renames_nics(now: str | None, loader: str | None, defaults: str) -> bool:
    """Return True if NICs may get other names at the next boot, by words that the present command line lacks or has.

    The arguments are those of `boot_words`.
    """
    present, later = _words(now or ""), _words(f"{loader or ''} {defaults}")
    added = frozenset() if now is None else later - present
    removed = frozenset() if loader is None else present - later
    return any(map(_NAMING.fullmatch, added | removed))


def of_loader(text: str) -> Iterator[str]:
    """Yield the command lines in a file of the boot loader, without entries for recovery.

    If grub.cfg starts its first entry, only that one counts.
    """
    found = _LINUX.findall(_RECOVERY.sub("", text))
    yield from found[:1] if _FIRST.search(text) else found


def _words(text: str) -> frozenset[str]:
    return frozenset(re.split(r"[\s\"']+", text)) - {""}
