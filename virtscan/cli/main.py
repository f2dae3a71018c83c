"""The program `virtscan`: its commands, each loaded when it is used, and the exit code."""

import importlib

import click

from virtscan import __version__
from virtscan.cli.help import Command, CommandGroup
from virtscan.cli.output.console import print_message
from virtscan.cli.output.outputs import OutputError, ReaderGoneError
from virtscan.cli.process.installation import report_broken
from virtscan.cli.process.streams import StandardOutputError, drop_output
from virtscan.errors import VirtscanError
from virtscan.nearest import did_you_mean

COMMANDS = {
    "scan": "Read hypervisors and servers, judge, report: the main job.",
    "report": "Judge a saved inventory again and report; no network access.",
    "diff": "Show changes between two saved inventories, or scans of a history.",
    "history": "List, show, compare and prune the scans stored in a database.",
    "merge": "Merge saved inventories of several sites or dates.",
    "collect": "Read part of a fleet for another machine: takes a plan, prints an inventory.",
    "servers": "Read only the provisioning servers' offload state.",
    "explain": "Explain a verdict: the facts, each rule, and what is missing.",
    "remedy": "Print the change for each server, and how to undo it; runs nothing.",
    "trace": "Report which boots in a packet capture failed because of partial checksums.",
    "check": "Report the status of a saved scan to Nagios and Icinga: one line, exit code 0 to 3.",
    "doctor": "Check whether this machine can scan: libvirt, ssh, permissions, reachability.",
    "config": "Write, validate and explain the configuration.",
    "schema": "Print the JSON Schema of a document, a saved inventory or the configuration.",
    "completion": "Print the completion script for a shell.",
}
"""Name and short help; `virtscan.cli.commands.NAME` holds the command `NAME`.

The short help is here so that `virtscan --help` need not load the libraries of commands.
"""

WRONG_USAGE = 2
INTERRUPTED = 130
READER_GONE = 141


class _LazyGroup(CommandGroup):
    """Commands by name; a command's module is imported when the command is requested."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 click's signature
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(importlib.import_module(f"virtscan.cli.commands.{cmd_name}"), cmd_name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command; the error for an unknown one has the nearest name."""
        name = args[0]
        if name not in COMMANDS and not name.startswith("-") and not ctx.resilient_parsing:
            advice = did_you_mean(name, COMMANDS, otherwise="virtscan --help lists all")
            raise click.UsageError(f"no such command {name!r}; {advice}", ctx=ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 click's signature
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(
    cls=_LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    examples=(
        "virtscan scan -c qemu+ssh://root@hv1/system --server satellite:eth0=ssh://root@satellite",
        "virtscan report fleet.json --view capacity --by site",
    ),
)
@click.version_option(__version__, "-V", "--version", prog_name="virtscan", message="%(prog)s %(version)s")
def virtscan() -> None:
    """Report which virtual machines will fail to boot over the network, which server is the cause, and the fix."""


def run(arguments: list[str]) -> int:
    """Run one command line.

    Returns:
        The exit code: the command's own, 2 for wrong usage or configuration, 70 for a defect of virtscan.
    """
    try:
        result = virtscan.main(args=arguments, prog_name="virtscan", standalone_mode=False)
        code = result if isinstance(result, int) else 0
    except click.Abort:
        click.echo("virtscan: interrupted", err=True)
        code = INTERRUPTED
    except click.ClickException as error:
        _show(error)
        # click's own code of an error without one is 1, which means "at risk" here.
        code = WRONG_USAGE if error.exit_code == click.ClickException.exit_code else error.exit_code
    except VirtscanError as error:
        print_message(str(error))
        code = WRONG_USAGE
    except ReaderGoneError:
        drop_output()
        code = READER_GONE
    except SystemExit as error:
        # The code of a signal; or 1, click's code if the reader of a help text is gone. Here 1 means "at risk".
        code = error.code if isinstance(error.code, int) and error.code != 1 else READER_GONE
    except StandardOutputError as error:  # of a help text, which click writes
        drop_output()
        print_message(f"standard output: can't be written: {error.strerror}")
        code = OutputError.exit_code
    except Exception:  # noqa: BLE001 the one place where a defect becomes a message instead of a silent end
        import traceback  # loads the tokenizer

        traceback.print_exc()
        click.echo("virtscan: internal error, not a problem with the input; please report it", err=True)
        code = _report_defect(arguments)
    return code


def _report_defect(arguments: list[str]) -> int:
    """Let the command report a defect in its own form; return the exit code."""
    try:
        command = virtscan.get_command(click.Context(virtscan), arguments[0])
    except Exception:  # noqa: BLE001 the defect may be in the import of the command
        command = None
    return command.report_defect() if isinstance(command, Command) else report_broken(arguments)


def _show(error: click.ClickException) -> None:
    """Print an error: wrong usage with the usage of the command, any other one as virtscan's own are printed."""
    if isinstance(error, click.UsageError) and "extra argument" in error.message and _takes_only_options(error.ctx):
        # As in `virtscan scan qemu:///system`.
        hint = f"{error.message}; name hypervisors with -c URI, --xml or --sosreport"
        click.UsageError(hint, ctx=error.ctx).show()
    elif type(error).show is click.ClickException.show:
        for line in error.format_message().splitlines():
            print_message(line)
    else:
        error.show()


def _takes_only_options(context: click.Context | None) -> bool:
    """Return True for a command that reads the hypervisors of its options, and takes no argument."""
    parameters = [] if context is None else context.command.params
    has_argument = any(isinstance(parameter, click.Argument) for parameter in parameters)
    return not has_argument and any(parameter.name == "connect" for parameter in parameters)
