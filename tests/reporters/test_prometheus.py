"""Metrics as text."""

import pytest

from tests.build import TAKEN_AT
from virtscan.reporters import REPORTERS
from virtscan.views.document import Column, Document, Metric, Section


def rendered(*metrics: Metric) -> list[str]:
    main = Section(key="rows", columns=(Column("a"),), rows=())
    document = Document(schema="test/1", version="1", sections=(main,), taken_at=TAKEN_AT, metrics=metrics)
    return REPORTERS["prometheus"].render(document).decode().splitlines()


def test_a_name_has_the_prefix_and_its_unit_and_is_described_once() -> None:
    lines = rendered(
        Metric(name="memory", unit="bytes", value=5, help="Memory.", labels={"hypervisor": "hv1"}),
        Metric(name="up", value=1, help="Up."),
        Metric(name="memory", unit="bytes", value=7, help="Memory.", labels={"hypervisor": "hv2"}),
    )

    assert lines[-7:] == [
        "# HELP virtscan_memory_bytes Memory.",
        "# TYPE virtscan_memory_bytes gauge",
        'virtscan_memory_bytes{hypervisor="hv1"} 5.0',
        'virtscan_memory_bytes{hypervisor="hv2"} 7.0',
        "# HELP virtscan_up Up.",
        "# TYPE virtscan_up gauge",
        "virtscan_up 1.0",
    ]


def test_the_version_and_the_time_of_the_scan_come_first() -> None:
    version, time = [line for line in rendered() if not line.startswith("#")]

    assert version == 'virtscan_build_info{version="1"} 1.0'
    assert float(time.removeprefix("virtscan_scan_timestamp_seconds ")) == TAKEN_AT.timestamp()


@pytest.mark.parametrize(
    ("name", "shown"), [('a"b', 'a\\"b'), ("a\\b", "a\\\\b"), ("a\nb", "a\\\\nb"), ("\x1b", "\\\\x1b")]
)
def test_a_label_is_escaped(name: str, shown: str) -> None:
    last = rendered(Metric(name="up", value=1, help="Up.", labels={"host": name}))[-1]

    assert last == f'virtscan_up{{host="{shown}"}} 1.0'


def test_labels_that_become_one_are_one_series_with_their_sum() -> None:
    pairs = (("\x1b", 2), ("\\x1b", 3))
    lines = rendered(*(Metric(name="n", value=value, help="N.", labels={"a": a}) for a, value in pairs))

    assert lines[-1] == 'virtscan_n{a="\\\\x1b"} 5.0'
    assert sum(line.startswith("virtscan_n{") for line in lines) == 1
