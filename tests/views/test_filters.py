import re

import msgspec
import pytest

from tests.build import domain, hypervisor, inventory, macvtap, server
from tests.reporters.reading import text_of
from tests.views.fleet import report
from virtscan.correlator import correlate
from virtscan.errors import ConfigError
from virtscan.reporters import REPORTERS, Content
from virtscan.views import VIEWS
from virtscan.views.document import Column, Document, Section, number
from virtscan.views.rows.filters import RowCondition, narrow, parse_condition
from virtscan.views.rows.lazy import Row

KEYS = ("name", "site", "cpus", "devices", "boots")
ROWS: tuple[Row, ...] = (
    ("hv1", "ams1", 8, ("bond2", "eth4"), True),
    ("hv2", None, None, (), False),
    ("hv3", "fra1", 16.5, ("bond0.40",), None),
)
WHOLE = Document(
    schema="virtscan.test/1",
    version="1",
    sections=(
        Section(
            key="rows",
            columns=tuple(number(key) if key == "cpus" else Column(key) for key in KEYS),
            rows=ROWS,
            total=("total", None, 24, (), None),
        ),
    ),
    notes=("counts",),
)


def names(*conditions: str) -> list[object]:
    return [row[0] for row in narrow(WHOLE, [parse_condition(text) for text in conditions]).main.rows]


@pytest.mark.parametrize(
    ("condition", "domains"),
    [
        ("site=ams1", ["hv1"]),
        (" site = ams1 ", ["hv1"]),
        ("site!=ams1", ["hv2", "hv3"]),
        ("site=", ["hv2"]),
        ("site~^(ams|fra)", ["hv1", "hv3"]),
        ("site!~^ams", ["hv2", "hv3"]),
        ("cpus>8", ["hv3"]),
        ("cpus>=8", ["hv1", "hv3"]),
        ("cpus<16.5", ["hv1"]),
        ("cpus<=16.5", ["hv1", "hv3"]),
        ("cpus=8.0", ["hv1"]),
        ("cpus!=8", ["hv2", "hv3"]),
        ("cpus=", ["hv2"]),
        ("devices=", ["hv2"]),
        ("devices=eth4", ["hv1"]),
        ("devices!=eth4", ["hv2", "hv3"]),
        ("devices~^bond", ["hv1", "hv3"]),
        ("boots=true", ["hv1"]),
        ("boots=false", ["hv2"]),
        ("boots=yes", ["hv1"]),
        ("boots!=no", ["hv1", "hv3"]),
        ("boots~^y", ["hv1"]),
    ],
)
def test_a_condition_keeps_the_rows_that_meet_it(condition: str, domains: list[str]) -> None:
    assert names(condition) == domains


@pytest.mark.parametrize(
    ("condition", "domains"),
    [
        ("hypervisor=kvm01", ["kvm01.ams.example.com"]),
        ("hypervisor=kvm01,kvm02.fra", ["kvm01.ams.example.com", "kvm02.fra.example.com"]),
        ("hypervisor!=kvm01", ["kvm02.ams.example.com", "kvm02.fra.example.com"]),
        ("hypervisor=kvm0", []),
        ("hypervisor=kvm02.*", ["kvm02.ams.example.com", "kvm02.fra.example.com"]),
    ],
)
def test_a_name_may_be_typed_without_its_domain(condition: str, domains: list[str]) -> None:
    names = [("kvm01.ams.example.com",), ("kvm02.ams.example.com",), ("kvm02.fra.example.com",)]
    section = Section(key="rows", columns=(Column("hypervisor"),), rows=tuple(names))
    document = Document(schema="test/1", version="1", sections=(section,))

    shown = narrow(document, [parse_condition(condition)])

    assert [row[0] for row in shown.main.rows] == domains
    assert shown.where == (condition,)
    with pytest.raises(ConfigError) as refused:
        narrow(document, [parse_condition("hypervisor=kvm02")])
    meant = "kvm02.ams.example.com, kvm02.fra.example.com"
    advice = "give more of the name, or kvm02.*"
    assert str(refused.value) == f"--where hypervisor=kvm02: ambiguous name 'kvm02' ({meant}); {advice}"


def test_rows_must_meet_every_condition() -> None:
    assert names("devices~^bond", "site=fra1") == ["hv3"]


def test_without_a_condition_nothing_changes() -> None:
    assert narrow(WHOLE, []) is WHOLE


def test_a_note_counts_filtered_rows_and_they_have_no_total() -> None:
    narrowed = narrow(WHOLE, [RowCondition("site", "=", "ams1")])

    assert narrowed.main.total is None
    assert narrowed.where == ("site=ams1",)
    assert narrowed.notes == ("1 of 3 rows matches site=ams1; totals are for the whole fleet", "counts")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("site", "invalid condition 'site'; write COLUMN=VALUE"),
        ("=ams1", "invalid condition"),
        ("site~(", "invalid regular expression"),
        ("cpus>many", "'many' is not a number"),
        ("cpus>nan", "'nan' is not a number"),
        ("cpus<1e999", "'1e999' is not a number"),
    ],
)
def test_an_invalid_condition_is_refused(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        parse_condition(text)


@pytest.mark.parametrize(
    ("view", "condition", "message"),
    [
        ("risks", "verdict=at_risk", "no value of verdict matches; did you mean 'at-risk'"),
        ("risks", "verdict=AT-RISK", "did you mean 'at-risk'"),
        ("risks", "exposure!=foo", "no value of exposure matches; it can be pending, boots, latent$"),
        ("risks", "confidence~^x", "no value of confidence matches; it can be high, medium, low$"),
        ("risks", "rule=R1", "no value of rule matches; "),
        ("risks", "verdict>3", "verdict is not a number; it can be at-risk, "),
        ("interfaces", "state=running", "it can be active, inactive, unknown"),
        ("interfaces", "source_mode=brigde", "did you mean 'bridge'"),
        ("interfaces", "boots_from_network=yess", "did you mean 'yes'. it can be true, false, yes, no$"),
        ("interfaces", "index=first", "index is a number"),
        ("interfaces", "vlan=ten", "vlan is a number"),
        ("interfaces", "domain>8", "domain is not a number; only numbers can be compared$"),
        ("servers", "observed_at>2026", "observed_at is not a number; only numbers can be compared$"),
        ("domains", "vcpus!=many", "vcpus is a number"),
        ("domains", "vcpus=nan", "vcpus is a number"),
        ("servers", "tx_checksum=offf", "did you mean 'off'"),
        ("hypervisors", "status=ok", "it can be complete, partial, failed"),
        ("capacity", "status=down", "it can be complete, partial, failed"),
    ],
)
def test_a_value_that_a_column_can_not_have_is_refused_with_those_that_it_can(
    view: str, condition: str, message: str
) -> None:
    nothing = VIEWS[view](correlate(inventory()))

    with pytest.raises(ConfigError, match=rf"^--where {re.escape(condition)}: .*{message}"):
        narrow(nothing, [parse_condition(condition)])


@pytest.mark.parametrize(
    ("view", "condition"),
    [
        ("risks", "verdict=at-risk"),
        ("risks", "verdict="),
        ("risks", "verdict~risk|unknown"),
        ("risks", "rule=R13"),
        ("risks", "server=nobody"),
        ("interfaces", "verdict~^$"),
        ("interfaces", "boots_from_network=true"),
        ("interfaces", "vlan>3"),
        ("domains", "vcpus=8.0"),
        ("hypervisors", "kernel_fix=unfixed"),
    ],
)
def test_a_value_that_a_column_can_have_is_taken_though_no_row_has_it(view: str, condition: str) -> None:
    narrow(VIEWS[view](correlate(inventory())), [parse_condition(condition)])


def test_an_unknown_column_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(ConfigError, match=r"no column 'sites'; did you mean 'site'\? it has name, site, cpus"):
        names("sites=ams1")
    with pytest.raises(ConfigError, match="no column 'zzz'; it has name"):
        names("zzz=1")


@pytest.mark.parametrize("view", ["risks", "interfaces", "domains"])
def test_a_site_can_be_a_condition_where_no_format_shows_it(view: str) -> None:
    hosts = [
        hypervisor(name, domain(f"web-{name}", macvtap()), site=site)
        for name, site in (("hv1", "ams1"), ("hv2", "fra1"), ("hv3", None))
    ]
    whole = VIEWS[view](correlate(inventory(*hosts, servers=(server(),))))
    wanted = ["site=ams1"] if view == "domains" else ["site=ams1", "source_device~^bond"]
    narrowed = narrow(whole, [parse_condition(text) for text in wanted])

    assert ([row[0] for row in narrowed.main.rows], len(whole.main.rows)) == (["hv1"], 3)
    for reporter in REPORTERS.values():
        text = text_of(reporter.render(msgspec.structs.replace(narrowed, notes=(), where=())))
        assert "web-hv1" in text or reporter.content is Content.METRICS
        assert "site" not in text
        assert "ams1" not in text


@pytest.mark.parametrize(
    ("view", "condition", "domains"),
    [
        ("risks", "domain=web*", ["web01"]),
        ("risks", "domain=web01,mail", ["web01", "mail"]),
        ("risks", "domain=web*, pool??", ["web01", "pooled"]),
        ("risks", "domain!=web*,mail", ["開発-テスト", "legacy-db", "pooled"]),
        ("risks", "verdict=unknown,not-*", ["pooled", "mail"]),
        ("risks", "segment=,pxe-b", ["開発-テスト", "pooled", "mail"]),
        ("risks", "segment=*", ["web01", "開発-テスト", "legacy-db"]),
        ("domains", "vcpus=8,1", ["legacy-db", "no-nic"]),
    ],
)
def test_equal_takes_globs_and_lists(view: str, condition: str, domains: list[str]) -> None:
    shown = narrow(VIEWS[view](report()), [parse_condition(condition)])

    place = [column.key for column in shown.main.columns].index("domain")
    assert [row[place] for row in shown.main.rows] == domains


@pytest.mark.parametrize(
    "condition", ["source device=bond3", "Source Device = bond3", "source-device=bond3", "SOURCE_DEVICE=bond3"]
)
def test_a_column_is_named_by_its_key_or_its_heading(condition: str) -> None:
    shown = narrow(VIEWS["interfaces"](report()), [parse_condition(condition)])

    assert len(shown.main.rows) == 2


def test_a_heading_with_a_unit_is_the_whole_heading() -> None:
    shown = narrow(VIEWS["domains"](report()), [parse_condition("memory (MiB)>4096"), parse_condition("vCPUs<8")])

    assert [row[2] for row in shown.main.rows] == ["satellite"]


def test_a_wrong_part_of_a_list_is_refused_by_itself() -> None:
    with pytest.raises(ConfigError, match="no value of verdict matches; did you mean 'mitigated'"):
        narrow(VIEWS["risks"](report()), [parse_condition("verdict=at-risk,mitgated")])
    with pytest.raises(ConfigError, match="vcpus is a number"):
        narrow(VIEWS["domains"](report()), [parse_condition("vcpus=1,many")])
