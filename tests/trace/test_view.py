"""The view of a capture in every format, with any names in it."""

import csv
import io
import json
from pathlib import Path

from tests.build import inventory, server
from tests.reporters import hostile
from tests.trace.build import (
    CLIENT_MAC,
    answered,
    dhcp,
    error,
    lease,
    only,
    options,
    read_request,
    said,
    trace_of,
)
from tests.views.fleet import finding
from virtscan.model import Mac, Report, Verdict
from virtscan.reporters import REPORTERS, RenderOptions
from virtscan.trace import Outcome, Trace, comparisons, view
from virtscan.trace.capture.checksums import Checksum
from virtscan.trace.joining import BootComparison


def stuck(folder: Path) -> Trace:
    """A boot whose answers arrive and are never taken."""
    answers = [answered(1.1 + wait, options(), kind=Checksum.PARTIAL) for wait in range(3)]
    shots = [*lease(), said(1.0, read_request()), said(2.0, read_request()), *answers]
    return trace_of(folder, *sorted(shots, key=lambda shot: shot.time))


def document(trace: Trace, report: Report | None = None) -> dict[str, object]:
    result: dict[str, object] = json.loads(REPORTERS["json"].render(view(trace, comparisons(trace, report))))
    return result


def test_a_document_has_every_fact_of_a_boot(tmp_path: Path) -> None:
    said_of_it = document(stuck(tmp_path))

    assert said_of_it["schema"] == "virtscan.trace/1"
    assert said_of_it["summary"] == {"boots": 1, "others": 0, "failed": {"yes": 1, "no": 0, "unclear": 0}}
    assert said_of_it["rows"] == [
        {
            "mac": CLIENT_MAC,
            "address": "10.77.0.50",
            "vlan": [],
            "dhcp": "acknowledged",
            "dhcp_server": "10.77.0.1",
            "server_address": "10.77.0.1",
            "server_mac": "52:54:00:aa:bb:cc",
            "file": "pxelinux.0",
            "outcome": "options-not-acknowledged",
            "error": None,
            "server_frames": 5,
            "server_bad_checksums": 3,
            "server_partial_checksums": 3,
            "server_unknown_checksums": 0,
            "client_frames": 4,
            "client_bad_checksums": 0,
            "client_unknown_checksums": 0,
            "retries": 1,
            "resent": 2,
            "seconds_lost": 2.0,
            "side": "unknown",
            "failed": "yes",
            "confidence": "medium",
            "started_at": "2023-11-14T22:13:20Z",
            "ended_at": "2023-11-14T22:13:23Z",
            "hypervisor": None,
            "domain": None,
            "verdict": None,
            "agreement": None,
            "because": [
                "the server sent option acknowledgements, and the client acknowledged none",
                "3 of 3 answers that the client ignored had a partial checksum",
                "the client accepted 2 complete answers of the same server",
            ],
            "missing": [
                "a capture at the VM's own device: upstream of it, a firewall that drops answers looks the same"
            ],
        }
    ]


def test_a_capture_without_a_boot_says_how_to_capture_one(tmp_path: Path) -> None:
    nothing = trace_of(tmp_path)
    text = REPORTERS["table"].render(view(nothing, comparisons(nothing, None))).decode()
    assert "No boot was found." in text
    assert "capture all ports at the server or at the VM's own device, and start before the VM" in text

    one = stuck(tmp_path)
    assert "capture all ports" not in REPORTERS["table"].render(view(one, comparisons(one, None))).decode()


def test_a_finding_is_in_the_row_of_its_boot(tmp_path: Path) -> None:
    findings = (
        finding(verdict=Verdict.AT_RISK, mac=Mac(CLIENT_MAC), domain="web01"),
        finding(verdict=Verdict.MITIGATED, mac=Mac(CLIENT_MAC), domain="clone"),
        finding(verdict=Verdict.AT_RISK, mac=Mac("52:54:00:00:00:01"), domain="web02"),
    )
    trace = stuck(tmp_path)
    shown = view(trace, comparisons(trace, Report(inventory=inventory(servers=(server(),)), findings=findings)))

    text = REPORTERS["table"].render(shown).decode()
    assert "findings: 1 confirmed, 1 contradicted, 0 undecided, 1 not-captured, 0 no-finding" in text
    assert text.startswith("1 of 1 boot failed because of partial checksums.\n")  # one boot, shown for two findings
    assert "`virtscan remedy` prints the commands" in text
    rows = list(csv.DictReader(io.StringIO(REPORTERS["csv"].render(shown).decode())))
    assert [(row["domain"], row["mac"], row["outcome"], row["agreement"]) for row in rows] == [
        ("web01", CLIENT_MAC, "options-not-acknowledged", "confirmed"),
        ("clone", CLIENT_MAC, "options-not-acknowledged", "contradicted"),
        ("web02", "52:54:00:00:00:01", "", "not-captured"),
    ]


def test_a_table_has_the_reason_and_the_missing_facts(tmp_path: Path) -> None:
    trace = trace_of(tmp_path, said(1.0, read_request()), answered(1.1, error(1, "File not found")))
    assert "tftp-error (1 File not found)" in REPORTERS["table"].render(view(trace, comparisons(trace, None))).decode()

    trace = trace_of(tmp_path, said(1.0, read_request()), said(2.0, read_request()))
    text = REPORTERS["table"].render(view(trace, comparisons(trace, None)), RenderOptions(width=100)).decode()
    assert text.startswith("No boot is known to have failed because of partial checksums; 1 unclear.\n")
    assert "; missing: a" in " ".join(text.split())
    assert "0 of 0" in text


def test_a_note_has_the_times_of_the_capture_to_the_second(tmp_path: Path) -> None:
    trace = stuck(tmp_path)

    note = view(trace, comparisons(trace, None)).notes[0]
    assert note == "frames: 9, from 2023-11-14 22:13:20 UTC to 2023-11-14 22:13:23 UTC"


def test_a_capture_without_boots_has_no_rows(tmp_path: Path) -> None:
    trace = trace_of(tmp_path)

    assert document(trace)["rows"] == []
    assert "boots: 0" in REPORTERS["table"].render(view(trace, comparisons(trace, None))).decode()


def test_names_from_the_network_are_harmless_in_every_format(tmp_path: Path) -> None:
    compared: list[BootComparison] = []
    for name in hostile.NAMES.values():
        raw = name.encode("utf-8", "surrogateescape")[:1000].decode("utf-8", "ignore")
        read = trace_of(tmp_path, said(1.0, read_request(raw)), answered(1.1, error(0, raw)))
        assert only(read).outcome is Outcome.TFTP_ERROR
        compared += comparisons(read, None)
    shown = view(read, compared)

    for reporter in REPORTERS.values():
        hostile.assert_harmless(reporter.render(shown))
    assert len(REPORTERS["csv"].render(shown).splitlines()) == 1 + len(hostile.NAMES)


def test_a_name_that_is_not_text_is_escaped(tmp_path: Path) -> None:
    reply = dhcp(5, reply=True, address="10.77.0.50", file=b"\xff\xfe.0")

    trace = trace_of(tmp_path, *lease()[:1], answered(0.1, reply, port=67, to=68), said(1, b"\0\x01caf\xe9\0octet\0"))
    assert only(trace).file == "caf\\xe9"
