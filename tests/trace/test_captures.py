"""Captures of real boots and of other projects' tests, each with what people see in it with tshark."""

import json
from pathlib import Path

import pytest

from virtscan.cli.main import run
from virtscan.trace import Failed, Lease, Outcome, Side, judge, read
from virtscan.views.wording.gaps import reason


@pytest.fixture(scope="session")
def expected(cases: Path) -> dict[str, list[str]]:
    """Return what `failed` must be for each boot, by capture; `a|b` is either."""
    answers: dict[str, list[str]] = json.loads((cases / "trace/expected.json").read_text())
    return answers


def test_every_capture_gets_its_expected_outcome(
    expected: dict[str, list[str]], cases: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert {path.name for path in (cases / "trace").glob("*.pcap")} == set(expected)

    wrong = {}
    for name, answers in expected.items():
        code = run(["trace", str(cases / "trace" / name), "--format", "json"])
        failed = [row["failed"] for row in json.loads(capfd.readouterr().out)["rows"]]
        right = len(failed) == len(answers) and all(
            row in answer.split("|") for row, answer in zip(failed, answers, strict=True)
        )
        incomplete, at_risk = "unclear" in failed, "yes" in failed
        if not right or code != {(0, 0): 0, (1, 0): 1, (0, 1): 3, (1, 1): 4}[at_risk, incomplete]:
            wrong[name] = failed, code
    assert wrong == {}


CUTS = 16


@pytest.mark.long
def test_a_part_of_a_capture_never_gives_the_opposite_answer(
    expected: dict[str, list[str]], cases: Path, tmp_path: Path
) -> None:
    opposite = {}
    for name, answers in expected.items():
        frames = framed((cases / "trace" / name).read_bytes())
        known = set("|".join(answers).split("|"))
        places = {*range(1, min(len(frames), 60)), *range(1, len(frames), max(len(frames) // CUTS, 1))}
        for place in places:
            for part in (frames[:place], frames[place:]):
                path = tmp_path / "part.pcap"
                path.write_bytes((cases / "trace" / name).read_bytes()[:24] + b"".join(part))
                said = {judge(boot).failed.value for boot in read(path).boots}
                if ("yes" in said and "yes" not in known) or ("no" in said and "no" not in known):
                    opposite[name, place, len(part)] = said
    assert opposite == {}


def framed(content: bytes) -> list[bytes]:
    """Split a capture in pcap form, of a little-endian machine, into its frames with their headers."""
    assert content[:4] == b"\xd4\xc3\xb2\xa1"
    frames = []
    place = 24
    while place < len(content):
        end = place + 16 + int.from_bytes(content[place + 8 : place + 12], "little")
        frames.append(content[place:end])
        place = end
    return frames


BOOTS = {
    "direct-on.lower": (Outcome.COMPLETE, 36, Side.SENDER, Failed.NO),
    "direct-on.server": (Outcome.COMPLETE, 36, Side.SENDER, Failed.NO),
    "same-lower-on.lower": (Outcome.COMPLETE, 36, Side.SENDER, Failed.NO),
    "same-lower-on.server": (Outcome.COMPLETE, 36, Side.SENDER, Failed.NO),
    "lossy-off.lower": (Outcome.COMPLETE, 0, Side.UNKNOWN, Failed.NO),
    "lossy-off.server": (Outcome.COMPLETE, 0, Side.UNKNOWN, Failed.NO),
    "lossy-on.lower": (Outcome.OPTIONS_NOT_ACKNOWLEDGED, 28, Side.UNKNOWN, Failed.YES),
    "lossy-on.server": (Outcome.OPTIONS_NOT_ACKNOWLEDGED, 28, Side.UNKNOWN, Failed.YES),
    "lossy-on-dnsmasq.lower": (Outcome.OFFERS_NOT_REQUESTED, 4, Side.UNKNOWN, Failed.YES),
    "lossy-on-dnsmasq.server": (Outcome.OFFERS_NOT_REQUESTED, 4, Side.UNKNOWN, Failed.YES),
}
"""By name: what happened, how many of the server's checksums were open, where it was taken, and the answer."""


@pytest.mark.parametrize("name", BOOTS)
def test_a_real_boot_is_read_from_its_capture(name: str, captures: Path) -> None:
    trace = read(captures / f"{name}.pcap")

    (boot,) = trace.boots
    assert (boot.outcome, boot.from_server.partial, boot.side, judge(boot).failed) == BOOTS[name]
    assert (boot.mac, boot.server, boot.file) == ("52:54:00:93:76:af", "10.77.0.1", "pxelinux.0")
    assert (boot.from_server.wrong, boot.from_client.bad) == (0, 0)
    assert trace.gaps == ()


def test_every_capture_of_a_real_boot_has_a_test(captures: Path) -> None:
    assert {path.stem for path in captures.glob("*.pcap")} == set(BOOTS)


def test_the_failed_boot_shows_how_long_it_tried(captures: Path) -> None:
    (boot,) = read(captures / "lossy-on.server.pcap").boots

    assert boot.lease is Lease.ACKNOWLEDGED
    assert (boot.from_server.total, boot.from_client.total) == (31, 9)
    assert boot.taken.good == 3  # two offers and an acknowledgement, through a raw socket
    assert boot.ignored.partial == 28
    assert (boot.retries, boot.resent) == (6, 28)
    assert boot.seconds_lost == pytest.approx(19.9, abs=0.05)


COLLECTED = {
    "arkime.arkime__tests__pcap__tftp_rrq.pcap": [("00:0b:be:18:9a:40", "rfc1350.txt", Outcome.COMPLETE)],
    "ntop.nDPI__tests__cfgs__default__pcap__tftp.pcap": [
        ("08:00:27:9e:d2:5b", "sysman.lis", Outcome.NO_ANSWER),
        ("00:0b:be:18:9a:40", "rfc1350.txt", Outcome.COMPLETE),
    ],
}
"""Captures in which files are requested; in all others clients request an address at most."""

DAMAGED = {
    "the-tcpdump-group.tcpdump__tests__bootp_asan-2.pcap": "cut off by the capture",
    "the-tcpdump-group.tcpdump__tests__bootp_asan.pcap": "cut off by the capture",
    "the-tcpdump-group.tcpdump__tests__dhcp6_reconf_asan.pcap": "cut off by the capture",
    "the-tcpdump-group.tcpdump__tests__dhcp-rfc4388.pcap": "malformed",
}
"""Captures of unusable messages; tshark calls them malformed or limited as well."""

OTHERS = {
    "ntop.nDPI__tests__cfgs__default__pcap__dhcp-fuzz.pcapng": 0,  # "unknown message type (0x6a)"
    "arkime.arkime__tests__pcap__tftp_rrq.pcap": 0,
    "ntop.nDPI__tests__cfgs__default__pcap__tftp.pcap": 0,
    "the-tcpdump-group.tcpdump__tests__bootp_asan-2.pcap": 0,
    "the-tcpdump-group.tcpdump__tests__bootp_asan.pcap": 0,
    "the-tcpdump-group.tcpdump__tests__dhcp6_reconf_asan.pcap": 0,
    "the-tcpdump-group.tcpdump__tests__dhcpv4v6-rfc5970-rfc8572.pcap": 2,
    "the-tcpdump-group.tcpdump__tests__hncp_dhcpv4data-oobr.pcap": 0,  # no DHCP port
    "the-tcpdump-group.tcpdump__tests__hncp_dhcpv6data-oobr.pcap": 0,
    "the-tcpdump-group.tcpdump__tests__tftp-heapoverflow.pcap": 0,  # "bogus" length, ports the wrong way round
}
"""Number of clients that request only an address, where it is not one."""


def test_collected_captures_are_read_completely(corpus: Path) -> None:
    paths = [path for path in sorted((corpus / "pcap").iterdir()) if path.suffix in {".pcap", ".pcapng"}]
    assert len(paths) > 40

    for path in paths:
        trace = read(path)
        boots = [(boot.mac, boot.file, boot.outcome) for boot in trace.boots]
        assert boots == COLLECTED.get(path.name, []), path.name
        assert trace.others == OTHERS.get(path.name, 1), path.name
        reasons = "; ".join(reason(gap) for gap in trace.gaps)
        assert (DAMAGED[path.name] in reasons) if path.name in DAMAGED else not reasons, path.name


def test_none_of_the_collected_captures_shows_the_fault(corpus: Path) -> None:
    for name, boots in COLLECTED.items():
        failed = [judge(boot).failed for boot in read(corpus / "pcap" / name).boots]
        assert failed == [Failed.NO if outcome is Outcome.COMPLETE else Failed.UNCLEAR for *_, outcome in boots]
