"""Entry point of `python -m virtscan` and of the installed command; from its first line on, SIGINT ends the process.

Python's own handler raises KeyboardInterrupt at any point. During the creation of a class it turns into another
exception, and the exit code into 1, which means "at risk" here. So nothing is imported before: even `signal` creates
classes.
"""

import _signal  # type: ignore[import-not-found]  # the part of `signal` in C, which no stub describes

if _signal.getsignal(_signal.SIGINT) is not _signal.SIG_IGN:
    _signal.signal(_signal.SIGINT, _signal.SIG_DFL)


def main() -> None:
    """Run the command line."""
    try:
        from virtscan.cli.process import start
    except Exception as error:  # noqa: BLE001 of any kind; Python would end with 1, which means "at risk"
        import sys

        from virtscan.cli.process.installation import report_unloadable

        raise SystemExit(report_unloadable(error, sys.argv[1:])) from None
    start.main()


if __name__ == "__main__":
    main()
