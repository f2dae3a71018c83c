"""The configuration files found on a server: by folder, by name, and their lines."""

import re
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import PurePosixPath

import msgspec

SYSTEM_BASES = ("lib", "usr/lib", "usr/local/lib", "run", "etc")
"""The base folders of systemd and udev, in rising order of precedence."""

# Hidden files, and backups that every program that reads these folders ignores; nm-dispatcher runs NAME.bak.
_BACKUP = re.compile(r"\..*|.*(~|\.(rpmnew|rpmorig|rpmsave|dpkg-\w+|swp))")

_WANTS = re.compile(r"^(Wants|Requires|Requisite|BindsTo|Upholds|OnSuccess|OnFailure|Unit)$")


class ConfigurationFiles(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """Files, by path."""

    files: Mapping[str, str] = {}

    def matching(self, *patterns: str) -> Iterator[tuple[PurePosixPath, str]]:
        """Yield the files whose paths match one of the glob patterns, sorted by path, without backup files."""
        found: dict[str, tuple[PurePosixPath, str]] = {}
        for pattern in patterns:
            folder, _, name = pattern.rpartition("/")
            files = (file for each in self._folders_matching(folder) for file in self._folders[each])
            found |= {str(path): (path, text) for path, text in files if fnmatchcase(path.name, name)}
        yield from (found[path] for path in sorted(found))

    @cached_property
    def starting(self) -> Mapping[str, Sequence[str]]:
        """The lines of units and udev rules that may start other units, by file."""
        found: dict[str, Sequence[str]] = {}
        for path, text in self.files.items():
            if "/systemd/system/" in path:
                found[path] = [value for _, key, value in ini(text) if _WANTS.fullmatch(key)]
            elif "/udev/rules.d/" in path:
                found[path] = [line for line in text.splitlines() if "SYSTEMD_WANTS" in line]
        return {path: lines for path, lines in found.items() if lines}

    @cached_property
    def _folders(self) -> Mapping[str, Sequence[tuple[PurePosixPath, str]]]:
        """The files in each folder, without backup files."""
        folders: dict[str, list[tuple[PurePosixPath, str]]] = {}
        for name, text in self.files.items():
            path = PurePosixPath(name)
            if not _BACKUP.fullmatch(path.name):
                folders.setdefault(str(path.parent), []).append((path, text))
        return folders

    def _folders_matching(self, pattern: str) -> Sequence[str]:
        if pattern.startswith("/") and not re.search(r"[*?[]", pattern):
            return [pattern] if pattern in self._folders else []
        return [folder for folder in self._folders if not pattern or PurePosixPath(folder).match(pattern)]

    def layered(self, pattern: str, *bases: str) -> list[tuple[PurePosixPath, str]]:
        """Return files sorted by name; of several with the same name, only the one under the last base."""
        files = {path.name: (path, text) for base in bases for path, text in self.matching(f"/{base}/{pattern}")}
        return [files[name] for name in sorted(files)]


def ini(*texts: str) -> Iterator[tuple[str, str, str]]:
    """Yield section, key and value of each setting in INI files; a backslash joins lines."""
    for text in texts:
        section = ""
        kept = [line for raw in text.splitlines() if (line := raw.strip()) and not line.startswith(("#", ";"))]
        for line in re.sub(r"\\\n", " ", "\n".join(kept)).splitlines():
            key, equals, value = line.partition("=")
            if line.startswith("[") and line.endswith("]"):
                section = line[1:-1]
            elif equals:
                yield section, key.strip(), value.strip()
