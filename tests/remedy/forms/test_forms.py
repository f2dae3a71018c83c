"""The texts, read by the tools that will read them."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.build import domain, failure, gap_in_words, hypervisor, macvtap, server
from tests.harness.missing import cannot_run
from tests.remedy.plans import change, fleet, host, mac, remedy
from tests.remedy.stacks import bonded, part, stacked
from tests.reporters.hostile import NAMES
from virtscan.correlator import correlate
from virtscan.model import DeviceKind, Feature, GapAbout, Observed, Persistence, Report, Server, State
from virtscan.model.facts.persistence import SettingInWords
from virtscan.remedy import FORMS, plan
from virtscan.remedy import document as document_of
from virtscan.remedy.plan import Remedy
from virtscan.reporters import REPORTERS

pytestmark = pytest.mark.long

PLAYBOOK = Path(sys.executable).parent / "ansible-playbook"
STUCK = {"tx-checksum-ip-generic": Feature(state=State.ON, fixed=True)}
OFF_UNTIL_BOOT = {
    "tx_checksum": State.OFF,
    "persistence": Persistence(tx_checksum=State.ON, setting=SettingInWords(text="nothing")),
}


def stack(server: Server) -> dict[str, Any]:
    """Return a server's devices as fields."""
    return {"interface": server.interface, "devices": server.devices, "lists_all_devices": True}


SERVERS: dict[str, dict[str, Any]] = {
    "two members": stack(bonded()),
    "one member is off until it boots": stack(bonded(part("eth0", tx=State.OFF, later=State.ON), part("eth1"))),
    "a setting works": stack(bonded(part("eth0", later=State.OFF), part("eth1", later=State.OFF))),
    "a NIC": {"macs": mac("52:54:00:00:00:01")},
    "a bond": {"interface": "bond0"},
    "no interface": {"interface": None},
    "an odd name": {"interface": "eth0.1+2-x_y"},
    "fixed": {"features": STUCK},
    "off until it boots": OFF_UNTIL_BOOT,
    "an old kernel": {"kernel": Observed(value="2.6.32-279.el6.x86_64", source="ssh"), "interface": "bond0"},
}


def document(made: Remedy, report: Report, form: str = "shell") -> Any:
    """A decoded document (`Any`: JSON)."""
    return json.loads(REPORTERS["json"].render(document_of(made, report, form, FORMS[form])))


def hostile(name: str) -> Remedy:
    """A remedy in which whatever is text from outside is this name."""
    hosts = (
        hypervisor(name, domain(name, macvtap(), uuid=name, origin=name), kernel=name, uri=name),
        hypervisor(f"{name}2", domain(name, macvtap(mac=name)), uri=name),
    )
    servers = [
        Server(
            name=name,
            source=name,
            interface=interface,
            tx_checksum=state,
            reason=failure(name),
            persistence=Persistence(setting=SettingInWords(text=name)),
            features={name: Feature(state=State.ON), f"tx-checksum-{name}": Feature(state=State.ON)} | features,
            macs=mac(name) if interface == "eth0" else (),
            kernel=Observed(value=name, source=name),
        )
        for interface, state, features in (
            (name, State.ON, {}),
            ("eth0", State.ON, {}),
            ("eth1", State.ON, STUCK),
            (None, State.UNKNOWN, {}),
        )
    ]
    members = (part(name), part("eth0", mac=name, permanent=name))
    servers += [bonded(*members), stacked(part(name, DeviceKind.BRIDGE, ["eth0"]), part("eth0"))]
    return remedy(*servers, hosts=hosts)


def shellcheck(text: str) -> str:
    if shutil.which("shellcheck") is None:
        cannot_run("shellcheck: not installed")
    done = subprocess.run(
        ["shellcheck", "--norc", "-o", "all", "-e", "SC2250,SC2310,SC2312", "-"],  # of matters of taste
        input=text.encode(),
        capture_output=True,
        check=False,
    )
    return done.stdout.decode()


IN_SHELL = [form for form in FORMS if form != "ansible"]


@pytest.mark.parametrize("servers", SERVERS)
@pytest.mark.parametrize("form", IN_SHELL)
def test_shellcheck_reports_nothing(form: str, servers: str) -> None:
    alone = remedy(server(**SERVERS[servers]))
    among = remedy(server(**SERVERS[servers]), server("cobbler", interface="eno1"))

    for made in (alone, among):
        assert shellcheck(FORMS[form].write(made)) == ""
    for planned in among.changes:
        assert shellcheck(f"#!/bin/sh\n{FORMS[form].steps(planned).undo}") == ""


@pytest.mark.parametrize("name", [*NAMES.values(), "`reboot`", "$(reboot)", "'", '"', "{{ x }}"])
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.long
def test_no_name_from_outside_gets_out_of_its_comment_or_quotes(form: str, name: str) -> None:
    text = FORMS[form].write(hostile(name))

    assert text.replace("\n", "").isprintable()
    plain = FORMS[form].write(hostile("plain name"))
    assert what_runs(text) == what_runs(plain)


def what_runs(text: str) -> list[str]:
    """The lines other than comments, without the only place where a name may stand: which server this is."""
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    return sorted("SERVER" if line.startswith(('if [ "$SERVER" = ', "  hosts: ")) else line for line in lines)


@pytest.mark.parametrize("name", ["two\nlines", "$(touch /tmp/x)", "`id`", "'; id; '", "-n", "!", "]", "a = b ]; id"])
def test_the_shell_reads_a_hostile_server_name_as_a_plain_word(name: str) -> None:
    text = FORMS["shell"].write(remedy(server(name), server("cobbler", interface="eno1")))
    question = next(line for line in text.splitlines() if line.startswith("if [") and "cobbler" not in line)

    script = f"{question}\n:\nelse echo no\nfi"
    done = subprocess.run(["sh", "-eu"], input=script, capture_output=True, text=True, env={"SERVER": "x"}, check=False)

    assert (done.stdout, done.stderr) == ("no\n", "")


def syntax_check(path: Path, text: str) -> subprocess.CompletedProcess[str]:
    path.write_text(text)
    environment = {**os.environ, "ANSIBLE_LOCALHOST_WARNING": "False", "ANSIBLE_HOME": str(path.parent / "home")}
    return subprocess.run(
        [PLAYBOOK, "--syntax-check", "-i", "localhost,", path],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )


@pytest.mark.long
def test_ansible_takes_the_playbook(tmp_path: Path) -> None:
    among = remedy(*(server(f"server{number}", **more) for number, more in enumerate(SERVERS.values())))

    done = syntax_check(tmp_path / "remedy.yml", FORMS["ansible"].write(among))

    assert done.returncode == 0, done.stderr


@pytest.mark.long
def test_ansible_takes_a_playbook_of_hostile_names(tmp_path: Path) -> None:
    name = "\n".join(name.encode("utf-8", "replace").decode() for name in NAMES.values() if len(name) < 100)

    done = syntax_check(tmp_path / "remedy.yml", FORMS["ansible"].write(hostile(name)))

    assert done.returncode == 0, done.stderr


@pytest.mark.long
def test_ansible_takes_the_playbook_that_changes_nothing(tmp_path: Path) -> None:
    for made in (remedy(server(tx_checksum=State.OFF)), remedy(server(features=STUCK))):
        text = FORMS["ansible"].write(made)
        assert text.endswith("  tasks: []\n")
        assert syntax_check(tmp_path / "remedy.yml", text).returncode == 0


@pytest.mark.parametrize("name", ["all", "localhost", "web*", "a:b", "{{ x }}", "~.*", "ungrouped", ""])
def test_a_server_name_that_is_a_pattern_of_hosts_must_be_replaced(name: str) -> None:
    text = FORMS["ansible"].write(remedy(server(name)))

    assert '  hosts: "name-the-host-here"\n' in text


def test_the_undo_tasks_of_ansible_run_only_on_request() -> None:
    undo = FORMS["ansible"].steps(change()).undo

    assert undo.count("- name:") == undo.count("tags: [never, undo]") == 2
    assert '["ethtool", "-K", "eth0", "tx", "on"]' in undo


@pytest.mark.parametrize("interface", ["bond0", "bond0.100", "br0"])
def test_a_device_on_top_of_others_gets_no_link_file(interface: str) -> None:
    steps = FORMS["systemd"].steps(change(interface=interface))

    assert steps.lasting is not None
    assert ".link" not in steps.lasting
    assert "udev/rules.d" in steps.lasting
    assert "MAC" in steps.means


def test_a_link_file_keeps_the_name_of_the_nic() -> None:
    lasting = FORMS["systemd"].steps(change(interface="ens3", macs=mac("52:54:00:00:00:01"))).lasting

    assert lasting is not None
    assert " PermanentMACAddress=52:54:00:00:00:01 " in lasting
    assert " Name=ens3 " in lasting


@pytest.mark.parametrize("form", FORMS)
def test_a_device_whose_offload_is_fixed_gets_no_command(form: str) -> None:
    text = FORMS[form].write(remedy(server(features=STUCK)))

    assert not [line for line in text.splitlines() if not line.startswith("#") and "ethtool" in line]
    assert "[fixed]" in text
    assert "csum='off'" in text
    assert "macvlan" in text


@pytest.mark.parametrize("form", FORMS)
def test_the_text_has_the_cleared_interfaces_and_the_cost(form: str) -> None:
    text = FORMS[form].write(remedy(server()))

    for words in ("hv1 web01 52:54:00:00:01:01", "Cost: The server's CPU", "2.6.32-504.30.3.el6", "virtscan servers"):
        assert words in text


@pytest.mark.parametrize("form", FORMS)
def test_sentences_are_wrapped(form: str) -> None:
    opening = FORMS[form].write(remedy(server())).partition("\n\n")[0]

    sentences = [line for line in opening.splitlines() if re.match("# [^ ]", line)]
    assert len(sentences) > 3
    assert max(map(len, sentences)) <= 100


@pytest.mark.parametrize("form", FORMS)
def test_the_text_states_that_no_interface_is_known_to_be_at_risk(form: str) -> None:
    text = FORMS[form].write(remedy(server(tx_checksum=State.OFF)))

    assert "No interface is known to be at risk: no change is needed.\n" in text
    assert "Cost" not in text


@pytest.mark.parametrize("form", FORMS)
def test_an_unknown_interface_is_not_reported_as_safe(form: str) -> None:
    text = FORMS[form].write(remedy(server(tx_checksum=State.UNKNOWN)))

    assert "No interface is known to be at risk; unknown: 2.\n" in text


@pytest.mark.parametrize("form", FORMS)
def test_an_unread_item_is_not_reported_as_safe(form: str) -> None:
    unread = gap_in_words("hv2", "connection refused", GapAbout.HYPERVISOR)
    text = FORMS[form].write(remedy(server(tx_checksum=State.OFF), gaps=(unread,)))

    assert "No interface is known to be at risk; not everything was read.\n" in text
    none = plan(Report(inventory=msgspec.structs.replace(fleet(), hypervisors=())))
    assert "No interface is known to be at risk; not everything was read.\n" in FORMS[form].write(none)


def test_facts_to_find_out_come_first() -> None:
    text = FORMS["shell"].write(remedy(server(), hosts=(host(kernel=None),)))

    assert text.index("Facts to find out first") < text.index("uname -r") < text.index("set -eu")


def test_a_capture_is_not_read_again_to_see_that_it_worked() -> None:
    live = FORMS["shell"].write(remedy(server(source="ssh://root@sat")))
    saved = FORMS["shell"].write(remedy(server(source="file:sat.txt")))

    assert "virtscan servers --server satellite:eth0=ssh://root@sat\n" in live
    assert "virtscan servers --server satellite:eth0=ssh://root@HOST\n" in saved


def test_further_servers_that_put_an_interface_at_risk_are_named() -> None:
    text = FORMS["shell"].write(remedy(server("a"), server("b", interface="eth1")))

    assert "hv1 web01 52:54:00:00:01:01 (latent); also at risk because of b" in text


def test_the_document_states_how_to_find_out_a_missing_fact() -> None:
    judged = correlate(fleet(server(tx_checksum=State.UNKNOWN, reason=failure("no answer"))))

    questions = document(plan(judged), judged, "shell")["questions"]

    assert {tuple(question) for question in questions} == {("where", "missing", "how", "interfaces")}
    assert any("ethtool -k eth0" in question["how"] for question in questions)


@pytest.mark.parametrize("form", FORMS)
def test_the_document_holds_the_plan_and_the_steps(form: str) -> None:
    inventory = fleet(server(), server("fixed", interface="eth1", features=STUCK))
    gap = gap_in_words(subject="hv9", reason="no answer", about=GapAbout.HYPERVISOR)

    judged = correlate(msgspec.structs.replace(inventory, gaps=(gap,)))

    told = document(plan(judged), judged, form)

    assert list(told) == [
        "schema", "version", "taken_at", "form", "cost", "afterwards", "changes", "questions", "gaps",
    ]  # fmt: skip
    assert (told["schema"], told["form"], told["taken_at"]) == ("virtscan.remedy/1", form, "2026-11-22T02:00:00Z")
    stuck, planned = told["changes"]
    assert (stuck["fixed"], stuck["steps"]) == (True, None)
    assert (planned["server"], planned["server_interface"], planned["device_kind"], planned["tx_checksum"]) == (
        "satellite", "eth0", "ethernet", "on",
    )  # fmt: skip
    assert list(planned["steps"]) == ["now", "lasting", "means", "check", "undo"]
    assert planned["interfaces_at_risk"][0] == {
        "hypervisor": "hv1",
        "domain": "web01",
        "index": 0,
        "mac": "52:54:00:00:01:01",
        "source_device": "bond2",
        "exposure": "latent",
        "others": ["fixed"],
        "others_total": 1,
    }
    assert told["afterwards"] == {"at-risk": 2, "unknown": 0}
    assert [(gap["subject"], gap["reason"]) for gap in told["gaps"]] == [("hv9", "no answer")]


def test_the_document_lists_every_device_to_switch() -> None:
    half = bonded(part("eth0", later=State.OFF), part("eth1", mac="02:00:00:00:00:0b", permanent="02:00:00:00:00:0c"))

    (planned,) = document(remedy(half), correlate(fleet(half)))["changes"]

    assert (planned["server_interface"], planned["device_kind"]) == ("bond0", None)
    assert planned["devices"] == [
        {"device": "eth0", "device_kind": "ethernet", "mac": None, "now": True, "lasting": False},
        {"device": "eth1", "device_kind": "ethernet", "mac": "02:00:00:00:00:0c", "now": True, "lasting": True},
    ]
    assert "eth0" not in planned["steps"]["lasting"]


def test_the_steps_of_the_document_hold_the_whole_check() -> None:
    assert FORMS["shell"].steps(change()).check.endswith("\n}\n\ncheck_paths eth0\n")


def test_a_script_holds_the_functions_of_the_check_once() -> None:
    text = FORMS["shell"].write(remedy(server("a"), server("b", interface="eth1")))

    assert (text.count("check_paths() {"), text.count("    check_paths eth")) == (1, 2)


def test_a_text_names_three_of_many_servers_behind_another() -> None:
    text = FORMS["shell"].write(remedy(*(server(f"s{number}") for number in range(6))))

    assert "; also at risk because of s1, s2, s3 and 2 more\n" in text
