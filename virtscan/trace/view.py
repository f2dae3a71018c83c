"""The document of a capture: a row for each boot, with its finding if an inventory was given."""

from collections.abc import Callable, Mapping, Sequence

import msgspec

from virtscan import __version__
from virtscan.trace.boots.boot import Boot, ChecksumCounts, Trace
from virtscan.trace.boots.judging import Failed, Judgement
from virtscan.trace.joining import Agreement, BootComparison
from virtscan.views.document import (
    Audience,
    Column,
    Document,
    Field,
    Metric,
    counts,
    metrics_by,
    moment,
    number,
    section,
    texts,
    timestamp,
    word,
)
from virtscan.views.report.gap_section import gap_section
from virtscan.views.report.summary import listed
from virtscan.views.rows.lazy import Value
from virtscan.views.wording.phrases import ages
from virtscan.views.wording.phrases.quantity import quantity

_DATA = Audience.DATA
_PEOPLE = Audience.PEOPLE


_FIX = "To fix it, turn TX checksum offload off on the server: `virtscan remedy` prints the commands"
_CAPTURE = (
    "To find a boot, capture all ports at the server or at the VM's own device, and start before the VM: "
    "tcpdump -s 0 -w FILE -i DEVICE"
)


def _boot(value: Callable[[Boot], Value]) -> Callable[[BootComparison], Value]:
    return lambda line: None if line.boot is None else value(line.boot)


def _judgement(value: Callable[[Judgement], Value]) -> Callable[[BootComparison], Value]:
    return lambda line: None if line.judgement is None else value(line.judgement)


def _bad(sums: ChecksumCounts) -> str:
    """Return the bad frames as a part of all, as in `28 of 31`."""
    return f"{sums.bad} of {sums.total}"


def _mac(line: BootComparison) -> str | None:
    return line.boot.mac if line.boot is not None else line.finding.mac if line.finding is not None else None


def _what(boot: Boot) -> str:
    return f"{boot.outcome.value} ({boot.error})" if boot.error else boot.outcome.value


def _reason(judgement: Judgement) -> str:
    missing = f"; missing: {'; '.join(judgement.missing)}" if judgement.missing else ""
    return "; ".join(judgement.because) + missing


_BOOT: tuple[Field[BootComparison], ...] = (
    Field(Column("mac", "MAC"), _mac),
    Field(Column("address", under="mac"), _boot(lambda boot: boot.address)),
    Field(Column("vlan", audience=_DATA, holds=tuple[int, ...]), _boot(lambda boot: boot.vlan)),
    Field(Column("dhcp", "DHCP"), _boot(lambda boot: word(boot.lease))),
    Field(Column("dhcp_server", audience=_DATA), _boot(lambda boot: boot.lease_server)),
    Field(Column("server_address", "server"), _boot(lambda boot: boot.server)),
    Field(Column("server_mac", audience=_DATA), _boot(lambda boot: boot.server_mac)),
    Field(Column("file", under="server_address"), _boot(lambda boot: boot.file)),
    Field(Column("what", "outcome", audience=_PEOPLE), _boot(_what)),
    Field(Column("outcome", audience=_DATA), _boot(lambda boot: word(boot.outcome))),
    Field(Column("error", audience=_DATA), _boot(lambda boot: None if boot.error is None else str(boot.error))),
    Field(
        Column("server_sums", "bad checksums from server", audience=_PEOPLE),
        _boot(lambda boot: _bad(boot.from_server)),
    ),
    Field(
        Column("client_sums", "from client", audience=_PEOPLE, under="server_sums"),
        _boot(lambda boot: _bad(boot.from_client)),
    ),
    Field(number("server_frames", audience=_DATA), _boot(lambda boot: boot.from_server.total)),
    Field(number("server_bad_checksums", audience=_DATA), _boot(lambda boot: boot.from_server.bad)),
    Field(number("server_partial_checksums", audience=_DATA), _boot(lambda boot: boot.from_server.partial)),
    Field(number("server_unknown_checksums", audience=_DATA), _boot(lambda boot: boot.from_server.unknown)),
    Field(number("client_frames", audience=_DATA), _boot(lambda boot: boot.from_client.total)),
    Field(number("client_bad_checksums", audience=_DATA), _boot(lambda boot: boot.from_client.bad)),
    Field(number("client_unknown_checksums", audience=_DATA), _boot(lambda boot: boot.from_client.unknown)),
    Field(number("retries"), _boot(lambda boot: boot.retries)),
    Field(number("resent", audience=_DATA), _boot(lambda boot: boot.resent)),
    Field(number("seconds_lost", "seconds lost", under="retries"), _boot(lambda boot: boot.seconds_lost)),
    Field(Column("side", "captured at"), _boot(lambda boot: word(boot.side))),
    Field(Column("failed", "failed because of checksums"), _judgement(lambda judgement: word(judgement.failed))),
    Field(Column("confidence", under="failed"), _judgement(lambda judgement: word(judgement.confidence))),
    Field(moment("started_at", audience=_DATA), _boot(lambda boot: timestamp(boot.started_at))),
    Field(moment("ended_at", audience=_DATA), _boot(lambda boot: timestamp(boot.ended_at))),
)


_WHY: tuple[Field[BootComparison], ...] = (
    Field(texts("because", audience=_DATA), _judgement(lambda judgement: judgement.because)),
    Field(texts("missing", audience=_DATA), _judgement(lambda judgement: judgement.missing)),
    Field(Column("reason", audience=_PEOPLE, wraps=True), _judgement(_reason)),
)


def view(trace: Trace, found: Sequence[BootComparison]) -> Document:
    """Return the document of a capture, with a row for each comparison."""
    joined = any(line.agreement is not None for line in found)
    fields = (*_BOOT, *_finding(Audience.EVERYBODY if joined else _DATA), *_WHY)
    counted = _metrics(trace, found, joined=joined)
    return Document(
        schema="virtscan.trace/1",
        version=__version__,
        head={
            "capture": {
                "file": trace.file,
                "frames": trace.frames,
                "started_at": timestamp(trace.started_at),
                "ended_at": timestamp(trace.ended_at),
            },
        },
        sections=(msgspec.structs.replace(section("rows", fields, found), none="No boot was found."),),
        metrics=counted,
        headline=_headline(trace, counts(counted, "failed")),
        gaps=gap_section(trace.gaps),
        notes=(
            f"frames: {trace.frames}{_duration(trace)}",
            f"boots: {len(trace.boots)}, clients that requested only an address: {trace.others}",
            *([f"findings: {listed(counts(counted, 'agreement'))}"] if joined else []),
            *([] if trace.boots else [_CAPTURE]),
            *([_FIX] if counts(counted, "failed")[Failed.YES.value] else []),
        ),
    )


def _headline(trace: Trace, failed: Mapping[str, int | float]) -> str:
    """State how many boots failed because of partial checksums; no full stop."""
    if not trace.boots:
        return ""
    yes, unclear = failed[Failed.YES.value], failed[Failed.UNCLEAR.value]
    known = " is known to have" if unclear or trace.gaps else ""
    subject = f"{yes} of {quantity(len(trace.boots), 'boot')}" if yes else f"No boot{known}"
    return f"{subject} failed because of partial checksums{f'; {unclear} unclear' if unclear else ''}"


def _finding(audience: Audience) -> tuple[Field[BootComparison], ...]:
    return (
        Field(Column("hypervisor", audience=audience), lambda line: line.finding.hypervisor if line.finding else None),
        Field(
            Column("domain", audience=audience, under="hypervisor"),
            lambda line: line.finding.domain if line.finding else None,
        ),
        Field(Column("verdict", audience=audience), lambda line: word(line.finding.verdict) if line.finding else None),
        Field(Column("agreement", audience=audience, under="verdict"), lambda line: word(line.agreement)),
    )


def _metrics(trace: Trace, found: Sequence[BootComparison], *, joined: bool) -> tuple[Metric, ...]:
    failed = (line.judgement.failed for line in _once(found) if line.judgement is not None)
    agreements = (line.agreement for line in found if line.agreement is not None)
    return (
        Metric(name="boots", value=len(trace.boots), help="Boots in the capture."),
        Metric(name="others", value=trace.others, help="Clients that requested only an address."),
        *metrics_by("failed", Failed, "failed", failed, "Boots by whether partial checksums made them fail."),
        *(
            metrics_by("agreement", Agreement, "agreement", agreements, "Boots and findings compared.")
            if joined
            else ()
        ),
    )


def _once(found: Sequence[BootComparison]) -> list[BootComparison]:
    """Drop the lines that repeat a boot for another finding of its MAC."""
    return list({id(line.boot): line for line in found}.values())


def _duration(trace: Trace) -> str:
    if trace.started_at is None or trace.ended_at is None:
        return ""
    return f", from {ages.moment(trace.started_at, seconds=True)} to {ages.moment(trace.ended_at, seconds=True)}"
