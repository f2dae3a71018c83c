"""Printed scripts, run on real devices."""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.build import server
from tests.remedy.forms.machine import NIC, Machine
from tests.remedy.plans import mac, remedy
from tests.remedy.stacks import part, stacked
from virtscan.model import DeviceKind, Feature, Persistence, Server, State
from virtscan.model.facts.persistence import SettingInWords
from virtscan.offload.ethtool import parse_features, tx_checksum
from virtscan.offload.persistence import Evidence, forecast
from virtscan.remedy import FORMS
from virtscan.remedy.forms.check import FUNCTIONS, call
from virtscan.views.wording.settings import setting_words

pytestmark = pytest.mark.slow

ADDRESS = "02:00:00:00:00:10"
LOOK = f"\necho; echo =====; ethtool -k {NIC}"
IFCFG = f"/etc/sysconfig/network-scripts/ifcfg-{NIC}"
NMCLI = 'nmcli() { echo "nmcli $*" >&2; case $1 in -g) echo 1bf6baeb-74bf-4dac-8c1b-413d80ba9fbd;; esac; }\n'
PLAYBOOK = Path(sys.executable).parent / "ansible-playbook"
IN_SHELL = [form for form in FORMS if form != "ansible"]


def serving(**more: Any) -> Server:
    return server(**({"interface": NIC, "macs": mac(ADDRESS)} | more))


def printed(form: str, *servers: Server) -> str:
    return FORMS[form].write(remedy(*servers or (serving(),)))


def undoing(text: str) -> str:
    """The commands that a script shows for undoing it."""
    return "".join(line.removeprefix("#") + "\n" for line in text.partition("# To undo it:\n")[2].splitlines())


def state_in(done: subprocess.CompletedProcess[str]) -> State:
    return tx_checksum(parse_features(done.stdout.partition("=====\n")[2], NIC).features)


def lasting(machine: Machine, *, udev: int = 252) -> Persistence:
    """Return the forecast of virtscan for the files on the machine."""
    return forecast(Evidence(files=machine.files(), udev=udev), device=NIC, macs=(ADDRESS,), features={}, now=State.OFF)


@pytest.mark.parametrize("form", IN_SHELL)
def test_the_script_turns_offload_off_and_its_undo_commands_turn_it_on_again(form: str, machine: Machine) -> None:
    machine.write(IFCFG, f"DEVICE={NIC}\nONBOOT=yes")
    script = printed(form)

    before = machine.run(LOOK)
    done = machine.run(NMCLI + script + LOOK)
    undone = machine.run(NMCLI + script + undoing(script) + LOOK)

    assert (done.returncode, undone.returncode) == (0, 0), done.stderr + undone.stderr
    assert [state_in(each) for each in (before, done, undone)] == [State.ON, State.OFF, State.ON]
    assert undone.stdout.partition("=====\n")[2] == before.stdout.partition("=====\n")[2]
    assert [text for text in machine.files().values() if "tx off" in text or "Offload" in text] == []


@pytest.mark.parametrize(
    ("form", "where"),
    [
        ("shell", f"/etc/udev/rules.d/99-virtscan-{NIC}.rules"),
        ("ifcfg", f"ETHTOOL_OPTS in {IFCFG}"),
        ("systemd", f"TransmitChecksumOffload in /etc/systemd/network/00-virtscan-{NIC}.link"),
    ],
)
def test_setting_written_by_the_script_is_recognised_as_persistent(form: str, where: str, machine: Machine) -> None:
    machine.write(IFCFG, f"DEVICE={NIC}\nONBOOT=yes")

    assert lasting(machine).tx_checksum is State.ON
    machine.run(printed(form))
    first = machine.files()
    result = lasting(machine)
    assert (result.tx_checksum, setting_words(result.setting)) == (State.OFF, f"{where}: off")
    machine.run(printed(form))
    assert machine.files() == first


def test_the_link_file_comes_before_the_one_of_netplan(machine: Machine) -> None:
    text = (
        f"network:\n  version: 2\n  ethernets:\n    {NIC}:\n      match:\n        macaddress: {ADDRESS}\n"
        f"      set-name: {NIC}\n      dhcp4: true\n"
    )
    machine.run(printed("systemd"))
    evidence = Evidence(files=machine.files() | {"/etc/netplan/50-cloud-init.yaml": text}, udev=252)
    result = forecast(evidence, device=NIC, macs=(ADDRESS,), features={}, now=State.OFF)

    assert result.tx_checksum is State.OFF


def test_the_profile_changed_by_nmcli_is_recognised_as_lasting(machine: Machine) -> None:
    done = machine.run(NMCLI + printed("nmcli"))

    assert done.stderr.splitlines() == [
        f"nmcli -g GENERAL.CON-UUID device show {NIC}",
        "nmcli connection modify 1bf6baeb-74bf-4dac-8c1b-413d80ba9fbd ethtool.feature-tx off",
    ]
    # As `nmcli --offline connection add type ethernet … ethtool.feature-tx off` of NetworkManager 1.42.4 wrote it.
    profile = f"[connection]\nid=x\ntype=ethernet\ninterface-name={NIC}\n\n[ethtool]\nfeature-tx=false\n"
    path = "/etc/NetworkManager/system-connections/x.nmconnection"
    told = forecast(Evidence(files={path: profile}), device=NIC, macs=(), features={}, now=State.OFF)
    assert told.tx_checksum is State.OFF


def test_a_device_without_a_profile_stops_the_script(machine: Machine) -> None:
    done = machine.run("nmcli() { :; }\n" + printed("nmcli"))

    assert done.returncode != 0
    assert "NetworkManager has no profile" in done.stderr


@pytest.mark.skipif(shutil.which("nmcli") is None, reason="nmcli: not installed")
@pytest.mark.parametrize("value", ["off", "ignore"])
def test_network_manager_has_the_property(value: str) -> None:
    words = ["type", "ethernet", "con-name", "x", "ifname", NIC, "ethtool.feature-tx", value]
    done = subprocess.run(["nmcli", "--offline", "connection", "add", *words], capture_output=True, check=False)

    assert done.returncode == 0


def test_a_link_file_can_match_the_permanent_address(machine: Machine) -> None:
    machine.run(printed("systemd", serving(macs=())))

    (text,) = machine.files().values()
    assert re.search(r"^PermanentMACAddress=([0-9a-f]{2}:){5}[0-9a-f]{2}$", text, re.MULTILINE)


def test_other_options_in_an_ifcfg_file_are_left_alone(machine: Machine) -> None:
    machine.write(IFCFG, 'ETHTOOL_OPTS="wol d"\n')

    done = machine.run(printed("ifcfg"))

    assert done.returncode == 1
    assert f"; -K {NIC} tx off" in done.stderr
    assert machine.files()[IFCFG] == 'ETHTOOL_OPTS="wol d"\n'


def test_no_ifcfg_file_is_made_where_there_is_none(machine: Machine) -> None:
    done = machine.run(printed("ifcfg"))

    assert done.returncode == 1
    assert "use another form" in done.stderr
    assert machine.files() == {}


@pytest.mark.parametrize("form", IN_SHELL)
def test_without_a_named_device_the_script_does_nothing(form: str, machine: Machine) -> None:
    machine.write(IFCFG, "")
    text = printed(form, serving(interface=None))

    refused = machine.run(NMCLI + text)
    named = machine.run(NMCLI + text + LOOK, INTERFACE=NIC)

    assert refused.returncode != 0
    assert "set it to the serving interface" in refused.stderr
    assert state_in(named) is State.OFF


@pytest.mark.parametrize("form", ["shell", "ifcfg", "systemd"])
def test_a_named_device_gets_the_same_files_as_a_known_one(form: str, machine: Machine) -> None:
    machine.write(IFCFG, f"DEVICE={NIC}\n")

    machine.run(printed(form, serving(interface=None)), INTERFACE=NIC)

    assert lasting(machine).tx_checksum is State.OFF


def test_each_of_several_servers_gets_its_own_part_and_none_without_its_name(machine: Machine) -> None:
    text = printed("shell", serving(name="sat'ellite"), serving(name="cobbler", interface="v1", macs=()))

    refused = machine.run(text)
    first = machine.run(text + LOOK, SERVER="sat'ellite")
    files = machine.files()
    second = machine.run(text + LOOK, SERVER="cobbler")
    unknown = machine.run(f"trap 'ethtool -k {NIC}' EXIT; echo =====\n{text}", SERVER="satellite")

    assert refused.returncode != 0
    assert "set it to the name of this one" in refused.stderr
    assert (unknown.returncode, unknown.stderr) == (2, "SERVER=satellite: no server of this script has this name\n")
    assert [state_in(done) for done in (first, second, unknown)] == [State.OFF, State.ON, State.ON]
    assert list(files) == [f"/etc/udev/rules.d/99-virtscan-{NIC}.rules"]
    assert len(machine.files()) == 2


def test_a_device_that_refuses_is_noticed_although_ethtool_ends_with_0(machine: Machine) -> None:
    # Found on ethtool 6.1: on a macvlan it ends with 0 and changes nothing.
    setup = f"ip link add link {NIC} name mv0 type macvlan mode bridge\nethtool -K mv0 tx off; echo $?\n"

    done = machine.run(setup + printed("shell", serving(interface="mv0")))

    assert done.returncode == 1
    assert "still on" in done.stderr
    assert machine.files() == {}


def test_features_that_were_off_stay_off_after_the_undo(machine: Machine) -> None:
    features = {
        "tx-checksum-ip-generic": Feature(state=State.ON),
        "tx-checksum-sctp": Feature(state=State.OFF),
    }
    script = printed("shell", serving(features=features))

    done = machine.run(f"ethtool -K {NIC} tx-checksum-sctp off\n" + script + undoing(script) + LOOK)

    settings = parse_features(done.stdout.partition("=====\n")[2], NIC).features
    assert settings["tx-checksum-ip-generic"].state is State.ON
    assert settings["tx-checksum-sctp"].state is State.OFF


def test_device_that_is_already_off_gets_only_the_persistent_step(machine: Machine) -> None:
    back = Persistence(tx_checksum=State.ON, setting=SettingInWords(text="no persistent setting"))
    script = printed("shell", serving(tx_checksum=State.OFF, persistence=back))

    done = machine.run(script + LOOK)

    assert state_in(done) is State.ON
    assert lasting(machine).tx_checksum is State.OFF
    assert "tx on" not in script


def test_segmentation_offload_is_switched_with_it_as_documented(machine: Machine) -> None:
    script = printed("shell")
    name = "tx-tcp-segmentation"

    off = parse_features(machine.run(script + LOOK).stdout.partition("=====\n")[2], NIC).features[name]
    on = parse_features(machine.run(script + undoing(script) + LOOK).stdout.partition("=====\n")[2], NIC).features[name]

    assert (off, on) == (Feature(state=State.OFF, requested=State.ON), Feature(state=State.ON))
    assert "segmentation" in script


@pytest.mark.long
def test_the_playbook_turns_offload_off_persistently_and_reverts_it_on_request(
    machine: Machine, tmp_path: Path
) -> None:
    playbook = tmp_path / "remedy.yml"
    playbook.write_text(printed("ansible", serving(interface=None)))
    play = (
        f"export ANSIBLE_HOME={tmp_path}/home ANSIBLE_LOCALHOST_WARNING=False\n"
        f"{PLAYBOOK} -i satellite, -c local -e ansible_become=false "
        f"-e ansible_python_interpreter={sys.executable} -e interface={NIC} {playbook}"
    )

    done = machine.run(f"{play}{LOOK}")
    told = lasting(machine)
    again = machine.run(f"ethtool -K {NIC} tx off\n{play}\n{play} --tags undo{LOOK}")

    assert state_in(done) is State.OFF, done.stdout
    assert "changed=2" in done.stdout
    assert told.tx_checksum is State.OFF
    assert "changed=0" in again.stdout
    assert state_in(again) is State.ON
    assert machine.files() == {}


def test_a_playbook_without_a_named_device_does_nothing(machine: Machine, tmp_path: Path) -> None:
    playbook = tmp_path / "remedy.yml"
    playbook.write_text(printed("ansible", serving(interface=None)))

    done = machine.run(
        f"ANSIBLE_HOME={tmp_path}/home {PLAYBOOK} -i satellite, -c local -e ansible_become=false "
        f"-e ansible_python_interpreter={sys.executable} {playbook}"
    )

    assert done.returncode != 0
    assert "no serving interface named; add -e interface=DEVICE" in done.stdout + done.stderr
    assert machine.files() == {}


BRIDGE = (
    "ip link add br0 type bridge",
    "ip link add p0 type veth peer name w0",
    "ip link add p1 type veth peer name w1",
    "ip link set p0 master br0",
    "ip link set p1 master br0",
)
PORTS = stacked(
    part("br0", DeviceKind.BRIDGE, ["p0", "p1"]),
    part("p0", DeviceKind.VETH),
    part("p1", DeviceKind.VETH),
    interface="br0",
)
PORT_FILES = "".join(f"echo DEVICE={port} >/etc/sysconfig/network-scripts/ifcfg-{port}\n" for port in ("p0", "p1"))


def checked(machine: Machine, commands: str, *, top: str = "br0") -> subprocess.CompletedProcess[str]:
    """Run commands on a bridge with two ports, then the check of the way out."""
    machine.devices = BRIDGE
    return machine.run(f"{commands}\n{FUNCTIONS}{call(top)}")


def off(*names: str) -> str:
    return "\n".join(f"ethtool -K {name} tx off" for name in names)


@pytest.mark.parametrize("form", IN_SHELL)
def test_a_script_switches_every_port_and_its_undo_switches_them_on_again(form: str, machine: Machine) -> None:
    machine.devices = BRIDGE
    script = PORT_FILES + NMCLI + printed(form, PORTS)
    look = "\nfor port in br0 p0 p1; do ethtool -k $port | grep -c 'tx-checksum-ip-generic: on'; done || true"

    done = machine.run(f"{script}\necho =====;{look}")
    files = machine.files()
    undone = machine.run(f"{script}{undoing(script)}\necho =====;{look}")

    assert (done.returncode, undone.returncode) == (0, 0), done.stderr + undone.stderr
    assert done.stdout.partition("=====\n")[2].split() == ["1", "0", "0"]
    assert undone.stdout.partition("=====\n")[2].split() == ["1", "1", "1"]
    if form != "nmcli":
        for port in ("p0", "p1"):
            assert any(port in path and ("tx off" in text or "Offload" in text) for path, text in files.items())


@pytest.mark.parametrize(
    ("switched", "still_open"),
    [
        ((), ["br0>p0", "br0>p1"]),
        (("p0",), ["br0>p1"]),
        (("p1",), ["br0>p0"]),
        (("p0", "p1"), []),
        (("br0",), []),
    ],
)
def test_the_check_fails_while_a_path_has_offload_on(
    switched: tuple[str, ...], still_open: list[str], machine: Machine
) -> None:
    done = checked(machine, off(*switched))

    found = re.findall(r"^on \w+ (\S+)$", done.stderr, re.MULTILINE)
    assert (done.returncode, found) == (1 if still_open else 0, still_open)


def test_the_check_begins_at_the_bridge_of_a_named_port(machine: Machine) -> None:
    assert checked(machine, off("p0"), top="p0").returncode == 1
    assert checked(machine, off("p0", "p1"), top="p0").returncode == 0


def test_the_check_finds_a_member_that_was_added_since(machine: Machine) -> None:
    machine.devices = (*BRIDGE, f"ip link set {NIC} master br0")

    done = machine.run(printed("shell", PORTS))

    assert done.returncode == 1
    assert f"on virtual br0>{NIC}" in done.stderr
    assert machine.files() == {}


def test_the_check_does_not_count_the_parent_of_a_macvlan_as_a_path(machine: Machine) -> None:
    commands = "ip link add link br0 name mv0 type macvlan mode bridge\n" + off("br0", "p0", "p1")

    done = checked(machine, commands, top="mv0")

    assert done.returncode == 1
    assert "on NIC mv0" in done.stderr


@pytest.mark.parametrize("commands", ["ethtool() { return 71; }", "ethtool() { echo 'Features for x:'; }"])
def test_the_check_fails_for_unreadable_devices(commands: str, machine: Machine) -> None:
    assert checked(machine, f"{off('p0', 'p1')}\n{commands}").returncode == 1


def test_the_check_fails_if_it_finds_no_path(machine: Machine) -> None:
    assert machine.run(f"{FUNCTIONS}paths() {{ :; }}\n{call(NIC)}").returncode == 1


def test_the_check_leaves_out_ports_of_local_guests_beside_a_nic(machine: Machine) -> None:
    devices = "mkdir -p /mnt/net/br0/brif/eth0 /mnt/net/br0/brif/vnet0 /mnt/net/eth0/device /mnt/net/vnet0"
    ethtool = 'ethtool() { [ "$2" = "$OFF" ] && echo "tx-checksumming: off"; }'
    script = f"{devices}\n{ethtool}\n{FUNCTIONS.replace('/sys/class/net', '/mnt/net')}{call('br0')}"

    assert machine.run(script, OFF="eth0").returncode == 0
    assert machine.run(script, OFF="vnet0").stderr.splitlines()[0] == "on NIC br0>eth0"


def test_the_check_counts_a_missing_device_as_on(machine: Machine) -> None:
    assert checked(machine, "", top="gone0").returncode == 1


def test_the_check_reads_the_members_of_an_old_bond_and_vlan(machine: Machine) -> None:
    """A 2.6 kernel has no lower_* links: its bonds list slaves, its VLANs are in /proc/net/vlan/config."""
    old = (
        "mkdir -p /mnt/net/bond0/bonding /mnt/net/eth0 /mnt/net/eth1 /mnt/net/bond0.7 && "
        "echo 'eth0 eth1' >/mnt/net/bond0/bonding/slaves && "
        "printf '%s\\n' 'Name-Type: VLAN_NAME_TYPE' 'bond0.7        | 7  | bond0' >/mnt/config\n"
        'ethtool() { case $2 in $OFF) echo "tx-checksumming: off" ;; *) echo "tx-checksumming: on" ;; esac; }\n'
    )
    functions = FUNCTIONS.replace("/sys/class/net", "/mnt/net").replace("/proc/net/vlan/config", "/mnt/config")

    def check(off: str) -> subprocess.CompletedProcess[str]:
        return machine.run(f"{old}\n{functions}{call('bond0.7')}", OFF=off)

    assert check("eth0").stderr.splitlines()[0] == "on virtual bond0.7>bond0>eth1"
    assert check("eth[01]").returncode == 0


@pytest.mark.long
def test_the_playbook_switches_every_port_and_fails_while_a_path_has_offload_on(
    machine: Machine, tmp_path: Path
) -> None:
    playbook = tmp_path / "remedy.yml"
    playbook.write_text(printed("ansible", PORTS))
    play = (
        f"export ANSIBLE_HOME={tmp_path}/home ANSIBLE_LOCALHOST_WARNING=False\n"
        f"{PLAYBOOK} -i satellite, -c local -e ansible_become=false "
        f"-e ansible_python_interpreter={sys.executable} {playbook}"
    )
    machine.devices = BRIDGE

    done = machine.run(play)
    files = machine.files()
    machine.devices = (*BRIDGE, f"ip link set {NIC} master br0")
    refused = machine.run(play)

    assert done.returncode == 0, done.stdout
    assert [path for path in files if path.endswith(("-p0.rules", "-p1.rules"))] == list(files)
    assert refused.returncode != 0
    assert f"br0>{NIC}" in refused.stdout
