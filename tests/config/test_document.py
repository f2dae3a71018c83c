import re
from datetime import date
from pathlib import Path

import pytest

from virtscan.config import ConfigFile, DefaultUri, Options, Problems, lines_of, make_plan, read_document
from virtscan.errors import ConfigError
from virtscan.model import FailOn, LowerDevice

FILE = Path("virtscan.toml")


def read(text: str, **environment: str) -> ConfigFile:
    return read_document(text, path=Path("virtscan.toml"), environment=environment)


def test_every_key_of_the_design_is_read() -> None:
    document = read("""
        [scan]
        lower_device = "any"
        host_timeout = "5s"
        deadline = "1m"
        ssh_facts = true
        max_age = "7d"
        fail_on = "boots"
        next_start = true
        [[hypervisor]]
        uri = "qemu+ssh://root@hv1/system"
        site = "ams1"
        kernel = "2.6.32-431.el6.x86_64"
        segments = { bond2 = "pxe-a" }
        physical = true
        reflective = ["bond2"]
        [[hypervisor]]
        uris = ["qemu+ssh://root@hv2/system", "qemu+ssh://root@hv3/system"]
        [[server]]
        name = "satellite"
        interface = "eth0"
        offload = "ssh://root@satellite"
        mac = ["52:54:00:aa:bb:cc"]
        segments = ["pxe-a"]
        runs_on = "hv1"
        [[waiver]]
        domain = "legacy-*"
        reason = "boots from ISO"
        until = 2027-03-01
    """)

    assert document.scan.lower_device is LowerDevice.ANY
    assert (document.scan.max_age, document.scan.fail_on, document.scan.next_start) == ("7d", FailOn.BOOTS, True)
    assert (document.hypervisor[0].physical, document.hypervisor[0].reflective) == (True, ("bond2",))
    assert document.hypervisor[1].uris == ("qemu+ssh://root@hv2/system", "qemu+ssh://root@hv3/system")
    assert document.server[0].runs_on == "hv1"
    assert document.hypervisor[0].segments == {"bond2": "pxe-a"}
    assert document.server[0].mac == ("52:54:00:aa:bb:cc",)
    assert document.waiver[0].until == date(2027, 3, 1)


def test_an_empty_file_is_a_configuration() -> None:
    assert read("") == ConfigFile()


def test_variables_are_replaced_at_any_depth() -> None:
    document = read('[[hypervisor]]\nuri = "${U}"\nsegments = { bond2 = "${S}" }', U="test:///default", S="pxe")

    assert document.hypervisor[0].uri == "test:///default"
    assert document.hypervisor[0].segments == {"bond2": "pxe"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[scan\n", r"not TOML: .*line 1"),
        ("[scna]", r"scna: unknown key; did you mean 'scan'\?"),
        ("zzz = 1", r"zzz: unknown key; known keys: scan, history, engine, hypervisor"),
        ('[scan]\nlower_devce = "any"', r"scan\.lower_devce: unknown key; did you mean 'lower_device'\?"),
        (
            '[[hypervisor]]\nuri = "a"\n[[hypervisor]]\nurl = "b"',
            r"2nd \[\[hypervisor\]\]( \(.*\))?: url: unknown key; .*'uri'",
        ),
        ('[scan]\nlower_device = "bonds"', r"scan\.lower_device: invalid value; write bond or any$"),
        (
            '[[provisioning]]\ntype = "x"\nurl = "y"',
            r"1st \[\[provisioning\]\]( \(.*\))?: type: invalid .*; write cobbler or foreman$",
        ),
        ("[[hypervisor]]\nuri = 5", r"1st \[\[hypervisor\]\]( \(.*\))?: uri: invalid value; write a quoted string$"),
        ("[hypervisor]\nuri = 'a'", r"hypervisor: .*\[\[hypervisor\]\]"),
        ("hypervisor = [1]", r"1st \[\[hypervisor\]\]( \(.*\))?: expected a table$"),
        ("scan = 1", r"scan: expected a table, as in \[scan\]$"),
        (
            "[[server]]\nname = 'b'\noffload = 'on'\n[[server]]\nname = 'a'",
            r'2nd \[\[server\]\] \("a"\): offload is missing$',
        ),
        ("[[server]]\noffload = 'on'", r"1st \[\[server\]\]: name is missing$"),
        ('[scan]\nfail_on = "always"', r"scan\.fail_on: invalid .*; write pending, boots, latent or never$"),
        ("[[server]]\nname = 'a'", r"1st \[\[server\]\]( \(.*\))?: offload is missing"),
        (
            "[[server]]\nname = 'a'\noffload = 'on'\nmac = ['${M}']",
            r"1st \[\[server\]\]( \(.*\))?: mac: \$\{M\} is not set",
        ),
        (
            "[[hypervisor]]\nsegments = { bond2 = '${M}' }",
            r"1st \[\[hypervisor\]\]( \(.*\))?: segments\.bond2: \$\{M\} is not set",
        ),
    ],
)
def test_an_error_names_the_file_and_the_key(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=rf"^virtscan\.toml(:\d+)?: {message}"):
        read(text)


def test_all_errors_come_at_once_with_their_lines() -> None:
    text = """[scan]
deadline = 5

# a comment
[[server]]
name = "a"
offload = "on"
mac = "52:54:00:aa:bb:cc"
[[server]]
name = "b"
ofload = "on"
"""
    with pytest.raises(ConfigError) as refused:
        read(text)

    assert str(refused.value).splitlines() == [
        "virtscan.toml:2: scan.deadline: invalid value; write a quoted string",
        'virtscan.toml:8: 1st [[server]] ("a"): mac: invalid value; write a list of strings, e.g. ["a", "b"]',
        "virtscan.toml:11: 2nd [[server]] (\"b\"): ofload: unknown key; did you mean 'offload'?",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            '[[hypervisor]]\nuri = "a"\nsegments = { bond2 = "" }',
            "3: 1st [[hypervisor]]: segments.bond2: empty; set it",
        ),
        ('[[hypervisor]]\nxml = "${NONE}"', "2: 1st [[hypervisor]]: xml: empty; set it or remove it"),
        ('[[server]]\nname = "a"\noffload = "on"\nsegments = [" "]', '4: 1st [[server]] ("a"): segments: empty'),
        ('[[provisioning]]\ntype = "cobbler"\nurl = "x"\nca_file = "a\\u0000"', "ca_file: contains a NUL character"),
    ],
)
def test_an_empty_text_and_one_with_a_nul_are_refused(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(message)):
        read(text, NONE="")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('[[provisioning]]\ntype = "foreman"\n\nurl = "satellite"', 4),
        ('[[provisioning]]\ntype = "foreman"\nurl = "http://me:x@satellite"', 3),
        ('[[provisioning]]\ntype = "foreman"\nurl = "http://a"\nuser = "me"', 4),
        ('[[provisioning]]\ntype = "cobbler"\nurl = "http://a"\nuser = "me"\ntoken_file = "b"', 5),
        ('[[provisioning]]\ntype = "foreman"\nurl = "http://a"\npassword_file = "b"\ntoken_file = "b"', 5),
        ('[[server]]\nname = "a"\noffload = "maybe"', 3),
        ('[[server]]\nname = "a"\noffload = "on"\ninterface = "eth0:1"', 4),
        ('[[server]]\nname = "a"\noffload = "on"\nsubnets = ["10.0.0.0/99"]', 4),
        ('[[server]]\nname = "a"\noffload = "on"\nsegments = ["b"]\nsubnets = ["10.0.0.0/9"]', 5),
        ('[scan]\n\n[history]\n\nurl = "x"', 5),
        ('[scan]\nstats = true\ndeadline = "30d"', 3),
        ('[scan]\nstats = true\nfail_on = "pending"', 3),
        ('[[hypervisor]]\nuri = "a"\n[[hypervisor]]\nname = "b"\nuri = "qemu+ssh://hv1:x/"', 5),
        ('[[hypervisor]]\nname = "a"\nuris = ["b", "c"]', 2),
        ('[[hypervisor]]\nuri = "a"\nfacts = "b"', 3),
        ('[[hypervisor]]\nuri = "a"\n\nxml = "b"', 4),
        ('[[hypervisor]]\nname = "a"\nuris = []', 3),
        ('[[ "hypervisor" ]]\n"uri" = "a"\n"facts" = "b"', 3),
        ('[[hypervisor]]\nuri = "a"\n[hypervisor.segments]\nuri = 2', 3),
        ("# \u2028\x85\n[scan]\nstats = 1", 3),
        ("scan.stats = true\nscan . deadline = 5", 2),
        ("[scan]\r\nstats = 1\r\n", 2),
    ],
)
def test_each_error_has_the_line_of_its_key(text: str, line: int) -> None:
    with pytest.raises(ConfigError, match=rf"^virtscan\.toml:{line}: .*$"):
        make_plan(
            read_document(text, path=FILE, environment={}, private=True),
            Options(),
            folder=Path(),
            default_uri=DefaultUri("qemu:///system", "the default"),
            problems=Problems(str(FILE), lines_of(text)),
        )


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('[scan]\nstats = true\n[history]\n\nurl = "postgresql://a:s3cret@b/c"\n[[provisioning]]', 5),
        ('[[provisioning]]\nurl = "http://a"\n[[provisioning]]\nurl = "http://b"\npassword = "s3cret"', 5),
        ('[[provisioning]]\nurl = "http://a"\n[[hypervisor]]\nuri = "esx://a:s3cret@b"', 4),
    ],
)
def test_a_secret_is_refused_with_its_line(text: str, line: int) -> None:
    with pytest.raises(ConfigError, match=rf"^virtscan\.toml:{line}: ") as refused:
        read_document(text, path=FILE, environment={})

    assert "s3cret" not in str(refused.value)


def test_the_name_of_a_table_in_an_error_hides_a_password_in_it() -> None:
    with pytest.raises(ConfigError) as refused:
        read_document('[[hypervisor]]\nname = "http://a:s3cret@b"\nurl = "c"', path=FILE, environment={}, private=True)

    assert "s3cret" not in str(refused.value)
