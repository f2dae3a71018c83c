"""`python -m virtscan`, which the installed command runs as well; from its first line on, SIGINT ends the process.

Python's own handler raises an exception wherever the process is. Raised while a class is created, it becomes another
one, and the exit code 1, which means "at risk" here. Nothing is loaded before: even `signal` creates classes.
"""

import _signal  # type: ignore[import-not-found]  # the part of `signal` in C, which no stub describes

if _signal.getsignal(_signal.SIGINT) is not _signal.SIG_IGN:
    _signal.signal(_signal.SIGINT, _signal.SIG_DFL)


def main() -> None:
    """Run the command line."""
    from virtscan import cli

    cli.main()


if __name__ == "__main__":
    main()
