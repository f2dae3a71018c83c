"""ethtool commands that run at boot: ETHTOOL_OPTS of ifcfg files, ifupdown's interfaces file, scripts and units."""

import re
import shlex
from collections.abc import Iterator

from virtscan.model import State
from virtscan.offload.persistence.evidence import Evidence, Setting, command_states, states_of

_SCRIPTS = (
    "/etc/rc.local",
    "/etc/rc.d/rc.local",
    "/sbin/ifup-local",
    "/etc/NetworkManager/dispatcher.d/*",
    "/etc/NetworkManager/dispatcher.d/pre-up.d/*",
    "/etc/udev/rules.d/*",
    "/etc/systemd/system/*",
)
_STANZA = re.compile(r"auto|mapping|source|source-directory|allow-\S+|no-\S+")


def ifcfg(evidence: Evidence, device: str, macs: tuple[str, ...]) -> Iterator[Setting]:
    """Settings in Red Hat's ifcfg files of this device, named by DEVICE, HWADDR or the file's name.

    Source:
        initscripts, network-functions: ethtool_set splits ETHTOOL_OPTS at `;` and runs ethtool with each part.
    """
    for path, text in evidence.under("/etc/sysconfig/network-scripts/ifcfg-*"):
        values = dict(filter(None, map(_assignment, text.splitlines())))
        name = values.get("DEVICE") or path.name.removeprefix("ifcfg-")
        if device != name and values.get("HWADDR", "").lower() not in macs:
            continue
        states = command_states(values.get("ETHTOOL_OPTS", ""), device, ("$DEVICE", "$REALDEVICE"))
        if states:
            yield Setting(where=f"ETHTOOL_OPTS in {path}", states=states)


def ifupdown(evidence: Evidence, device: str) -> Iterator[Setting]:
    """Settings in Debian's interfaces files: `offload-…` options and ethtool commands in the device's stanzas.

    Source:
        Debian's ethtool package, if-up.d/ethtool: `offload-NAME VALUE` becomes `ethtool --offload DEVICE NAME VALUE`.
    """
    for path, text in evidence.under("/etc/network/interfaces", "/etc/network/interfaces.d/*"):
        states: dict[str, State] = {}
        ours = False
        for line in text.splitlines():
            match line.split():
                case ["iface", name, *_]:
                    ours = name == device
                case [option, value] if ours and option.startswith("offload-"):
                    states |= states_of([(option.removeprefix("offload-"), value)])
                case [word, *_] if _STANZA.fullmatch(word):
                    ours = False
                case [_, *_] if ours:
                    states |= command_states(line, device, ("$IFACE",))
        if states:
            yield Setting(where=f"iface {device} in {path}", states=states)


def scripts(evidence: Evidence, device: str) -> Iterator[Setting]:
    """Settings in scripts, units and udev rules that run ethtool at boot or when the device comes up."""
    for path, text in evidence.under(*_SCRIPTS):
        states: dict[str, State] = {}
        for line in text.splitlines():
            states |= command_states(line, device)
        if states:
            yield Setting(where=str(path), states=states)


def _assignment(line: str) -> tuple[str, str] | None:
    """Name and value of a shell assignment."""
    try:
        words = [word for word in shlex.split(line, comments=True) if word != "export"]
    except ValueError:  # a quote that nobody closes
        return None
    name, equals, value = words[0].partition("=") if words else ("", "", "")
    return (name, value) if equals else None
