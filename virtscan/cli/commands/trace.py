"""`virtscan trace`: read a packet capture."""

from pathlib import Path

import click

from virtscan import trace as captures
from virtscan.cli.acquire import judged_on, load
from virtscan.cli.exit_codes import of_trace
from virtscan.cli.help import TRACES, Command
from virtscan.cli.options import FILE, console_options, max_age_option, output_options, redact_option
from virtscan.cli.output.console import Console
from virtscan.cli.output.formats import RequestedOutput, places
from virtscan.cli.output.outputs import refuse_same_place
from virtscan.cli.output.redacting import redaction
from virtscan.cli.output.showing import showing


@click.command(
    cls=Command,
    examples=(
        "virtscan trace satellite.pcap",
        "virtscan trace satellite.pcap --inventory fleet.json",
    ),
    exit_codes=TRACES,
)
@click.argument("pcap", type=FILE)
@click.option(
    "--inventory", type=FILE, help="Saved inventory (scan --save): show for each finding whether the boot confirms it."
)
@max_age_option
@output_options
@redact_option
@console_options
def trace(
    pcap: Path,
    inventory: Path | None,
    max_age: float | None,
    outputs: tuple[RequestedOutput, ...],
    redact: Path | None,
    console: Console,
) -> int:
    """Read PCAP, a capture of DHCP, TFTP and HTTP boots, and report which failed because of partial checksums.

    PCAP may be - for standard input, e.g. from tcpdump over SSH. Capture at the server or, better, at the VM's own
    device: tcpdump -s 0 -w FILE -i DEVICE. Whole frames and all ports are needed, because TFTP servers answer from any
    port. Formats are pcap and pcapng, gzipped or not. Frames inside VXLAN, GENEVE and GRE are read as well.
    """
    refuse_same_place(*places(outputs), ("--redact", redact), inputs=(pcap, inventory))
    redacted = redaction(redact)
    report = None
    if str(pcap) == str(inventory) == "-":
        raise click.UsageError("PCAP and --inventory can't both be standard input")
    if inventory is None and max_age is not None:
        raise click.UsageError("--max-age applies to the facts of an inventory; add --inventory FILE")
    if inventory is not None:
        from virtscan.correlator.judging import judge

        report = judge(redacted(judged_on(load(inventory), console, max_age=max_age)))
    with showing(outputs) as shown:
        capture = redacted.of_trace(captures.read(pcap))
        compared = captures.comparisons(capture, report)
        judged = {line.judgement.failed for line in compared if line.judgement is not None}
        code = of_trace(
            boots=len(capture.boots),
            failed=captures.Failed.YES in judged,
            incomplete=captures.Failed.UNCLEAR in judged or bool(capture.gaps),
        )
        shown.show(captures.view(capture, compared), console, code=code)
    return code
