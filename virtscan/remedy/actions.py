"""The change of each server with its commands: as groups for people, and line by line for workbooks."""

from collections.abc import Callable, Iterator

import msgspec

from virtscan.remedy.plan import Change, InterfaceAtRisk, Remedy, Steps
from virtscan.remedy.wording import TO_UNDO, TO_VERIFY, UNTIL_REBOOT, at_risk, lasting, state, title, verification
from virtscan.views.document import Column, Field, Section, section
from virtscan.views.rows.grouping import Advice, RowGroup

_NAMED = 5


class _CommandLine(msgspec.Struct, frozen=True):
    """A line of the commands for a server."""

    change: Change
    step: str
    text: str


_FIELDS: tuple[Field[_CommandLine], ...] = (
    Field(Column("server"), lambda line: line.change.server),
    Field(Column("server_interface", "interface"), lambda line: line.change.interface),
    Field(Column("step", wraps=True), lambda line: line.step),
    Field(Column("command", wraps=True), lambda line: line.text),
)


def group(change: Change, steps: Steps) -> RowGroup:
    """Describe one change whole: state, interfaces at risk, notes and commands."""
    return RowGroup(
        verdict="at-risk",
        title=f"{title(change)}: {at_risk(change)}.",
        action=" ".join(state(change)),
        also=(
            Advice(action=f"At risk: {_domains(change)}."),
            *(Advice(action=note) for note in change.notes),
            *_scripts(change, steps),
        ),
        rows=(),
        columns=(),
        lists_rows=False,
    )


def command_lines(remedy: Remedy, steps_of: Callable[[Change], Steps]) -> Section:
    """Return the commands of all changes, one line per row: several selected cells can be pasted as a script."""
    return section("commands", _FIELDS, _lines(remedy, steps_of))


def _lines(remedy: Remedy, steps_of: Callable[[Change], Steps]) -> Iterator[_CommandLine]:
    for change in remedy.changes:
        for part in _scripts(change, steps_of(change)):
            for line in part.script:
                yield _CommandLine(change, part.action, line)


def _scripts(change: Change, steps: Steps) -> Iterator[Advice]:
    """Yield the steps in their order, each with its commands; none where no command helps."""
    if change.fixed:
        return
    for action, text in (
        (UNTIL_REBOOT, steps.now),
        (lasting(steps.means), steps.lasting),
        (TO_VERIFY, "\n".join(verification(change))),
        (TO_UNDO, steps.undo),
    ):
        if text:
            yield Advice(action=action, script=tuple(text.splitlines()))


def _domains(change: Change) -> str:
    """Name the domains of the first interfaces at risk, and count the others."""
    shown = change.interfaces_at_risk[:_NAMED]
    names = ", ".join(dict.fromkeys(map(_domain, shown)))
    more = len(change.interfaces_at_risk) - len(shown)
    return f"{names} and {more} more" if more else names


def _domain(interface: InterfaceAtRisk) -> str:
    return f"{interface.domain} on {interface.hypervisor}"
