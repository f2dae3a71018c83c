"""Man pages and documents: commands from the command tree, the configuration's keys from its schema.

python packaging/manual.py man FOLDER    writes virtscan.1, virtscan-COMMAND.1 and virtscan.toml.5
python packaging/manual.py docs FOLDER   writes commands.md and the keys in configuration.md
"""

import re
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from os import environ
from pathlib import Path
from typing import Any, NamedTuple

import click

from virtscan import __version__
from virtscan.cli.main import COMMANDS, virtscan
from virtscan.cli.schemas import schema_named

WIDTH = 100
_KEYS = re.compile(r"(?<=^<!-- keys -->\n\n).*?(?=^<!-- end of keys -->$)", re.MULTILINE | re.DOTALL)


class Named(NamedTuple):
    """A command with the words that call it."""

    words: str
    command: click.Command
    context: click.Context


def commands() -> Iterator[Named]:
    """Yield every command of the tree, groups before what they hold."""
    top = click.Context(virtscan, info_name="virtscan", terminal_width=WIDTH, **virtscan.context_settings)
    yield Named("virtscan", virtscan, top)
    for name in COMMANDS:
        command = virtscan.get_command(top, name)
        if command is not None:
            yield from _below(f"virtscan {name}", command, top)


def _below(words: str, command: click.Command, parent: click.Context) -> Iterator[Named]:
    context = click.Context(command, info_name=words.rpartition(" ")[2], parent=parent, terminal_width=WIDTH)
    yield Named(words, command, context)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            if inner is not None:
                yield from _below(f"{words} {name}", inner, context)


def options(named: Named) -> Iterator[tuple[str, str]]:
    """Yield each option with its help, as `--help` has it."""
    for parameter in named.command.get_params(named.context):
        record = parameter.get_help_record(named.context) if isinstance(parameter, click.Option) else None
        if record is not None:
            yield record


def man_page(named: Named) -> str:
    """Write a command's page as roff."""
    title = named.words.replace(" ", "-")
    command = named.command
    lines = [
        *_head(title, 1),
        ".SH NAME",
        f"{_roff(title)} \\- {_roff(command.get_short_help_str(limit=200))}",
        ".SH SYNOPSIS",
        f".B {_roff(named.words)}",
        _roff(" ".join(command.collect_usage_pieces(named.context))),
        ".SH DESCRIPTION",
        *_paragraphs(command.help or ""),
        ".SH OPTIONS",
        *(line for option, text in options(named) for line in (".TP", f".B {_roff(option)}", _roff(text))),
    ]
    if isinstance(command, click.Group):
        lines.append(".SH COMMANDS")
        for name in command.list_commands(named.context):
            inner = command.get_command(named.context, name)
            text = COMMANDS.get(name) or (inner.get_short_help_str(limit=200) if inner else "")
            lines += [".TP", f".BR {_roff(title)}\\-{_roff(name)} (1)", _roff(text)]
    examples = getattr(command, "examples", ())
    lines += [".SH EXAMPLES", ".nf", *map(_roff, examples), ".fi"] if examples else []
    codes = getattr(command, "exit_codes", {})
    lines += [".SH EXIT STATUS"] if codes else []
    lines += [line for code, text in codes.items() for line in (".TP", f".B {code}", _roff(text))]
    others = [name for name in COMMANDS if named.words != f"virtscan {name}"]
    lines += [".SH SEE ALSO", ", ".join(f"\\fBvirtscan\\-{_roff(name)}\\fR(1)" for name in others) + ","]
    lines += ["\\fBvirtscan.toml\\fR(5)"]
    return "\n".join(lines) + "\n"


def configuration_page(schema: Mapping[str, Any]) -> str:
    """Write virtscan.toml(5) from the JSON Schema of the configuration."""
    lines = [
        *_head("virtscan.toml", 5),
        ".SH NAME",
        "virtscan.toml \\- configuration of virtscan",
        ".SH SYNOPSIS",
        "VIRTSCAN_CONFIG, ~/.config/virtscan/virtscan.toml, /etc/virtscan/virtscan.toml",
        ".SH DESCRIPTION",
        "A TOML file. An unknown key is an error. A string may hold ${VARIABLE}, a variable of the environment.",
    ]
    for table, text, keys in tables(schema):
        lines += [f".SH {_roff(table)}", *_paragraphs(text)]
        for key, description, example in keys:
            lines += [".TP", f".B {_roff(key)}", _roff(description), *([".br", _roff(example)] if example else [])]
    return "\n".join(lines) + "\n"


def tables(schema: Mapping[str, Any]) -> Iterator[tuple[str, str, list[tuple[str, str, str]]]]:
    """Yield each table of the configuration: how it is written, what it is for, its keys (name, help, example)."""
    definitions = schema["$defs"]
    document = definitions[schema["$ref"].rpartition("/")[2]]
    for name, field in document["properties"].items():
        repeated = "items" in field
        reference = field["items"]["$ref"] if repeated else _reference(field)
        section = definitions[reference.rpartition("/")[2]]
        keys = [(key, one.get("description", ""), _example(key, one)) for key, one in section["properties"].items()]
        yield f"[[{name}]]" if repeated else f"[{name}]", section.get("description", ""), keys


def _reference(field: Mapping[str, Any]) -> str:
    found = re.search(r"#/\$defs/\w+", repr(field))
    if found is None:
        raise ValueError(f"no table in {field}")
    return found[0]


def _example(key: str, field: Mapping[str, Any]) -> str:
    examples = field.get("examples")
    return f"{key} = {examples[0]}" if examples else ""


def _head(title: str, section: int) -> tuple[str, str]:
    moment = datetime.fromtimestamp(int(environ.get("SOURCE_DATE_EPOCH", "0")) or datetime.now(UTC).timestamp(), UTC)
    return (
        '.\\" written by packaging/manual.py',
        f'.TH "{title.upper()}" {section} "{moment:%Y-%m-%d}" "virtscan {__version__}" "virtscan manual"',
    )


def _paragraphs(text: str) -> Iterator[str]:
    for paragraph in re.split(r"\n\s*\n", text.strip()):
        yield ".PP"
        if paragraph.startswith("\b"):
            yield ".nf"
            yield from (_roff(line) for line in paragraph.splitlines()[1:])
            yield ".fi"
        else:
            yield _roff(" ".join(paragraph.split()))


def _roff(text: str) -> str:
    escaped = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq")
    return "\\&" + escaped if escaped.startswith(".") else escaped


def commands_document() -> str:
    """Write docs/commands.md: the help text of every command."""
    parts = [
        "# Commands",
        "",
        "Written by `make golden` from the help texts. Read one with `virtscan COMMAND --help`.",
        "",
    ]
    for named in commands():
        parts += [f"## {named.words}", "", "```text", named.command.get_help(named.context).rstrip(), "```", ""]
    return "\n".join(parts)


def with_keys(document: str, schema: Mapping[str, Any]) -> str:
    """Give docs/configuration.md with its tables of keys as they are now.

    Raises:
        ValueError: The place of the tables is not there, once.
    """
    changed, count = _KEYS.subn(lambda _: "\n".join(_key_tables(schema)) + "\n", document)
    if count != 1:
        raise ValueError("write the lines <!-- keys --> and <!-- end of keys --> where the keys belong")
    return changed


def _key_tables(schema: Mapping[str, Any]) -> Iterator[str]:
    for table, text, keys in tables(schema):
        yield from (f"### `{table}`", "", " ".join(text.split()), "", "| key | meaning | example |", "|---|---|---|")
        for key, description, example in keys:
            cell = f"`{example}`".replace("|", "\\|") if example else ""
            yield f"| `{key}` | {description} | {cell} |"
        yield ""


def main() -> None:
    """Write what the command line asks for."""
    match sys.argv[1:]:
        case ["man", folder]:
            target = Path(folder)
            target.mkdir(parents=True, exist_ok=True)
            for named in commands():
                (target / f"{named.words.replace(' ', '-')}.1").write_text(man_page(named))
            (target / "virtscan.toml.5").write_text(configuration_page(schema_named("config")))
        case ["docs", folder]:
            (Path(folder) / "commands.md").write_text(commands_document())
            configuration = Path(folder) / "configuration.md"
            configuration.write_text(with_keys(configuration.read_text(), schema_named("config")))
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main()
