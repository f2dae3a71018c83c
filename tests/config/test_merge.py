import re
from pathlib import Path
from typing import Any

import pytest

from tests.readme import PROJECT
from virtscan.config import ConfigFile, DefaultUri, Options, Problems, make_plan, read_document
from virtscan.connectors import naming
from virtscan.correlator.naming import runs_on_warnings, segment_warnings
from virtscan.errors import ConfigError
from virtscan.model import FailOn, LowerDevice, Plan, SourceKind, State, TargetKind

FOLDER = Path("/etc/virtscan")


DEFAULT = DefaultUri("qemu:///system", "the default")


def plan(text: str = "", *, default_uri: DefaultUri = DEFAULT, **options: object) -> Plan:
    given = Options(**options)  # type: ignore[arg-type]  # each test gives the right ones
    made, _ = make_plan(document(text), given, folder=FOLDER, default_uri=default_uri, problems=Problems("FILE"))
    return made


def document(text: str) -> ConfigFile:
    return read_document(text, path=FOLDER / "virtscan.toml", environment={})


TWO_HOSTS = """
    [[hypervisor]]
    uri = "qemu+ssh://hv1/system"
    kernel = "2.6.32-431.el6.x86_64"
    site = "ams1"
    segments = { bond2 = "pxe-a" }
    [[hypervisor]]
    uri = "qemu+ssh://hv2/system"
"""


def test_the_files_hypervisors_are_scanned() -> None:
    assert [target.address for target in plan(TWO_HOSTS).targets] == ["qemu+ssh://hv1/system", "qemu+ssh://hv2/system"]


def test_hypervisors_of_the_command_line_replace_those_of_the_file_and_keep_its_facts() -> None:
    (target,) = plan(TWO_HOSTS, connect=("qemu+ssh://hv1/system",)).targets

    assert (target.kernel, target.site, target.segments) == ("2.6.32-431.el6.x86_64", "ams1", {"bond2": "pxe-a"})


@pytest.mark.parametrize(("key", "path"), [("xml", "hv1"), ("sosreport", "hv1.tar.xz")])
def test_a_path_is_the_same_however_it_is_written(
    key: str, path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    declared = document(f"[[hypervisor]]\n{key} = '{path}'\nsite = 'ams1'")
    paths = (Path(path), tmp_path / path, Path("..") / tmp_path.name / path)
    options = Options(xml=paths) if key == "xml" else Options(sosreport=paths)

    (target,) = make_plan(declared, options, folder=tmp_path, default_uri=DEFAULT)[0].targets

    assert target.site == "ams1"


def test_default_hypervisor_is_scanned_and_its_origin_kept_if_none_is_named() -> None:
    (target,) = plan(default_uri=DefaultUri("lxc:///", "LIBVIRT_DEFAULT_URI")).targets

    assert (target.address, target.chosen_by) == ("lxc:///", "LIBVIRT_DEFAULT_URI")
    assert plan(connect=("lxc:///",)).targets[0].chosen_by is None


def test_the_same_address_given_twice_is_read_once() -> None:
    assert len(plan(connect=("qemu:///system", "qemu:///system")).targets) == 1


def test_a_folder_of_xml_is_a_hypervisor_too() -> None:
    (from_file,) = plan('[[hypervisor]]\nxml = "hv9"').targets
    (from_options,) = plan(xml=(Path("hv9"),)).targets

    assert (from_file.kind, from_file.address) == (TargetKind.XML, "/etc/virtscan/hv9")
    assert (from_options.kind, from_options.address) == (TargetKind.XML, "hv9")


def test_a_relative_path_for_the_test_driver_starts_at_the_files_folder() -> None:
    (target,) = plan('[[hypervisor]]\nuri = "test:fleet/hv1.xml"').targets

    assert target.address == "test:///etc/virtscan/fleet/hv1.xml"


def test_a_sosreport_is_a_hypervisor_too() -> None:
    (from_file,) = plan('[[hypervisor]]\nsosreport = "hv9.tar.xz"').targets
    (from_options,) = plan(sosreport=(Path("hv9.tar.xz"),)).targets

    assert (from_file.kind, from_file.address) == (TargetKind.SOSREPORT, "/etc/virtscan/hv9.tar.xz")
    assert (from_options.kind, from_options.address) == (TargetKind.SOSREPORT, "hv9.tar.xz")


@pytest.mark.parametrize("keys", ['uri = "a"\nxml = "b"', 'xml = "a"\nsosreport = "b"', 'name = "hv1"'])
def test_a_hypervisor_is_read_in_exactly_one_way(keys: str) -> None:
    with pytest.raises(
        ConfigError, match=r"1st \[\[hypervisor\]\]( \(.*\))?: give exactly one of uri, uris, xml and sosreport"
    ):
        plan(f"[[hypervisor]]\n{keys}")


@pytest.mark.parametrize("kind", ["file", "sosreport", "ansible"])
def test_a_servers_relative_path_starts_at_the_files_folder(kind: str) -> None:
    (server,) = plan(f'[[server]]\nname = "cobbler"\noffload = "{kind}:saved/cobbler"').servers

    assert server.address == "/etc/virtscan/saved/cobbler"


def test_an_unsafe_uri_is_refused_unless_allowed() -> None:
    unsafe = "qemu+ssh://hv1/system?command=/tmp/x"

    with pytest.raises(ConfigError, match=r"command.*--allow-unsafe-uri"):
        plan(connect=(unsafe,))
    assert plan(connect=(unsafe,), allow_unsafe_uri=True).targets[0].address == unsafe


def test_a_weak_uri_is_warned_about() -> None:
    _, warnings = make_plan(
        ConfigFile(), Options(connect=("qemu+tls://hv1/system?no_verify=1",)), folder=FOLDER, default_uri=DEFAULT
    )

    assert len(warnings) == 1
    assert "no_verify" in warnings[0]


def test_command_line_precedes_the_file_which_precedes_the_default() -> None:
    text = '[scan]\nlower_device = "bond"\nhost_timeout = "5s"\ndeadline = "1m"'

    assert (plan().host_timeout, plan().deadline, plan().policy.lower_device) == (30, 600, LowerDevice.ANY)
    of_file = plan(text)
    assert (of_file.host_timeout, of_file.deadline, of_file.policy.lower_device) == (5, 60, LowerDevice.BOND)
    of_both = plan(text, host_timeout=2.0, deadline=3.0, lower_device=LowerDevice.ANY)
    assert (of_both.host_timeout, of_both.deadline, of_both.policy.lower_device) == (2, 3, LowerDevice.ANY)


def test_a_wrong_length_of_time_is_named_by_its_key() -> None:
    with pytest.raises(
        ConfigError, match=r"scan\.host_timeout: invalid duration '5 minutes'; add a unit, e\.g\. 30s, 1h30m, 7d$"
    ):
        plan('[scan]\nhost_timeout = "5 minutes"')


@pytest.mark.parametrize("key", ["host_timeout", "deadline"])
def test_a_time_limit_is_at_most_what_the_system_can_wait(key: str) -> None:
    assert plan(f'[scan]\n{key} = "7d"')
    with pytest.raises(ConfigError, match=rf"^FILE: scan\.{key}: too long; use at most 7d$"):
        plan(f'[scan]\n{key} = "30d"')
    options: dict[str, Any] = {key: 30 * 86400.0}  # Any: this option, and none of the others
    with pytest.raises(ConfigError, match=f"^--{key.replace('_', '-')}: too long; use at most 7d$"):
        plan(**options)


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        (
            '[[hypervisor]]\nuri = "a"\n[[hypervisor]]\nuri = "qemu+ssh://hv1:x/"',
            {},
            r"FILE: 2nd \[\[hypervisor\]\]( \(.*\))?: uri: not a",
        ),
        ("", {"connect": ("qemu+ssh://hv1:x/",)}, "--connect: not a libvirt URI"),
        ("", {"default_uri": DefaultUri("qemu+ext:///system", "LIBVIRT_DEFAULT_URI")}, "LIBVIRT_DEFAULT_URI: qemu"),
        (
            '[[server]]\nname = "a"\noffload = "maybe"',
            {},
            r"FILE: 1st \[\[server\]\]( \(.*\))?: offload: unknown SOURCE",
        ),
        ("", {"servers": ("a=maybe",)}, "--server 'a': unknown SOURCE"),
    ],
)
def test_an_error_names_the_place_in_the_file(text: str, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=f"^{message}"):
        plan(text, **options)


SATELLITE = """
    [[server]]
    name = "satellite"
    interface = "eth0"
    offload = "file:captures/satellite.txt"
    mac = ["52:54:00:AA:BB:CC"]
    segments = ["pxe-a"]
"""


def test_a_servers_relative_path_starts_at_the_files_folder_and_its_macs_are_lower_case() -> None:
    (server,) = plan(SATELLITE).servers

    assert (server.kind, server.address) == (SourceKind.FILE, "/etc/virtscan/captures/satellite.txt")
    assert server.macs == ("52:54:00:aa:bb:cc",)


def test_a_server_of_the_command_line_gives_another_source_and_keeps_the_rest() -> None:
    (server,) = plan(SATELLITE, servers=("satellite=on",)).servers

    assert (server.kind, server.declared, server.interface) == (SourceKind.DECLARED, State.ON, "eth0")
    assert server.segments == ("pxe-a",)


def test_a_new_name_on_the_command_line_is_one_more_server() -> None:
    assert [server.name for server in plan(SATELLITE, servers=("cobbler:eth1=off",)).servers] == [
        "satellite",
        "cobbler",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name = 'a'\noffload = 'of'", r"1st \[\[server\]\]( \(.*\))?: offload: unknown SOURCE"),
        ("name = 'a'\noffload = 'on'\nmac = ['aa']", r"1st \[\[server\]\]( \(.*\))?: mac: invalid MAC address 'aa'"),
        (
            "name = 'a'\noffload = 'on'\nsegments = ['pxe-a']\nsubnets = ['10.0.0.0/8']",
            r"1st \[\[server\]\]( \(.*\))?: segments and subnets are mutually exclusive; set only one",
        ),
        (
            "name = 'a'\noffload = 'on'\nsubnets = ['10.0.0.0/99']",
            r"1st \[\[server\]\]( \(.*\))?: subnets: .*10\.0\.0\.0/99",
        ),
        (
            "name = 'a'\noffload = 'on'\n[[server]]\nname = 'a'\noffload = 'off'",
            r"2nd \[\[server\]\]( \(.*\))?: name: used twice",
        ),
        (
            "name = ' a'\noffload = 'on'\n[[server]]\nname = 'a'\noffload = 'off'",
            r"2nd \[\[server\]\]( \(.*\))?: name: used twice",
        ),
        (
            "name = 'a'\noffload = 'on'\nphysical = true\nruns_on = 'hv1'",
            r"1st \[\[server\]\]( \(.*\))?: physical and runs_on are mutually exclusive; set only one",
        ),
    ],
)
def test_a_servers_error_names_the_key(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        plan(f"[[server]]\n{text}")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("reason = ' '\ndomain = 'a'", r"1st \[\[waiver\]\]( \(.*\))?: reason: empty; set it"),
        *(
            (f"reason = 'later'{pattern}", r"1st \[\[waiver\]\]( \(.*\))?: waives every finding")
            for pattern in (
                "",
                *(
                    f"\n{key} = '{glob}'"
                    for key in ("domain", "server")
                    for glob in ("**", "?*", "*?*", "[!x]*", "??*")
                ),
                *(f"\nmac = '{glob}'" for glob in ("*:*", "??:??:??:??:??:??", "[0-9A-F]*", "*[!f]")),
                "\nhypervisor = '[a-z0-9]*'\ndomain = '?*'\nmac = '*:*'",
            )
        ),
    ],
)
def test_a_waiver_needs_a_pattern_and_a_reason(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        plan(f"[[waiver]]\n{text}")


@pytest.mark.parametrize(
    "pattern", ["domain = '[!a-z]*'", "domain = '???'", "domain = '*-*'", "mac = '52:54:00:*'", "mac = '*[02468ace]'"]
)
def test_a_waiver_may_be_wide(pattern: str) -> None:
    (waiver,) = plan(f"[[waiver]]\nreason = 'later'\nhypervisor = '?*'\n{pattern}").policy.waivers

    assert waiver.hypervisor == "?*"


def test_a_hypervisor_is_declared_once() -> None:
    with pytest.raises(
        ConfigError,
        match=r"2nd \[\[hypervisor\]\]( \(.*\))?: uri: duplicate address, already in 1st \[\[hypervisor\]\]( \(.*\))?",
    ):
        plan('[[hypervisor]]\nuri = "qemu:///system"\n[[hypervisor]]\nuri = "qemu:///system"\nkernel = "6.1"')


def test_waivers_are_part_of_the_policy() -> None:
    (waiver,) = plan('[[waiver]]\nreason = "boots from ISO"\ndomain = "legacy-*"').policy.waivers

    assert (waiver.reason, waiver.domain, waiver.server) == ("boots from ISO", "legacy-*", "*")


def test_facts_about_a_hypervisor_are_read_from_the_declared_path() -> None:
    (target,) = plan('[[hypervisor]]\nuri = "qemu+ssh://hv1/system"\nfacts = "ansible:cache"').targets

    assert target.facts == "/etc/virtscan/cache"


@pytest.mark.parametrize("text", ["ansible:", "cache", "file:cache"])
def test_facts_of_another_kind_are_refused(text: str) -> None:
    with pytest.raises(ConfigError, match=r"1st \[\[hypervisor\]\]( \(.*\))?: facts: write ansible:PATH"):
        plan(f'[[hypervisor]]\nuri = "qemu:///system"\nfacts = "{text}"')


SEVERAL = """
    [[hypervisor]]
    uris = ["qemu+ssh://hv1/system", "test:hv2.xml"]
    site = "ams1"
    kernel = "2.6.32-431.el6.x86_64"
    segments = { bond2 = "pxe-a" }
    physical = true
    reflective = ["bond3"]
"""


def test_one_table_declares_several_hypervisors() -> None:
    targets = plan(SEVERAL).targets

    assert [target.address for target in targets] == ["qemu+ssh://hv1/system", "test:///etc/virtscan/hv2.xml"]
    for target in targets:
        assert (target.site, target.kernel, target.segments) == ("ams1", "2.6.32-431.el6.x86_64", {"bond2": "pxe-a"})
        assert (target.physical, target.reflective) == (True, ("bond3",))


def test_a_hypervisor_of_the_command_line_keeps_the_facts_of_its_table() -> None:
    (target,) = plan(SEVERAL, connect=("qemu+ssh://hv1/system",)).targets

    assert (target.physical, target.reflective, target.chosen_by) == (True, ("bond3",), None)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("uris = ['a', 'b']\nname = 'hv1'", "name applies to one hypervisor, but uris lists 2; remove it"),
        ("uris = ['a', 'b']\nfacts = 'ansible:x'", "facts applies to one hypervisor, but uris lists 2; remove it"),
        ("uris = ['a', 'b']\nuri = 'c'", "give exactly one of uri, uris, xml and sosreport"),
        ("uris = []", "give exactly one of uri, uris, xml and sosreport"),
        ("uris = ['a', 'a']", r"uris: duplicate address, already in 1st \[\[hypervisor\]\]: uris"),
        ("uris = ['a', 'qemu+ssh://hv1:x/']", "uris: not a libvirt URI"),
        ("uris = ['a', '']", "uris: empty; set it or remove it"),
        ("uri = ''", "uri: empty; set it or remove it"),
    ],
)
def test_several_uris_share_only_settings_that_several_hosts_can_have(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=rf"^FILE: 1st \[\[hypervisor\]\]( \(.*\))?: {message}$|: {message}"):
        plan(f"[[hypervisor]]\n{text}")


def test_an_empty_uri_of_the_command_line_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"^--connect: empty URI"):
        plan(connect=("",))


def test_one_uri_in_a_list_may_have_a_name() -> None:
    assert plan("[[hypervisor]]\nuris = ['qemu+ssh://hv1/system']\nname = 'kvm1'").targets[0].name == "kvm1"


def test_a_server_keeps_the_hypervisor_that_it_is_declared_to_run_on() -> None:
    declared = "[[server]]\nname = 'satellite'\noffload = 'on'\nruns_on = 'hv1'"

    assert plan(declared).servers[0].runs_on == "hv1"
    assert plan(declared, servers=("satellite=off",)).servers[0].runs_on == "hv1"


def test_every_option_of_the_scan_has_its_key() -> None:
    text = "[scan]\nmax_age = '7d'\nfail_on = 'boots'\nnext_start = true"

    assert (plan().policy.max_age, plan().fail_on, plan().next_start) == (None, None, False)
    made = plan(text)
    assert (made.policy.max_age, made.fail_on, made.next_start) == (7 * 86400, FailOn.BOOTS, True)
    both = plan(text, max_age=60.0, fail_on=FailOn.NEVER)
    assert (both.policy.max_age, both.fail_on, both.next_start) == (60, FailOn.NEVER, True)
    assert plan(next_start=True).next_start


@pytest.mark.parametrize("key", ["max_age", "host_timeout", "deadline"])
def test_a_duration_without_a_unit_names_its_key(key: str) -> None:
    with pytest.raises(ConfigError, match=rf"^FILE: scan\.{key}: invalid duration '30'; add a unit, e\.g\. 30s, "):
        plan(f"[scan]\n{key} = '30'")


def test_fail_on_pending_needs_a_provisioning_system() -> None:
    system = "[[provisioning]]\ntype = 'cobbler'\nurl = 'https://cobbler/cobbler_api'\n"
    wanted = "[scan]\nfail_on = 'pending'\n"

    assert plan(wanted + system).fail_on is FailOn.PENDING
    assert plan(system, fail_on=FailOn.PENDING).fail_on is FailOn.PENDING
    with pytest.raises(ConfigError, match=r"^FILE: scan\.fail_on: pending needs a provisioning system"):
        plan(wanted)
    with pytest.raises(ConfigError, match=r"^--fail-on: pending needs a provisioning system; add"):
        plan(fail_on=FailOn.PENDING)
    assert plan(wanted, fail_on=FailOn.BOOTS).fail_on is FailOn.BOOTS


def test_the_example_of_the_documentation_is_a_configuration_without_warnings() -> None:
    (text,) = re.findall(
        r"^```toml\n(.*?)^```$", (PROJECT / "docs" / "configuration.md").read_text(), re.DOTALL | re.MULTILINE
    )
    made, warnings = make_plan(document(text), Options(), folder=FOLDER, default_uri=DEFAULT)

    assert warnings == ()
    assert segment_warnings(made.targets, made.servers) == ()
    assert runs_on_warnings([naming.name(target) for target in made.targets], made.servers) == ()
