"""`virtscan scan`: collect, judge, report."""

import contextlib
from pathlib import Path
from typing import Any

import click

from virtscan.cli.acquire import collected, planned
from virtscan.cli.exit_codes import FailOn, of_report
from virtscan.cli.options import FILE, collect_options, console, quiet_and_verbose, report_options
from virtscan.cli.output import STDOUT, keep_apart, opened
from virtscan.cli.redacting import redaction
from virtscan.cli.rendering import Rendering


@click.command(
    epilog="Example: virtscan scan -c qemu+ssh://root@hv1/system --server satellite:eth0=ssh://root@satellite"
)
@collect_options
@click.option("--save", type=FILE, help="Keep the inventory in this file, for virtscan report.")
@report_options
@quiet_and_verbose
def scan(
    save: Path | None,
    view: str,
    by: str,
    where: tuple[str, ...],
    format_name: str,
    output: Path | None,
    redact: Path | None,
    fail_on: str,
    verbose: bool,
    quiet: bool,
    **what: Any,  # the options of `collect_options`, typed by `planned`
) -> int:
    """Read every domain of every hypervisor; say which will fail to boot over the network, and why.

    Without -c, --xml or a configuration libvirt's own default is scanned. Nothing is changed, and nothing ever asks.
    """
    said = console(verbose=verbose, quiet=quiet)
    rendering = Rendering(view=view, by=by, where=where, format_name=format_name, output=output)
    rendering.check()
    keep_apart(save=save, output=output or STDOUT, redact=redact)
    redacted = redaction(redact)
    plan = planned(said, **what)
    with contextlib.ExitStack() as outputs:
        saved = outputs.enter_context(opened(save)) if save else None
        shown = outputs.enter_context(opened(output))
        inventory = redacted(collected(plan, said))
        if saved:
            from virtscan.storage import dumps

            saved.write(dumps(inventory))
        report = rendering.with_pseudonyms(redacted.text).write(inventory, shown, said)
    return of_report(report, FailOn(fail_on))
