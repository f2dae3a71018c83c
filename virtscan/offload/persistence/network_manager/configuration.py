"""NetworkManager's own configuration: NetworkManager.conf and conf.d."""

from collections.abc import Iterator

from virtscan.model import State
from virtscan.offload.persistence.evidence import Evidence
from virtscan.offload.persistence.files import ini

_FILES = ("NetworkManager/NetworkManager.conf", "NetworkManager/conf.d/*.conf")
_FEATURES_SINCE = 239
"""systemd's version in RHEL 8. RHEL 7 (219) and Ubuntu 18.04 (237) began with a NetworkManager before 1.14."""
_REMOVED_IN = 256
"""systemd's version in the first Fedora (41) without NetworkManager's plugin for ifcfg files; RHEL 10 has 257."""


def entries(evidence: Evidence) -> Iterator[tuple[str, str, str]]:
    """Yield section, key and value of each line, in rising order of precedence."""
    for pattern in _FILES:
        for _, text in evidence.layered(pattern, "usr/lib", "run", "etc"):
            yield from ini(text)


def knows_features(evidence: Evidence) -> bool:
    """Return False if NetworkManager may be too old for features of ethtool.

    Source:
        NetworkManager applies them since 1.14 (NMSettingEthtool). RHEL 7.6 has 1.12, later ones 1.18.
    """
    return evidence.udev is None or evidence.udev >= _FEATURES_SINCE


def reads_ifcfg(evidence: Evidence) -> State:
    """Return whether NetworkManager reads ifcfg files; UNKNOWN if its version may lack the plugin.

    Source:
        NetworkManager.conf(5), [main] plugins=; the default of Red Hat's builds includes ifcfg-rh.
    """
    lists = [value for _, key, value in entries(evidence) if key == "plugins"]
    added = [value for _, key, value in entries(evidence) if key == "plugins+"]
    if lists and not any("ifcfg-rh" in value for value in (lists[-1], *added)):
        return State.OFF
    return State.UNKNOWN if evidence.udev is not None and evidence.udev >= _REMOVED_IN else State.ON
