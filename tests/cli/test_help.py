"""Help texts: each command has a purpose, grouped options, two examples that can be parsed, and its exit codes."""

import re
import shlex
from collections.abc import Iterator

import click
import pytest

from virtscan.cli.help import Command, CommandGroup
from virtscan.cli.main import COMMANDS, run, virtscan

LONGEST_SENTENCE = 25

TOP = click.Context(virtscan, info_name="virtscan", **virtscan.context_settings)


def below(
    words: str, command: click.Command, parent: click.Context
) -> Iterator[tuple[str, click.Command, click.Context]]:
    context = click.Context(command, info_name=words.rpartition(" ")[2], parent=parent)
    yield words, command, context
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            yield from below(f"{words} {name}", inner, context)


def every() -> Iterator[tuple[str, click.Command, click.Context]]:
    for name in COMMANDS:
        command = virtscan.get_command(TOP, name)
        assert command is not None
        yield from below(f"virtscan {name}", command, TOP)


ALL = [pytest.param(command, context, id=words) for words, command, context in every()]


@pytest.mark.parametrize(("command", "context"), ALL)
def test_a_command_has_a_purpose_two_examples_and_its_exit_codes(
    command: click.Command, context: click.Context
) -> None:
    assert isinstance(command, Command | CommandGroup)
    text = command.get_help(context)

    assert re.search(r"^  [A-Z][^\n]+", text, re.MULTILINE)
    assert len(command.examples) == 2
    assert all(f"\n  {example}\n" in f"{text}\n" for example in command.examples)
    if isinstance(command, Command):
        assert {0, 2} <= set(command.exit_codes)
        assert all(re.search(rf"^  {code} +\S", text, re.MULTILINE) for code in command.exit_codes)


@pytest.mark.parametrize(("command", "context"), ALL)
def test_a_help_text_has_short_sentences_and_leaves_exit_codes_to_their_list(
    command: click.Command, context: click.Context
) -> None:
    del context
    text = command.help or ""

    sentences = re.split(r"(?<=[.!?])\s|\n\n", text)
    assert [sentence for sentence in sentences if len(sentence.split()) > LONGEST_SENTENCE] == []
    assert "exit code" not in text


def test_the_exit_codes_of_servers_are_about_offload() -> None:
    (command,) = [command for words, command, _ in every() if words == "virtscan servers"]
    assert isinstance(command, Command)
    assert all("TX checksum offload" in command.exit_codes[code] for code in (0, 1, 4))


@pytest.mark.parametrize(("command", "context"), ALL)
def test_the_examples_of_a_command_can_be_parsed(command: click.Command, context: click.Context) -> None:
    assert isinstance(command, Command | CommandGroup)
    for example in command.examples:
        (call,) = re.findall(r"virtscan [^>)\"]*", example)[:1]
        words = shlex.split(call)[1:]
        target: click.Command | None = virtscan
        place = TOP
        while isinstance(target, click.Group):
            name, *words = words
            target = target.get_command(place, name)
        assert target is not None, example
        target.make_context(name, words, parent=TOP)


@pytest.mark.parametrize("name", ["scan", "report"])
def test_every_option_of_a_large_command_is_in_a_group(name: str) -> None:
    command = virtscan.get_command(TOP, name)
    assert command is not None
    text = command.get_help(click.Context(command, info_name=name, parent=TOP))

    rest = text.partition("\nOptions:\n")[2].partition("\n\n")[0]
    assert "FILES" not in rest
    assert re.findall(r"^  (-\S)", rest, re.MULTILINE) == ["-v", "-q", "-h"]
    assert "--" not in re.sub(r"--(verbose|quiet|help)", "", rest)


@pytest.mark.parametrize("name", ["history", "config"])
def test_a_group_shows_the_purpose_of_each_command_in_full(name: str) -> None:
    group = virtscan.get_command(TOP, name)
    assert group is not None

    assert "..." not in group.get_help(click.Context(group, info_name=name, parent=TOP)).partition("Commands:")[2]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["scn"], "no such command 'scn'; did you mean 'scan'?"),
        (["qemu:///system"], "no such command 'qemu:///system'; virtscan --help lists all"),
        (["--versoin"], "No such option '--versoin'"),
    ],
)
def test_an_unknown_command_is_refused_with_the_nearest_one(
    words: list[str], message: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run(words) == 2
    assert message in capfd.readouterr().err
