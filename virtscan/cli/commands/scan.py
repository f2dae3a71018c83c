"""`virtscan scan`: collect, judge, report."""

from pathlib import Path
from time import monotonic
from typing import Any

import click

from virtscan.cli.acquire import collected, planned
from virtscan.cli.assuming import assume_option, check, parsed, under
from virtscan.cli.exit_codes import ExitCode, of_report
from virtscan.cli.help import JUDGES, Command
from virtscan.cli.history.earlier import since_option
from virtscan.cli.history.keeping import Keeping
from virtscan.cli.history.night import Night, code_of
from virtscan.cli.history.source import history_option, kept_in, trend_of
from virtscan.cli.options import FILE, collect_options, make_console, quiet_and_verbose, report_options
from virtscan.cli.output.formats import Wanted, wanted_outputs
from virtscan.cli.output.outputs import PRIVATE, Output, OutputError, Outputs, keep_apart
from virtscan.cli.output.redacting import redaction
from virtscan.cli.output.rendering import Rendering, with_file
from virtscan.cli.plan import default_uri_line
from virtscan.errors import ConfigError
from virtscan.model import FailOn, Inventory
from virtscan.views.report.metrics import Run


@click.command(
    cls=Command,
    examples=(
        "virtscan scan -c qemu+ssh://root@hv1/system --server satellite:eth0=ssh://root@satellite",
        "virtscan scan -q --since /var/lib/virtscan/fleet.json --save /var/lib/virtscan/fleet.json",
    ),
    exit_codes=JUDGES,
)
@collect_options
@click.option("--save", type=FILE, help="Save the inventory to this file, for virtscan report.")
@since_option
@history_option
@click.option("--no-history", is_flag=True, help="Don't keep this scan, even if [history] url is set.")
@assume_option
@report_options
@quiet_and_verbose
def scan(
    save: Path | None,
    since: str | None,
    history: str | None,
    no_history: bool,
    assumptions: tuple[str, ...],
    view: str | None,
    by: str | None,
    where: tuple[str, ...],
    formats: tuple[Wanted, ...],
    output: Path | None,
    summary: bool,
    redact: Path | None,
    fail_on: FailOn | None,
    verbose: bool,
    quiet: bool,
    **what: Any,  # the options of `collect_options`, typed by `planned`
) -> int:
    """Read every domain of every hypervisor; report which will fail to boot over the network, and why.

    Without -c, --xml, --sosreport and a configuration: LIBVIRT_DEFAULT_URI, else libvirt's uri_default, else
    qemu:///system. Read-only; never prompts.

    With --since only news is reported: risks that are new or resolved, hypervisors that are no longer read or are
    back, waivers that end within 14 days. Pages, workbooks and metrics still show the whole fleet.
    """
    from virtscan.correlator.judging import judge

    console = make_console(verbose=verbose, quiet=quiet or (since is not None and not verbose))
    rendering = Rendering(view=view, by=by, where=where, outputs=wanted_outputs(formats, output, summary=summary))
    rendering.check(is_assumed=bool(assumptions), is_news=since is not None)
    keep_apart(("--save", save), *rendering.places, ("--redact", redact))
    redacted = redaction(redact)
    plan = planned(console, fail_on=fail_on, **what)
    rendering = rendering.with_note(default_uri_line(plan, names=console.names))
    check(parsed(assumptions, str), plan)
    refused = None
    url = None if no_history else kept_in(history, plan)
    with (
        Keeping(url, scope=plan.scope, saved=save, console=console) as keeping,
        Outputs(pipe_seconds=plan.deadline) as outputs,
    ):
        night = Night.since(since, scope=redacted.scope(plan.scope), redacted=redacted)
        saved = outputs.open(save, mode=PRIVATE) if save else None
        shown = rendering.open(outputs)
        began = monotonic()
        inventory = night.remembered_by(redacted(collected(plan, console)))
        seconds = monotonic() - began
        keeping.collected(inventory)
        report = judge(inventory)
        keeping.judged(report)
        if redact is None and keeping.failure is None:  # names of the history have no pseudonyms
            rendering = rendering.with_sections(lambda: trend_of(url))
        try:
            report, what_if = under(report, parsed(assumptions, redacted.text))
            rendering = rendering.with_what_if(what_if)
        except ConfigError as error:
            refused = error  # the collected items are kept and reported all the same
        whole = of_report(report, plan.fail_on or FailOn.LATENT)
        news = night.news(inventory)
        code = code_of(news, whole, plan.fail_on or FailOn.LATENT)
        failed = keeping.failure or night.failure
        run = Run(exit_code=code if failed is None else OutputError.exit_code, seconds=seconds)
        if saved:
            _save(inventory, saved, keep_earlier=code is ExitCode.NOTHING_SEEN)
        rendering.with_pseudonyms(redacted.text).write(
            with_file(report, save, is_redacted=redact is not None), shown, console, run, news
        )
    if night.note is not None and not quiet:
        click.echo(f"virtscan: {night.note}", err=True)
    if refused is not None:
        raise refused
    if night.failure is not None:
        raise OutputError(night.failure)
    return code


def _save(inventory: Inventory, saved: Output, *, keep_earlier: bool) -> None:
    """Write the inventory to its file before the report, whose writing may fail."""
    from virtscan.storage import parts

    for part in parts(inventory):
        saved.write(part)
    if keep_earlier:
        saved.keep_earlier()
    saved.end()
