"""Every collected file of facts reads as an independent reader saw it."""

import json
from pathlib import Path
from typing import Any

import pytest

from virtscan.errors import FactsError
from virtscan.evidence.ansible import read_facts
from virtscan.offload.ethtool import parse_features


def truths(corpus: Path) -> list[dict[str, Any]]:
    lines = (corpus / "truth.jsonl").read_text().splitlines()
    return [truth for truth in map(json.loads, lines) if truth.get("kind") == "ansible-facts"]


def test_all_collected_facts_are_read_as_expected(corpus: Path) -> None:
    read = 0
    for truth in truths(corpus):
        text = (corpus / truth["file"]).read_bytes()
        if not truth["parse_ok"]:
            with pytest.raises(FactsError):
                read_facts(text)
            continue
        (facts,) = read_facts(text)
        devices = {device.name: device for device in facts.devices}
        for name, told in truth["devices"].items():
            read += 1
            assert devices[name].mac == told["macaddress"], truth["file"]
            assert (name in facts.features) == bool(told["n_features"])
            if name in facts.features:
                lines = dict(line.split(": ", 1) for line in facts.features[name].splitlines()[1:])
                assert len(lines) == told["n_features"]
                assert lines["tx-checksumming"] == told["tx_checksumming"]
                assert {k: lines[k.replace("_", "-")] for k in told["tx_sub"]} == told["tx_sub"]
                assert len(parse_features(facts.features[name], name).features) == told["n_features"]
    assert read > 10


def test_facts_of_other_programs_are_refused(corpus: Path) -> None:
    files = sorted((corpus / "other-facts").iterdir())
    assert files
    for path in files:
        with pytest.raises(FactsError):
            read_facts(path.read_bytes())
