"""Effects of ethtool commands and other programs on a device."""

import posixpath
import re
from collections.abc import Collection, Mapping, Sequence
from math import inf
from pathlib import PurePosixPath

import msgspec

from virtscan.model import State
from virtscan.offload.persistence.evidence import FEATURES, Evidence, states_of, uncertain
from virtscan.offload.persistence.shell.language.words import Word
from virtscan.offload.persistence.shell.programs import RUNNERS, SHELLS, WRAPPERS

States = dict[str, State]

OFFLOAD = frozenset({"-K", "--offload", "--features"})
_BEFORE = frozenset({"--json", "-j", "--debug"})
_OFFLOAD = re.compile(r"(?<![\w-])(-K|--offload|--features)(?![\w-])")
_CHECKSUM = re.compile(r"(?<![\w-])tx(?!-(?!checksum))|[$%]|offload", re.IGNORECASE)
_OTHER_WAYS = re.compile(r"SIOCETHTOOL|ethtool\.feature-tx")
_MOVES = re.compile(r"\bip\b.*\bset\b.*\b(name|netns)\b|\b(nameif|ifrename)\b")
_SWITCHES = re.compile(r"ethtool|offload", re.IGNORECASE)
_OF_TEXT = re.compile(r"[\s;|&()'\"`$]")
"""A character of a word that may be commands, and not only a name or a path."""
_STARTED = re.compile(
    r"/etc/(rc\.d/)?(rc\.local|(init|rc[0-9S])\.d/.*)|/run/.*|/var/spool/.*|(/usr(/local)?)?/lib/(systemd|udev|NetworkManager|networkd-dispatcher)/.+/.*"
    r"|/etc/(network|NetworkManager|networkd-dispatcher|systemd|udev|cron[^/]*|sysconfig|netplan|local\.d)(/.*)?"
)
"""Files that a service of the system starts or reads."""
_RUNNING = "|".join(map(re.escape, sorted(SHELLS | WRAPPERS | RUNNERS | {"eval", "source", "trap"})))
_UNKNOWN_PROGRAM = re.compile(
    r"(?:^|[;&|({`!]|\b(?:then|do|else|elif|if|while|until)\s)[ \t]*[\"']?(?:\.[ \t]+[\"']?)?[\w./-]*[$`*?~]"
    rf"|\b(?:{_RUNNING})\b[^;&|\n]*[$`*?~]|\|[^|;&\n]*\b(?:{'|'.join(sorted(SHELLS))})\b",
    re.MULTILINE,
)
"""A command in a script that is not followed, of which the program is unknown or may run an unknown one."""
_SEARCHED = ("/usr/local/sbin", "/usr/local/bin")
_SOFTWARE = frozenset(
    {"sg", "scatter-gather", "tso", "tcp-segmentation-offload", "gso", "generic-segmentation-offload"}
    | {"gro", "generic-receive-offload"}
)
"""Features that can be switched off on every NIC."""
_FEATURE = re.compile(r"[a-z][a-z0-9_-]*")
_CHECKSUMS = frozenset({"tx", "tx-checksumming", *FEATURES})
_FLAGS = (
    _SOFTWARE
    | {"rx", "rx-checksumming", "ufo", "udp-fragmentation-offload", "lro", "large-receive-offload"}
    | {"rxvlan", "rx-vlan-offload", "txvlan", "tx-vlan-offload"}
    | {"ntuple", "ntuple-filters", "rxhash", "receive-hashing"}
)
"""The features that ethtool itself names."""
_OF_EVERY_KERNEL = frozenset(
    {"tx-checksum-ipv6", "tx-checksum-sctp", "tx-checksum-fcoe-crc", "tx-scatter-gather", "tx-scatter-gather-fraglist"}
    | {"tx-generic-segmentation", "tx-tcp-segmentation", "tx-tcp6-segmentation", "tx-tcp-ecn-segmentation"}
    | {"tx-gre-segmentation", "tx-udp_tnl-segmentation", "tx-nocache-copy", "rx-gro", "rx-lro", "rx-checksum"}
    | {"rx-hashing", "rx-ntuple-filter", "rx-fcs", "rx-all", "highdma"}
)
"""The kernel's own names that were neither renamed nor removed since Linux 3.10."""


class Scene(msgspec.Struct, frozen=True, kw_only=True):
    """The environment of a script.

    `device` is the device in question. `names` are further words that mean it in this place. `others` are further
    devices that exist. `made` are those of all these that the script may make. `variables` and `arguments` are the
    script's; None is an unknown value. `scripts` are other scripts, by path, that it may call; `not_executable` are
    those of them without an executable bit, and missing programs. `opaque` are programs that may do anything.
    `assigning` are files that only set variables. `limit` is the time in seconds after which the
    script is killed; `ends_children` is True if its commands in the background are killed when it ends. `sh_is_bash` is
    True if /bin/sh is known to be bash.
    """

    device: str
    names: tuple[str, ...] = ()
    others: frozenset[str] = frozenset()
    made: frozenset[str] = frozenset()
    variables: Mapping[str, str | None] = {}
    arguments: tuple[str | None, ...] | None = None
    scripts: Mapping[str, str] = {}
    not_executable: frozenset[str] = frozenset()
    opaque: frozenset[str] = frozenset()
    assigning: frozenset[str] = frozenset()
    limit: float = inf
    ends_children: bool = False
    sh_is_bash: bool = False

    @classmethod
    def of(
        cls,
        evidence: Evidence,
        device: str,
        *,
        variables: Mapping[str, str | None] = {},
        arguments: tuple[str | None, ...] | None = None,
    ) -> "Scene":
        """Return the environment of a script on a server."""
        return cls(
            device=device,
            others=evidence.devices,
            variables=variables,
            arguments=arguments,
            scripts=evidence.files,
            not_executable=evidence.not_executable,
            opaque=evidence.opaque,
            assigning=evidence.assigning,
            sh_is_bash=evidence.sh_is_bash,
        )

    def path_of(self, command: str) -> str:
        """Return the path of a script that is called by its name alone, and any other command unchanged."""
        paths = (f"{folder}/{command}" for folder in _SEARCHED)
        found = (path for path in paths if path in self.scripts and path not in self.not_executable)
        return next(found, plain_path(command))

    def texts_of(self, word: str, entered: Collection[str | None] = ()) -> list[str]:
        """Return the scripts that a program which gets this word may run: of this path, or in this folder.

        Args:
            word: The word.
            entered: The folders in which the program may run, apart from the first; None is an unknown one.
        """
        if not word:
            return []
        places = {f"{_normal(posixpath.join(folder, word)).rstrip('/')}/" for folder in entered if folder}
        part = re.sub(r"^(\.\./)*\.{0,2}(?=/)", "", f"{_normal(word).rstrip('/')}/")
        if word.startswith("/"):
            places.add(part)
        elif None in entered or ("/" in word and part != "/"):
            part = part if part.startswith("/") else f"/{part}"
            return [text for path, text in self.scripts.items() if part in f"{path}/"]
        return [text for path, text in self.scripts.items() if f"{path}/".startswith(tuple(places))]

    def matching(self, pattern: str) -> list[str]:
        """Return the paths of the scripts, and of the folders with scripts, that a pattern of the shell matches."""
        files = [PurePosixPath(path) for path in self.scripts]
        paths = {path for file in files for path in (file, *file.parents)}
        return sorted(str(path) for path in paths if path.match(pattern) and not path.name.startswith("."))

    def called(self, name: Word) -> list[str]:
        """Return the scripts that may run under a name in an unknown folder; an unknown name may be any script's.

        That leaves out those that start by themselves.
        """
        end, idle = ("", frozenset[str]()) if name is None else (f"/{name}", self.not_executable)
        return [
            text
            for path, text in self.scripts.items()
            if path.endswith(end) and path not in idle and not _STARTED.fullmatch(path)
        ]

    def possible_states(self, text: str) -> States:
        """Return the states that uninterpreted commands, or the scripts or folders that they name, may give."""
        plain = re.sub(r"/(?:\.?/)+", "/", text)
        files = [PurePosixPath(path) for path, script in self.scripts.items() if script and path not in self.assigning]
        folders = {str(folder) for file in files for folder in (file.parent, *file.parents[1:-2])} - {"/"}
        # A path may start in another folder, or lead back from one.
        turns = re.search(r"\b(?:cd|pushd|chdir)\b|\.\./|-C\b", text)
        parts = {part for file in files for part in (*file.parts[-2:], *(f"{part}/" for part in file.parts[1:-2]))}
        possible = (
            may_move(text, self.device)
            or any(path in plain for path in self.scripts if path not in self.assigning)
            or any(_names(plain, folder) for folder in folders)
            or (turns and any(_names(plain, part) for part in parts - {"/"}))
            or (_UNKNOWN_PROGRAM.search(_code(text)) and may_concern("\n".join(self.called(None))))
        )
        return uncertain(FEATURES) if possible else may_concern(text)


def plain_path(path: str) -> str:
    """Return an absolute path without `//` and `/./`; any other word, and one with `..`, unchanged.

    Where `..` leads depends on symbolic links.
    """
    return path if ".." in path.split("/") or not path.startswith("/") else _normal(path)


def _normal(path: str) -> str:
    return re.sub("^//", "/", posixpath.normpath(path))


def _names(text: str, name: str) -> bool:
    """Return True if a text has the name of a file, or of a folder or a pattern in it; other longer names differ."""
    if name not in text:
        return False
    before = r"(?<![\w.-])" if name.startswith("/") else r"((?<![\w./-])|(?<=\./))"
    after = "" if name.endswith("/") else r"(?:(?!/?[\w.-])|(?=/[\w.-]*[*?\[{$`]))"
    return re.search(f"{before}{re.escape(name)}{after}", text) is not None


def offload_states(words: Sequence[Word], scene: Scene) -> States:
    """Return the states that `ethtool WORDS` gives to the device.

    UNKNOWN where the device or a feature is unknown.
    """
    while words and words[0] in _BEFORE:
        words = words[2:] if words[0] == "--debug" else words[1:]
    if not words or (words[0] is not None and words[0] not in OFFLOAD):
        return {}
    target, pairs = (words[1] if len(words) > 1 else None), list(words[2:])
    if None in pairs or words[0] is None or (target is None and not pairs):
        given = uncertain(FEATURES)
    else:
        known = [word for word in pairs if word is not None]
        given = states_of(zip(known[::2], known[1::2], strict=False))
        if not _accepted(known):
            # If the kernel lacks a feature, nothing changes; by default the offload is on.
            given = {
                name: state if state is State.ON and _are_pairs(known) else State.UNKNOWN
                for name, state in given.items()
            }
    if target is not None and target in {scene.device, *scene.names}:
        return given
    return uncertain(given) if target is None or re.search(r"[$%{}*?]", target) else {}


def succeeds(words: Sequence[Word], scene: Scene) -> bool:
    """Return True if `ethtool WORDS` certainly succeeds; for other devices and options it may fail.

    Source:
        ethtool 6.1 on Linux 6.18, as tried: it fails with `Could not change any device features` if no feature changes,
        such as `ufo off` since Linux 4.14, which has removed it. `rx off` is assumed to fail where the driver fixes it.
    """
    match words:
        case [operation, device, *pairs] if operation in OFFLOAD and device in {scene.device, *scene.names}:
            known = [word for word in pairs if word is not None]
            if len(known) < len(pairs) or not _accepted(known):
                return False
            settings = [*zip(known[::2], known[1::2], strict=True)]
            return any(name in _CHECKSUMS and value == "off" for name, value in settings) or all(
                name in _SOFTWARE and value == "off" for name, value in settings
            )
    return False


def _accepted(words: Sequence[str]) -> bool:
    """Return False if ethtool may refuse the whole command: its words must be pairs of a feature and on or off.

    Source:
        ethtool 6.1 on Linux 6.18, as tried: `bit name not found` for a feature that this kernel does not have, and
        `attempt to change non-ethtool features` for one such as `vlan-challenged`; no feature is changed.
    """
    return _are_pairs(words) and {*words[::2]} <= _CHECKSUMS | _FLAGS | _OF_EVERY_KERNEL


def _are_pairs(words: Sequence[str]) -> bool:
    return (
        len(words) % 2 == 0
        and all(_FEATURE.fullmatch(word) for word in words[::2])
        and all(word in {"on", "off"} for word in words[1::2])
    )


def program_states(first: str, fields: Sequence[Word], texts: Sequence[str], scene: Scene, *, entered: bool) -> States:
    """Return the states that a program may give, judged by its name and its arguments.

    A program is assumed to leave offload alone unless these contain ethtool, or a script that they name does. `texts`
    are the scripts. `entered` is True if it may run in another folder than the first.
    """
    known = [field for field in (first, *fields) if field is not None]
    possible = _SWITCHES.search(first.rpartition("/")[2]) or not scene.opaque.isdisjoint(known)
    states = uncertain(FEATURES) if possible else {}
    for text in texts:
        states |= may_concern(text)
    for number, field in enumerate(fields):
        if field is None:
            continue
        if field.rpartition("/")[2] == "ethtool" and set(fields[number:]) & OFFLOAD:
            states |= uncertain(offload_states(fields[number + 1 :], scene))
        elif _OF_TEXT.search(field) or field.startswith("ethtool."):
            states |= scene.possible_states(f"cd {field}" if entered else field)
    return states


def merged(before: Mapping[str, State], states: Mapping[str, State], *, certain: bool) -> States:
    """Return the states after a command that runs for certain, or that may run."""
    given = {name: state if certain or before.get(name) is state else State.UNKNOWN for name, state in states.items()}
    return {**before, **given}


def may_move(text: str, device: str) -> bool:
    """Return True if commands that are not followed may give a device another name or network namespace."""
    lines = (line for line in text.splitlines() if not line.lstrip().startswith("#"))
    return any(_MOVES.search(line) and (device in line or re.search(r"[$%{]|nameif|ifrename", line)) for line in lines)


def may_concern(text: str) -> States:
    """Return the states that a script which is not understood may give to any device: UNKNOWN, or none."""
    code = _code(text)
    found = (_OFFLOAD.search(code) and _CHECKSUM.search(code)) or _OTHER_WAYS.search(code)
    return uncertain(FEATURES) if found else {}


def _code(text: str) -> str:
    """Return a script without its comments."""
    return "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
