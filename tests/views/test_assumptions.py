"""Notes about the effects of assumptions."""

import pytest

from tests.views.fleet import report
from virtscan.views import VIEWS
from virtscan.views.assumptions import Effect, EffectKind, marked

ONE = ("satellite tx=off",)
TWO = (*ONE, "hv2 kernel=6.1.0")


def effect(change: EffectKind) -> Effect:
    return Effect(
        change=change,
        hypervisor="hv1",
        domain="web01",
        uuid=None,
        mac=None,
        server="satellite",
        server_interface=None,
        before=None,
        after=None,
    )


@pytest.mark.parametrize(
    ("assumed", "change", "words"),
    [
        (ONE, EffectKind.AT_RISK, "The assumption puts 1 interface at risk:"),
        (TWO, EffectKind.AT_RISK, "The assumptions put 1 interface at risk:"),
        (ONE, EffectKind.UNKNOWN, "The assumption leaves 1 interface unknown:"),
        (TWO, EffectKind.UNKNOWN, "The assumptions leave 1 interface unknown:"),
        (ONE, EffectKind.CLEARED, "The assumption clears 1 interface:"),
        (TWO, EffectKind.CLEARED, "The assumptions clear 1 interface:"),
        (ONE, None, "The assumption changes no verdict."),
        (TWO, None, "The assumptions change no verdict."),
    ],
)
def test_notes_on_effects_agree_in_number_with_the_assumptions(
    assumed: tuple[str, ...], change: EffectKind | None, words: str
) -> None:
    effects = () if change is None else (effect(change),)

    assert marked(VIEWS["risks"](report()), assumed, effects).notes[0] == words


@pytest.mark.parametrize(("assumed", "noun"), [(ONE, "assumption"), (TWO, "assumptions")])
def test_the_note_on_unread_hypervisors_agrees_in_number_with_the_assumptions(
    assumed: tuple[str, ...], noun: str
) -> None:
    (first, *_) = marked(VIEWS["risks"](report()), assumed, (), unread=("hv9",)).notes

    assert first == f"The effect of the {noun} on further VMs is unknown: hv9 was not read completely."
