"""Settings in crontabs: `@reboot` lines of root."""

import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import PurePosixPath

import msgspec

from virtscan.model import State
from virtscan.model.facts.persistence import SettingPlace
from virtscan.offload.persistence.evidence import Evidence, SavedSetting, uncertain
from virtscan.offload.persistence.shell import Scene, merged, run_script
from virtscan.offload.persistence.shell.programs import finds_ethtool

_SYSTEM = ("/etc/crontab", "/etc/cron.d/*")
_ROOT = ("/var/spool/cron/root", "/var/spool/cron/crontabs/root", "/var/spool/cron/tabs/root")
_ASSIGNMENT = re.compile(r"\s*([A-Za-z_]\w*)\s*=\s*(\"[^\"]*\"|'[^']*'|[^\"'\s].*|)\s*")
_BARE = re.compile(r"(?<![\w/.-])ethtool\b")
_FIELDS = (
    "[0-5]?[0-9]",
    "(?:[01]?[0-9]|2[0-3])",
    "(?:0?[1-9]|[12][0-9]|3[01])",
    "(?:0?[1-9]|1[0-2]|[A-Za-z]{3})",
    "(?:0?[0-7]|[A-Za-z]{3})",
)
_FIVE = r"\s+".join(f"{part}(?:,{part})*" for part in (rf"(?:\*|{one}(?:-{one})?)(?:/[1-9][0-9]*)?" for one in _FIELDS))
_WORDS = "reboot|yearly|annually|monthly|weekly|daily|midnight|hourly"
_TIMES = re.compile(rf"\s*(-?)(@(?:{_WORDS})|{_FIVE})\s+(\S.*)")


def cron(evidence: Evidence, device: str) -> Iterator[SavedSetting]:
    """Yield the settings in crontabs; a line that runs at other times than boot gives UNKNOWN.

    Source:
        crontab(5): `@reboot`; system crontabs have a user before the command, and `%` ends the command; PATH is
        /usr/bin:/bin, which lacks ethtool if /sbin is a separate folder. Debian's cron(8): file names in cron.d have
        only letters, digits, `_` and `-`, other crons allow more; a table is ignored if another user than root may
        change it. Debian's cron 3.0pl1-162, as tried: so is a table with an invalid line, such as `NAME=` without a
        value, or one that begins with `-`. A line with a user that does not exist is invalid, too. cronie, entry.c:
        after a `-` the command is not logged.
    """
    running = _running(evidence)
    for path, text in () if running is State.OFF else evidence.matching(*_SYSTEM, *_ROOT):
        scene = Scene.of(evidence, device)
        users = None if evidence.wants("crond") else evidence.users
        states = _states(text, scene, system=any(map(path.match, _SYSTEM)), users=users)
        if states:
            certain = running is State.ON and _plain(path) and str(path) not in evidence.foreign
            yield SavedSetting(place=SettingPlace(files=(str(path),)), states=states if certain else uncertain(states))


def _running(evidence: Evidence) -> State:
    """Return whether a cron starts at boot.

    Source:
        The units of systemd-cron are cron.target and timers; other crons are dcron.service, bcron.service and
        busybox-crond.service.
    """
    running = evidence.starts("cron", "crond", "cronie", "fcron", "systemd-cron")
    own = (path for path in evidence.files if "/systemd/" in path)
    entries = (*evidence.wanted, *evidence.wanted_until_reboot, *evidence.aliases, *own)
    units = {entry.rpartition("/")[2] for entry in entries if "cron" in entry.rpartition("/")[2]}
    able = (unit for unit in units if not evidence.masks(unit))
    if running is State.OFF and not all(evidence.masks(evidence.aliases.get(unit, unit)) for unit in able):
        return State.UNKNOWN
    return running


def _plain(path: PurePosixPath) -> bool:
    return re.fullmatch(r"[A-Za-z0-9_-]+", path.name) is not None


def _states(text: str, scene: Scene, *, system: bool, users: Collection[str] | None) -> dict[str, State]:
    """Return the states that a table gives; without users, cronie reads it, which ignores invalid lines alone.

    Lines for other times run after those for the boot, in any order.
    """
    states: dict[str, State] = {}
    later: list[dict[str, State]] = []
    variables: dict[str, str | None] = {}
    is_valid = True
    for line in text.splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if (assignment := _ASSIGNMENT.fullmatch(line)) is not None:
            variables[assignment[1]] = assignment[2].strip("\"' ")
            is_valid = is_valid and (bool(assignment[2]) or users is None)
        elif (found := _TIMES.fullmatch(line)) is not None:
            user, command = (*found[3].split(None, 1), "")[:2] if system else ("root", found[3])
            given = _line(user, command, scene, variables)
            if found[2] == "@reboot":
                states = merged(states, given, certain=True)
            else:
                later.append(given)
            is_valid = is_valid and bool(command) and (users is None or (not found[1] and user in users))
        else:
            is_valid = False
            states = merged(states, scene.possible_states(line), certain=False)
    for given in later:
        states = merged(states, given, certain=False)
    return states if is_valid else uncertain(states)


def _line(user: str, command: str, scene: Scene, variables: Mapping[str, str | None]) -> dict[str, State]:
    states = run_script(re.split(r"(?<!\\)%", command)[0], msgspec.structs.replace(scene, variables=variables))
    if user != "root":
        return uncertain(states) if "sudo" in command else {}
    found = finds_ethtool(variables.get("PATH") or "") or not _searches_path(command, scene)
    understood = re.fullmatch(r"(/usr)?/bin/(ba|da)?sh", variables.get("SHELL") or "/bin/sh")
    return states if found and understood else uncertain(states)


def _searches_path(command: str, scene: Scene) -> bool:
    """Return True if the command, or a script that it names, runs ethtool without its path or a PATH of its own."""
    scripts = (text for path, text in scene.scripts.items() if path in command and "PATH=" not in text)
    return any(_BARE.search(text) for text in (command, *scripts))
