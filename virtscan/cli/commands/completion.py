"""`virtscan completion`: the script that makes a shell complete virtscan's commands and options."""

import click
from click.shell_completion import get_completion_class

from virtscan.cli.help import WORKS, Command
from virtscan.cli.output.outputs import print_line

SHELLS = ("bash", "zsh", "fish")


@click.command(
    cls=Command,
    examples=(
        'eval "$(virtscan completion bash)"',
        "virtscan completion fish > ~/.config/fish/completions/virtscan.fish",
    ),
    exit_codes=WORKS,
)
@click.argument("shell", metavar="SHELL", type=click.Choice(SHELLS))
def completion(shell: str) -> int:
    """Print the completion script for SHELL: bash, zsh or fish.

    Load it from the shell's startup file, or save it in the shell's completion folder.
    """
    from virtscan.cli.main import virtscan

    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"{shell}: not supported by this version of click")
    print_line(kind(virtscan, {}, "virtscan", "_VIRTSCAN_COMPLETE").source())
    return 0
