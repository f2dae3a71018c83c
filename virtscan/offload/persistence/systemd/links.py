"""Settings in systemd's .link files, which udev applies."""

from collections.abc import Iterator

from virtscan.model import State
from virtscan.model.facts.persistence import SettingPlace
from virtscan.offload.persistence.evidence import FEATURES, Evidence, SavedSetting, states_of, uncertain
from virtscan.offload.persistence.files import SYSTEM_BASES, ini
from virtscan.offload.persistence.netplan import WRITTEN, link_files, unclear
from virtscan.offload.persistence.systemd.link_file import OFFLOAD, LinkFile

LINK_SINCE = 245
_RULE = "80-net-setup-link.rules"
_NETPLANS = f"{WRITTEN}10-netplan-"


def links(evidence: Evidence, device: str, macs: tuple[str, ...], *, is_nic: bool) -> Iterator[SavedSetting]:
    """Yield the setting in the .link file that udev applies to this device: the first match, in the order of names.

    If it is uncertain whether a file matches, the outcome is UNKNOWN unless the file makes no difference. The same
    holds for a file that renames the device. netplan rewrites its files in /run at each boot, so its YAML files count.

    Source:
        systemd.link(5): of files with the same name one counts (/etc before /run before /usr/local/lib and /usr/lib),
        drop-ins add to it, a file without [Match] matches nothing; TransmitChecksumOffload= exists since systemd 245.
    """
    if (evidence.udev is not None and evidence.udev < LINK_SINCE) or not _are_applied(evidence):
        return
    key = OFFLOAD
    possible: list[tuple[str, dict[str, State]]] = []
    known = evidence.udev is not None
    for file in _files(evidence):
        fitting = file.fits(device, macs, is_nic=is_nic)
        if fitting is not State.OFF:
            value, name = file.value(OFFLOAD), file.value("Name") or device
            # At the next boot the NIC gets another name, to which other files may apply.
            renames = name != device and (fitting is State.ON or not file.is_certain)
            key = file.keys[renames]
            states = uncertain(FEATURES) if renames else states_of([("tx", value)] if value else [])
            possible.append((file.source, states))
        if fitting is State.ON:
            known = known or file.keys[0] != OFFLOAD
            break
    else:
        possible.append(("", {}))
    setting = [path for path, states in possible if states]
    if setting:
        certain = known and all(states == possible[-1][1] for _, states in possible)
        states = possible[-1][1] if certain else uncertain(FEATURES)
        yield SavedSetting(place=SettingPlace(files=tuple(setting), key=key), states=states)
    yield from unclear(evidence)


def _are_applied(evidence: Evidence) -> bool:
    """Return False if the rule that applies .link files is masked, or replaced by one that does not.

    Source:
        systemd 252, 80-net-setup-link.rules: `IMPORT{builtin}="net_setup_link"`.
    """
    rules = {path.name: text for path, text in evidence.layered("udev/rules.d/*.rules", *SYSTEM_BASES)}
    return _RULE not in rules or any("net_setup_link" in text for text in rules.values())


def _files(evidence: Evidence) -> list[LinkFile]:
    """Return the .link files in the order in which udev tries them, with those that netplan will write to /run."""
    found = {file.name: file for file in link_files(evidence)}
    for path, text in evidence.layered("systemd/network/*.link", *SYSTEM_BASES):
        drop_ins = evidence.layered(f"systemd/network/{path.name}.d/*.conf", *SYSTEM_BASES)
        entries = tuple(ini(text, *(extra for _, extra in drop_ins)))
        remade = any(evidence.matching("netplan/*.yaml")) and str(path).startswith(_NETPLANS)
        if not remade and (path.name not in found or str(path).startswith("/etc/")):
            lasts = not any(extra.is_relative_to("/run") for extra, _ in drop_ins)
            found[path.name] = LinkFile(name=path.name, source=str(path), entries=entries, is_certain=lasts)
    return [found[name] for name in sorted(found)]
