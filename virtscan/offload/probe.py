"""The shell script that reads a server, and the parser of its output.

The same script runs over SSH and on this machine. It changes nothing.
"""

import re
from collections.abc import Iterable, Iterator

from virtscan import hostnet
from virtscan.errors import OffloadError
from virtscan.model import DeviceName, State
from virtscan.model.gaps.causes import NoFeatures
from virtscan.offload.answer import ServerAnswer
from virtscan.offload.kernel_command_line import boot_words, renames_nics
from virtscan.offload.persistence import Evidence
from virtscan.offload.settings import SETTINGS
from virtscan.offload.stack import STACK, read_stack
from virtscan.transport.sections import excerpt, read_sections

# Arguments: the configured device or an empty string; the folder to read instead of /.
# The output is a list of sections. All lines but the last only define functions: a truncated script does nothing.
_FACTS = r"""
answer() {
    device=$1 root=${2-}
    PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin LC_ALL=C
    export PATH LC_ALL
    net=$root/sys/class/net

    newline='
'
    say() {
        case $* in
            *"$newline"*) printf '@%s\n' "$(printf '%s' "$*" | tr '\n' '?')" ;;
            *) printf '@%s\n' "$*" ;;
        esac
    }
    body() { while IFS= read -r line || [ -n "$line" ]; do printf ' %s\n' "$line"; done; }

    say virtscan 1
    say uname; uname -srv | body
    say sh; readlink "$root/bin/sh" 2>/dev/null | body
    say udev; udevadm --version 2>/dev/null | body
    stack
    settings
    say end
}
"""
_LAST = """
answer "$@" </dev/null
"""
SCRIPT = _FACTS + STACK + SETTINGS + _LAST


def parse_answer(output: bytes) -> ServerAnswer:
    """Parse the output of the script.

    Raises:
        OffloadError: The output is incomplete, or the script was not run.
    """
    sections = read_sections(output)
    if not sections:
        raise OffloadError(f"the login shell does not run the script; output: {excerpt(output)}")
    bodies = {name: text for name, _, text in sections}
    stack = read_stack(sections)
    kernel = hostnet.read_uname(bodies.get("uname", ""))
    udev = bodies.get("udev", "").strip()
    words = {argument: text for name, argument, text in sections if name == "kernel"}
    command_lines = (words.get("now"), words.get("loader"), words.get("defaults", ""))
    return ServerAnswer(
        devices=stack.devices,
        lists_all_devices=stack.lists_all_devices,
        features={DeviceName(argument): text for name, argument, text in sections if name == "ethtool"},
        no_features=NoFeatures.NO_ETHTOOL if "no-ethtool" in bodies else NoFeatures.TOO_MANY_DEVICES,
        reached=next((argument for name, argument, _ in sections if name == "reached"), None) or None,
        kernel=None if kernel is None else kernel.release,
        machine=stack.machine,
        system_uuid=stack.system_uuid,
        evidence=Evidence(
            files={argument: text for name, argument, text in sections if name == "file"},
            devices=frozenset(bodies.get("devices", "").split()),
            unreadable=tuple(dict.fromkeys(_arguments(sections, "unreadable"))),
            opaque=frozenset(_arguments(sections, "opaque")),
            assigning=frozenset(_arguments(sections, "assigning")),
            unclear=tuple(dict.fromkeys(_arguments(sections, "unclear"))),
            executable=frozenset(_arguments(sections, "executable")),
            missing=frozenset(bodies.get("missing", "").split()),
            foreign=frozenset(_arguments(sections, "foreign")),
            exposed=dict.fromkeys(_arguments(sections, "exposed"), State.ON),
            wanted=frozenset(bodies.get("wants", "").splitlines()),
            wanted_until_reboot=frozenset(bodies.get("wants-until-reboot", "").splitlines()),
            # Of the folders, the first one that has a name counts.
            aliases=dict(line.split(" ", 1) for line in bodies.get("aliases", "").splitlines()[::-1] if " " in line),
            calls={argument: tuple(text.split()) for name, argument, text in sections if name == "calls"},
            users=frozenset({"root", *bodies.get("users", "").split()}),
            boot_words=boot_words(*command_lines),
            renames_nics=renames_nics(*command_lines),
            sh_is_bash="bash" in bodies.get("sh", ""),
            udev=int(udev) if re.fullmatch(r"[0-9]{1,6}", udev) else None,
        ),
    )


def _arguments(sections: Iterable[tuple[str, str, str]], section: str) -> Iterator[str]:
    return (argument for name, argument, _ in sections if name == section)
