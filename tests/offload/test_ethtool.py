"""`ethtool -k` in every form it was ever printed."""

import json
import string
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.build import words
from virtscan.errors import OffloadError
from virtscan.model import Feature, State
from virtscan.offload.ethtool import FeatureTable, parse_captures, parse_features, tx_checksum, unknown_because

ON, OFF, UNKNOWN = State.ON, State.OFF, State.UNKNOWN

NOT_ETHTOOLS_FEATURES = "no feature found; save the whole output of ethtool -k DEVICE"


def features(**states: State) -> dict[str, Feature]:
    """Features by short names: `total` is tx-checksumming, the others are what follows `tx-checksum-`."""
    names = {"total": "tx-checksumming", "generic": "tx-checksum-ip-generic"}
    return {names.get(key, f"tx-checksum-{key}"): Feature(state=state) for key, state in states.items()}


# ------------------------------------------------------------------ the corpus


def test_every_capture_of_the_corpus_agrees_with_the_truth(corpus: Path) -> None:
    truth = (corpus / "truth.jsonl").read_text().splitlines()
    records = [json.loads(line) for line in truth if '"rec": "ethtool"' in line]
    seen = {(record["file"], record.get("device")): difference(corpus, record) for record in records}

    assert {key: text for key, text in seen.items() if text} == {}
    assert len(seen) == 82


def difference(corpus: Path, record: Mapping[str, Any]) -> str | None:
    text = (corpus / record["file"]).read_text()
    if record["form"] == "json-broken":
        with pytest.raises(OffloadError, match="not the JSON"):
            parse_captures(text)
        return None
    captures = {capture.device: capture for capture in parse_captures(text)}
    capture = captures.get(record["device"], FeatureTable(device=None, features={}))
    expected = {
        "errors": [*record.get("errors", ()), *["no offload info available"] * bool(record.get("no_offload_info"))],
        "features": record["n_features"],
        "total": true_total(record),
        "sub": {name: (sub["value"], sub["fixed"], sub["requested"]) for name, sub in sorted(record["tx_sub"].items())},
    }
    read = {
        "errors": list(capture.errors),
        "features": len(capture.features),
        "total": plain(capture.features.get("tx-checksumming")),
        "sub": {
            name: (plain(feature), feature.fixed, plain_state(feature.requested))
            for name, feature in sorted(capture.features.items())
            if name.startswith("tx-checksum-")
        },
    }
    return None if read == expected else f"expected {expected}, read {read}"


def true_total(record: Mapping[str, Any]) -> str | None:
    # The truth holds the word as printed; the corpus's own notes list the state of these two as unknown.
    failed = any("tx csum" in error for error in record.get("errors", ()))
    return "unknown" if failed and record["n_features"] else record["tx_checksumming"]


def plain(feature: Feature | None) -> str | None:
    return None if feature is None else feature.state.value


def plain_state(state: State | None) -> str | None:
    return None if state is None else state.value


@pytest.mark.parametrize(
    ("file", "device", "state"),
    [
        ("ethtool/tool-output__ethtool_-k_eth0.txt", None, ON),
        ("ethtool/tool-output__ethtool_-k_veth_txoff_netns.txt", None, OFF),
        ("ethtool/tool-output__ethtool_-k_tun_netns.txt", None, OFF),
        ("ethtool/tool-output__ethtool_-k_three_devices.txt", "v1", ON),
        ("ethtool/www.ibm.com__ibm_qeth.txt", None, ON),
        ("ethtool/chef.ohai__spec__unit__plugins__linux__network_spec.rb.txt", None, OFF),
        ("ethtool/xcp-ng.xcp__xcpng506_grep.txt", None, ON),
        ("ethtool/xcp-ng.xcp__xcpng506_grep.txt", "eth0", ON),
        ("ethtool/netdev_list__netdev_enx_usb.txt", None, OFF),
        ("ethtool/text-index__lkml2004_multi.txt", "eth0", ON),
        ("ethtool/text-index__forum2007_cannot.txt", None, UNKNOWN),
        ("ethtool/text-index__lkml_lo_short.txt", None, UNKNOWN),
        ("ethtool-json/tool-output__ethtool_--json_-k_veth_netns.json", None, ON),
        ("ethtool-json/tool-output__ethtool_--json_-k_veth_txoff_netns.json", "v0", OFF),
        ("ethtool-odd/os-autoinst.os-autoinst-distri-opensuse__openqa_annot.txt", None, OFF),
    ],
)
def test_a_capture_of_the_corpus_gives_this_state(corpus: Path, file: str, device: str | None, state: State) -> None:
    assert tx_checksum(parse_features((corpus / file).read_text(), device).features) is state


def test_a_bond_of_an_old_kernel_that_needs_no_checksum_does_not_fill_it_in(corpus: Path) -> None:
    name = "ethtool/RedHatInsights.insights-core__insights__tests__parsers__test_ethtool.py.L471.ETHTOOL_K_STANDARD.txt"
    capture = parse_features((corpus / name).read_text())

    assert {capture.features[f"tx-checksum-{way}"].state for way in ("ipv4", "ip-generic")} == {OFF}
    assert tx_checksum(capture.features) is ON


@pytest.mark.parametrize(
    ("file", "device", "reason"),
    [
        ("ethtool-odd/tool-output__ethtool_-k_nosuch.txt", "eth7", "no such device"),
        ("ethtool-odd/tool-output__ethtool_--json_-k_nosuch.json", None, "no such device"),
        ("ethtool-odd/repo_not_named_by_the_index__nixos_commented.txt", None, NOT_ETHTOOLS_FEATURES),
        ("ethtool-odd/www.ibm.com__ibm_qeth_collapsed.txt", None, NOT_ETHTOOLS_FEATURES),
        ("ethtool-odd/netdev_list__netdev_json_v3.json", None, "not the JSON"),
        ("ethtool/text-index__lkml2004_multi.txt", "eth1", "the driver does not report offload settings"),
        ("ethtool/text-index__lkml2004_multi.txt", None, "name one of eth0, eth1, eth2"),
        ("ethtool/text-index__lkml2004_multi.txt", "eth9", "contains eth0, eth1, eth2, not eth9"),
        ("ethtool/tool-output__ethtool_-k_eth0.txt", "eth1", "contains eth0, not eth1"),
        (
            "ethtool/RedHatInsights.insights-core__insights__tests__parsers__test_ethtool.py.L518.ETHTOOL_K_MISSING_COLON.txt",
            None,
            "no feature below the header",
        ),
    ],
)
def test_an_undecided_capture_gives_the_reason(corpus: Path, file: str, device: str | None, reason: str) -> None:
    with pytest.raises(OffloadError, match=reason):
        parse_features((corpus / file).read_text(), device)


# ------------------------------------------------------------------ the state for UDP over IPv4


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        # One feature on is on, whatever the others and tx-checksumming.
        ({"total": ON, "ipv4": ON, "generic": OFF}, ON),
        ({"total": ON, "ipv4": OFF, "generic": ON}, ON),
        ({"total": OFF, "ipv4": OFF, "generic": ON}, ON),
        ({"total": UNKNOWN, "ipv4": UNKNOWN, "generic": ON}, ON),
        ({"ipv4": ON}, ON),
        ({"generic": ON}, ON),
        ({"total": ON, "ipv4": OFF, "generic": OFF, "unneeded": ON}, ON),
        # Both observed off, or tx-checksumming, which covers all.
        ({"total": OFF, "ipv4": OFF, "generic": OFF}, OFF),
        ({"ipv4": OFF, "generic": OFF}, OFF),
        ({"total": ON, "ipv4": OFF, "generic": OFF, "sctp": ON}, OFF),
        ({"total": ON, "ipv4": OFF, "generic": OFF, "ipv6": ON}, OFF),
        ({"total": UNKNOWN, "ipv4": OFF, "generic": OFF}, OFF),
        ({"total": OFF}, OFF),
        ({"total": OFF, "ipv4": OFF}, OFF),
        ({"total": OFF, "ipv6": OFF}, OFF),
        ({"total": ON, "ipv4": OFF, "generic": OFF, "unneeded": OFF}, OFF),
        # The oldest output has tx-checksumming alone.
        ({"total": ON}, ON),
        # Unobserved.
        ({}, UNKNOWN),
        ({"sctp": OFF}, UNKNOWN),
        ({"total": UNKNOWN}, UNKNOWN),
        ({"ipv4": OFF}, UNKNOWN),
        ({"generic": OFF}, UNKNOWN),
        ({"total": ON, "ipv4": OFF}, UNKNOWN),
        ({"total": ON, "generic": OFF}, UNKNOWN),
        ({"total": ON, "ipv6": ON}, UNKNOWN),
        ({"total": ON, "ipv4": UNKNOWN, "generic": OFF}, UNKNOWN),
        ({"total": ON, "ipv4": OFF, "generic": UNKNOWN}, UNKNOWN),
        ({"total": OFF, "ipv4": OFF, "generic": UNKNOWN}, UNKNOWN),
        ({"total": ON, "ipv4": OFF, "generic": OFF, "unneeded": UNKNOWN}, UNKNOWN),
    ],
)
def test_the_state_follows_from_the_observed_features(states: dict[str, State], expected: State) -> None:
    assert tx_checksum(features(**states)) is expected


@given(
    st.dictionaries(
        st.sampled_from(["total", "ipv4", "generic", "unneeded", "ipv6", "sctp"]), st.sampled_from([ON, OFF, UNKNOWN])
    ),
    st.data(),
)
def test_removing_a_fact_never_turns_the_state_off(states: dict[str, State], data: st.DataObject) -> None:
    if not states or tx_checksum(features(**states)) is OFF:
        return
    forgotten = data.draw(st.sampled_from(sorted(states)))

    assert tx_checksum(features(**(states | {forgotten: UNKNOWN}))) is not OFF


@pytest.mark.parametrize(
    ("text", "state", "fixed", "requested"),
    [
        ("tx-checksum-ipv4: on", ON, False, None),
        ("tx-checksum-ipv4: on [fixed]", ON, True, None),
        ("\ttx-checksum-ipv4: off [fixed]", OFF, True, None),
        ("        tx-checksum-ipv4: off [requested on]", OFF, False, ON),
        ("tx-checksum-ipv4: on [requested off]", ON, False, OFF),
        ("> > tx-checksum-ipv4: off", OFF, False, None),
        (">| \ttx-checksum-ipv4: off [fixed]\r", OFF, True, None),
        ("tx-checksum-ipv4:on", ON, False, None),
        ("tx-checksum-ipv4 : on", ON, False, None),
        ("tx-checksum-ipv4: off  <=== here", OFF, False, None),
    ],
)
def test_only_the_active_state_counts(text: str, state: State, fixed: bool, requested: State | None) -> None:
    expected = Feature(state=state, fixed=fixed, requested=requested)

    assert parse_features(text).features == {"tx-checksum-ipv4": expected}


@pytest.mark.parametrize(
    "line",
    [
        "tx-checksumming: offline",
        "tx-checksumming: Off",
        "tx-checksumming off",
        "+tx-checksumming: off",
        "# tx-checksumming: off",
        "tx-checksumming:",
        "Features: off",
        "kernel: tx-checksumming: off",
    ],
)
def test_a_line_that_only_looks_like_a_feature_is_none(line: str) -> None:
    with pytest.raises(OffloadError, match="no feature found"):
        parse_features(line)


# ------------------------------------------------------------------ what stands around the features


def test_mail_quotes_around_a_whole_capture_are_passed_over() -> None:
    text = "> Features for eth0:\n> tx-checksumming: on\n> \ttx-checksum-ipv4: on [fixed]\n"

    capture = parse_features(text)

    assert capture.device == "eth0"
    assert capture.features["tx-checksum-ipv4"] == Feature(state=ON, fixed=True)


@pytest.mark.parametrize("header", ["Features for eth0:", "Features for eth0", "Offload parameters for eth0:"])
def test_every_header_names_the_device(header: str) -> None:
    assert parse_features(f"\ufeff\n{header}\ntx-checksumming: on\n").device == "eth0"


def test_a_prompt_before_the_output_is_passed_over() -> None:
    text = "[root@satellite ~]# ethtool -k eth0\nFeatures for eth0:\ntx-checksumming: off\n[root@satellite ~]# "

    assert tx_checksum(parse_features(text, "eth0").features) is OFF


def test_names_with_blanks_are_those_with_dashes() -> None:
    assert list(parse_features("tcp segmentation offload: on").features) == ["tcp-segmentation-offload"]


def test_without_a_header_the_features_belong_to_the_requested_device() -> None:
    assert parse_features("tx-checksumming: off", "eth5").features == {"tx-checksumming": Feature(state=OFF)}


def test_several_devices_may_stand_in_one_capture() -> None:
    text = "Features for eth0:\ntx-checksumming: on\nFeatures for eth1:\ntx-checksumming: off\n"

    assert tx_checksum(parse_features(text, "eth1").features) is OFF
    with pytest.raises(OffloadError, match="several devices; name one of eth0, eth1"):
        parse_features(text)


def test_features_without_a_header_beside_others_with_one_belong_to_no_device() -> None:
    text = "tx-checksumming: off\nFeatures for eth1:\ntx-checksumming: off\n"

    with pytest.raises(OffloadError, match="contains a device without a header, eth1, not eth0"):
        parse_features(text, "eth0")


def test_two_captures_of_one_device_that_agree_are_one() -> None:
    text = "Features for eth0:\ntx-checksumming: off\n" * 2

    assert tx_checksum(parse_features(text).features) is OFF


def test_two_differing_captures_of_one_device_leave_the_state_unknown() -> None:
    text = "Features for eth0:\ntx-checksumming: on\nFeatures for eth0:\ntx-checksumming: off\n"
    capture = parse_features(text)

    assert tx_checksum(capture.features) is UNKNOWN
    assert words(unknown_because(capture)) == "conflicting values of tx-checksumming"


# ------------------------------------------------------------------ values after a failure

OLD_ERROR = "Cannot get device tx csum settings: Operation not supported\n"
NEW_ERROR = "Cannot get device tx-checksumming settings: Operation not permitted\n"


@pytest.mark.parametrize("error", [OLD_ERROR, NEW_ERROR])
@pytest.mark.parametrize("order", ["{error}{header}{value}", "{header}{error}{value}", "{header}{value}{error}"])
def test_off_beside_a_failure_is_not_an_observation_wherever_the_failure_is(error: str, order: str) -> None:
    text = order.format(error=error, header="Features for eth0:\n", value="tx-checksumming: off\n")
    capture = parse_features(text)

    assert tx_checksum(capture.features) is UNKNOWN
    assert words(unknown_because(capture)) == f"ethtool can't read tx-checksumming: {error.strip()}"


def test_a_failure_between_two_devices_belongs_to_the_second() -> None:
    # What `for device in …; do ethtool -k $device; done >file 2>&1` writes: stderr is not buffered.
    text = f"Features for eth0:\ntx-checksumming: off\n{OLD_ERROR}Features for eth1:\ntx-checksumming: off\n"

    assert tx_checksum(parse_features(text, "eth0").features) is OFF
    assert tx_checksum(parse_features(text, "eth1").features) is UNKNOWN


def test_failures_behind_all_devices_belong_to_every_one() -> None:
    text = f"Features for eth0:\ntx-checksumming: off\nFeatures for eth1:\ntx-checksumming: off\n{OLD_ERROR}"

    assert tx_checksum(parse_features(text, "eth0").features) is UNKNOWN


def test_a_failure_that_concerns_other_settings_leaves_the_state_as_it_is() -> None:
    errors = (
        "Cannot get device udp large send offload settings: Operation not supported\n"
        "Cannot get device rx csum settings: Operation not supported\n"
        "Cannot get device flags: Operation not supported\n"
    )
    values = "rx-checksumming: off\ntx-checksumming: off\nudp fragmentation offload: off\nntuple-filters: off\n"
    capture = parse_features(f"{errors}{values}")

    assert tx_checksum(capture.features) is OFF
    unknown = {name for name, feature in capture.features.items() if feature.state is UNKNOWN}
    assert unknown == {"rx-checksumming", "udp-fragmentation-offload", "ntuple-filters"}


def test_only_the_summary_is_an_observation_if_the_generic_features_fail() -> None:
    error = "Cannot get device generic features: Operation not supported\n"
    values = "tx-checksumming: on\n\ttx-checksum-ipv4: off\n\ttx-checksum-ip-generic: off\n"
    capture = parse_features(f"{error}{values}")

    assert capture.features["tx-checksumming"].state is ON
    assert tx_checksum(capture.features) is UNKNOWN
    assert words(unknown_because(capture)) == (
        "ethtool can't read tx-checksum-ipv4, tx-checksum-ip-generic: " + error.strip()
    )


def test_a_truncated_capture_names_the_features_it_lacks() -> None:
    capture = parse_features("tx-checksumming: on\n\ttx-checksum-ipv4: off\n")

    assert words(unknown_because(capture)) == "tx-checksum-ip-generic not shown"


def test_a_known_state_needs_no_reason() -> None:
    assert unknown_because(parse_features("tx-checksumming: on")) is None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("netlink error: Operation not permitted", r"^permission denied \("),
        ("Offload parameters for eth0:\nno offload info available", "the driver does not report"),
        ("ethtool: bad command line argument(s)", "ethtool reports: ethtool: bad command line"),
        ("Features for eth0:", "no feature below the header"),
        ("", "no feature found"),
    ],
)
def test_without_a_feature_the_reason_is_ethtools_own(text: str, reason: str) -> None:
    with pytest.raises(OffloadError, match=reason):
        parse_features(text, "eth0")


# ------------------------------------------------------------------ JSON


def test_json_keeps_fixed_and_requested_states() -> None:
    capture = parse_features(
        """[{"ifname": "eth0", "ifindex": 3,
        "tx-checksumming": {"active": true, "fixed": null, "requested": null},
        "tx-checksum-ipv4": {"active": true, "fixed": true, "requested": false},
        "tx-checksum-ip-generic": {"active": false, "fixed": false, "requested": true},
        "tx-checksum-sctp": {"active": false, "fixed": false, "requested": false},
        "tx-gone": {"active": null}, "tx-odd": {"active": [1], "requested": {}}}]"""
    )

    assert capture.device == "eth0"
    assert capture.features == {
        "tx-checksumming": Feature(state=ON),
        "tx-checksum-ipv4": Feature(state=ON, fixed=True),
        "tx-checksum-ip-generic": Feature(state=OFF, requested=ON),
        "tx-checksum-sctp": Feature(state=OFF),
        "tx-gone": Feature(state=UNKNOWN),
        "tx-odd": Feature(state=UNKNOWN),
    }


def test_json_may_hold_several_devices_or_no_name() -> None:
    features = '{"tx-checksumming": {"active": false}}'
    two = '{"ifname": "eth1", "tx-checksumming": {"active": true}}'

    assert tx_checksum(parse_features(f"[{features}]", "eth0").features) is OFF
    assert tx_checksum(parse_features(f"[{features}, {two}]", "eth1").features) is ON


@pytest.mark.parametrize(
    "text", ["[", "[{}", "[{]", "[ {} ] x", "[{1: 2}]", '[{"a":' * 50_000, '[{"a":' + "[" * 100_000]
)
def test_json_that_is_not_ethtools_is_refused(text: str) -> None:
    with pytest.raises(OffloadError, match="not the JSON"):
        parse_captures(text)


# ------------------------------------------------------------------ hostile input


@given(st.text(alphabet=st.sampled_from(string.printable + "\u202e\x1b\u2028"), max_size=300))
def test_any_text_is_parsed_or_leaves_the_state_unknown(text: str) -> None:
    try:
        capture = parse_features(text, "eth0")
    except OffloadError:
        return
    assert capture.features


def test_long_lines_take_no_longer_than_they_are() -> None:
    # With a pattern that backtracks this would take hours, and the test's time limit would end it.
    text = "\n".join(["a" + " " * 500_000 + ":", ">" * 500_000, "Cannot get device " + "x " * 200_000, " " * 500_000])

    assert parse_captures(text + "\ntx-checksumming: on")[0].features == {"tx-checksumming": Feature(state=ON)}
