"""Metrics in the text format of Prometheus, for the textfile collector of node_exporter."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector

from virtscan.reporters.reporter import PLAIN, RenderOptions
from virtscan.reporters.text import printable
from virtscan.views.document import Document
from virtscan.views.document import Metric as Number

_PREFIX = "virtscan"
_CHANGES = "virtscan.diff"
_LAST_COMPLETE = f"{_PREFIX}_last_complete_scan_timestamp_seconds"


def parts(document: Document, options: RenderOptions = PLAIN) -> Iterator[bytes]:  # noqa: ARG001 (all formats alike)
    """Yield the metrics as gauges, without timestamps; the first two are the version and the time of the scan.

    Characters of a label that are not printable are escaped. If that makes two labels one, their values are added.
    """
    registry = CollectorRegistry()
    registry.register(_Collected(document))
    yield generate_latest(registry)


def last_complete(content: bytes) -> datetime | None:
    """Return the time of the last complete scan in output of `parts`; None if there is none, or for anything else."""
    try:
        for family in text_string_to_metric_families(content.decode()):
            for sample in family.samples:
                if sample.name == _LAST_COMPLETE and sample.value > 0:
                    return datetime.fromtimestamp(sample.value, UTC)
    except (ValueError, OverflowError, OSError):  # not text, not metrics, or a time out of range
        pass
    return None


class _Collected(Collector):
    """The metrics of one document."""

    def __init__(self, document: Document) -> None:
        self._document = document

    def collect(self) -> Iterator[Metric]:
        document = self._document
        build = GaugeMetricFamily(f"{_PREFIX}_build_info", "Version of virtscan.", labels=["version"])
        build.add_metric([printable(document.version)], 1)
        yield build
        if document.taken_at is not None:
            name = f"{_PREFIX}_scan_timestamp_seconds"
            yield GaugeMetricFamily(name, "Time of the scan.", value=document.taken_at.timestamp())
        # Counts of changes have the same names as counts of items: findings, domains …
        yield from _families(document.metrics, f"{_PREFIX}_diff" if document.name == _CHANGES else _PREFIX)


def _families(metrics: Iterable[Number], prefix: str) -> Iterator[Metric]:
    """Yield each name with its values, which are in one place in the text."""
    families: dict[str, tuple[str, dict[tuple[tuple[str, str], ...], float]]] = {}
    for metric in metrics:
        name = "_".join(part for part in (prefix, metric.name, metric.unit) if part)
        _, values = families.setdefault(name, (metric.help, {}))
        labels = tuple((label, printable(value)) for label, value in metric.labels.items())
        values[labels] = values.get(labels, 0) + metric.value
    for name, (text, values) in families.items():
        family = Metric(name, printable(text), "gauge")
        for labels, value in values.items():
            family.add_sample(name, dict(labels), value)
        yield family
