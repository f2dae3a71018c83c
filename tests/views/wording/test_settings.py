"""The sentences for the state after a reboot: one for each reason, with every fact in it."""

import pytest

from virtscan.model import State
from virtscan.model.facts.persistence import (
    AnyBasis,
    FoundSetting,
    NoSettingFound,
    SettingInWords,
    SettingPlace,
    SettingsFound,
)
from virtscan.views.wording.settings import setting_words

RULE = SettingPlace(files=("/etc/udev/rules.d/50-tx.rules",))
CALLED = SettingPlace(files=("/usr/local/sbin/tx",), caller="/etc/rc.local")
PROFILES = SettingPlace(files=("/a", "/b"), key="[ethtool]", profiles=3)


@pytest.mark.parametrize(
    ("basis", "words"),
    [
        (
            SettingsFound(
                settings=(FoundSetting(place=RULE, state=State.OFF), FoundSetting(place=CALLED, state=State.UNKNOWN))
            ),
            "/etc/udev/rules.d/50-tx.rules: off; /usr/local/sbin/tx, named in /etc/rc.local: unknown",
        ),
        (
            SettingsFound(settings=(FoundSetting(place=PROFILES, state=State.UNKNOWN),)),
            "[ethtool] in /a, /b (one of 3 profiles for the device): unknown",
        ),
        (SettingsFound(unread=("/a", "/b"), unclear=("/c",)), "could not read /a, /b; could not interpret /c"),
        (SettingInWords(text="ifcfg-eth0"), "ifcfg-eth0"),
    ],
)
def test_a_setting_is_worded_with_all_its_facts(basis: AnyBasis, words: str) -> None:
    assert setting_words(basis) == words


def test_a_lack_of_settings_depends_on_the_present_state() -> None:
    words = {state: setting_words(NoSettingFound(now=state)) for state in State}
    assert len(set(words.values())) == len(State)
    assert words[State.OFF].startswith(words[State.ON])
