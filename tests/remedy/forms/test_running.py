"""What is printed, run for real by the test on a machine of its own."""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.build import server
from tests.remedy.forms.machine import CARD, Machine
from tests.remedy.plans import mac, remedy
from virtscan.model import Feature, Persistence, Server, State
from virtscan.offload.ethtool import parse_features, tx_checksum
from virtscan.offload.persistence import Evidence, forecast
from virtscan.remedy import FORMS

pytestmark = pytest.mark.slow

ADDRESS = "02:00:00:00:00:10"
LOOK = f"\necho; echo =====; ethtool -k {CARD}"
IFCFG = f"/etc/sysconfig/network-scripts/ifcfg-{CARD}"
NMCLI = 'nmcli() { echo "nmcli $*" >&2; case $1 in -g) echo 1bf6baeb-74bf-4dac-8c1b-413d80ba9fbd;; esac; }\n'
PLAYBOOK = Path(sys.executable).parent / "ansible-playbook"
IN_SHELL = [form for form in FORMS if form != "ansible"]


def serving(**more: Any) -> Server:
    return server(**({"interface": CARD, "macs": mac(ADDRESS)} | more))


def printed(form: str, *servers: Server) -> str:
    return FORMS[form].write(remedy(*servers or (serving(),)))


def undoing(text: str) -> str:
    """The commands that a script shows for undoing it."""
    return "".join(line.removeprefix("#") + "\n" for line in text.partition("# To undo it:\n")[2].splitlines())


def state_in(done: subprocess.CompletedProcess[str]) -> State:
    return tx_checksum(parse_features(done.stdout.partition("=====\n")[2], CARD).features)


def lasting(machine: Machine, *, udev: int = 252) -> Persistence:
    """What our own forecast makes of the files on the machine."""
    return forecast(
        Evidence(files=machine.files(), udev=udev), device=CARD, macs=(ADDRESS,), features={}, now=State.OFF
    )


@pytest.mark.parametrize("form", IN_SHELL)
def test_the_printed_script_turns_it_off_and_what_it_shows_for_undoing_on_again(form: str, machine: Machine) -> None:
    machine.write(IFCFG, f"DEVICE={CARD}\nONBOOT=yes")
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
        ("shell", f"/etc/udev/rules.d/99-virtscan-{CARD}.rules"),
        ("ifcfg", f"ETHTOOL_OPTS in {IFCFG}"),
        ("systemd", f"TransmitChecksumOffload in /etc/systemd/network/10-virtscan-{CARD}.link"),
    ],
)
def test_what_the_script_writes_is_recognised_as_lasting(form: str, where: str, machine: Machine) -> None:
    machine.write(IFCFG, f"DEVICE={CARD}\nONBOOT=yes")

    assert lasting(machine).tx_checksum is State.ON
    machine.run(printed(form))
    first = machine.files()
    assert lasting(machine) == Persistence(tx_checksum=State.OFF, setting=f"{where}: off")
    machine.run(printed(form))
    assert machine.files() == first


def test_the_profile_that_nmcli_is_told_to_change_is_recognised_as_lasting(machine: Machine) -> None:
    done = machine.run(NMCLI + printed("nmcli"))

    assert done.stderr.splitlines() == [
        f"nmcli -g GENERAL.CON-UUID device show {CARD}",
        "nmcli connection modify 1bf6baeb-74bf-4dac-8c1b-413d80ba9fbd ethtool.feature-tx off",
    ]
    # As `nmcli --offline connection add type ethernet … ethtool.feature-tx off` of NetworkManager 1.42.4 wrote it.
    profile = f"[connection]\nid=x\ntype=ethernet\ninterface-name={CARD}\n\n[ethtool]\nfeature-tx=false\n"
    path = "/etc/NetworkManager/system-connections/x.nmconnection"
    told = forecast(Evidence(files={path: profile}), device=CARD, macs=(), features={}, now=State.OFF)
    assert told.tx_checksum is State.OFF


def test_a_device_without_a_profile_stops_the_script(machine: Machine) -> None:
    done = machine.run("nmcli() { :; }\n" + printed("nmcli"))

    assert done.returncode != 0
    assert "NetworkManager has no profile" in done.stderr


@pytest.mark.skipif(shutil.which("nmcli") is None, reason="there is no nmcli here")
@pytest.mark.parametrize("value", ["off", "ignore"])
def test_network_manager_knows_the_property(value: str) -> None:
    words = ["type", "ethernet", "con-name", "x", "ifname", CARD, "ethtool.feature-tx", value]
    done = subprocess.run(["nmcli", "--offline", "connection", "add", *words], capture_output=True, check=False)

    assert done.returncode == 0


def test_a_link_file_can_ask_the_device_for_its_address(machine: Machine) -> None:
    machine.run(printed("systemd", serving(macs=())))

    (text,) = machine.files().values()
    assert re.search(r"^PermanentMACAddress=([0-9a-f]{2}:){5}[0-9a-f]{2}$", text, re.MULTILINE)


def test_other_options_in_an_ifcfg_file_are_left_alone(machine: Machine) -> None:
    machine.write(IFCFG, 'ETHTOOL_OPTS="wol d"\n')

    done = machine.run(printed("ifcfg"))

    assert done.returncode == 1
    assert f"; -K {CARD} tx off" in done.stderr
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
    named = machine.run(NMCLI + text + LOOK, INTERFACE=CARD)

    assert refused.returncode != 0
    assert "name the device that serves" in refused.stderr
    assert state_in(named) is State.OFF


@pytest.mark.parametrize("form", ["shell", "ifcfg", "systemd"])
def test_a_named_device_gets_the_same_files_as_a_known_one(form: str, machine: Machine) -> None:
    machine.write(IFCFG, "")

    machine.run(printed(form, serving(interface=None)), INTERFACE=CARD)

    assert lasting(machine).tx_checksum is State.OFF


def test_of_several_servers_each_gets_its_own_part_and_none_without_its_name(machine: Machine) -> None:
    text = printed("shell", serving(name="sat'ellite"), serving(name="cobbler", interface="v1", macs=()))

    refused = machine.run(text)
    first = machine.run(text + LOOK, SERVER="sat'ellite")
    files = machine.files()
    second = machine.run(text + LOOK, SERVER="cobbler")
    nobody = machine.run(text + LOOK, SERVER="depot")

    assert refused.returncode != 0
    assert "name the one that this is" in refused.stderr
    assert [state_in(done) for done in (first, second, nobody)] == [State.OFF, State.ON, State.ON]
    assert list(files) == [f"/etc/udev/rules.d/99-virtscan-{CARD}.rules"]
    assert len(machine.files()) == 2


def test_a_device_that_refuses_is_noticed_although_ethtool_ends_with_0(machine: Machine) -> None:
    # Found on ethtool 6.1: on a macvlan it ends with 0 and changes nothing.
    setup = f"ip link add link {CARD} name mv0 type macvlan mode bridge\nethtool -K mv0 tx off; echo $?\n"

    done = machine.run(setup + printed("shell", serving(interface="mv0")))

    assert done.returncode == 1
    assert "still on" in done.stderr
    assert machine.files() == {}


def test_what_was_off_stays_off_when_it_is_undone(machine: Machine) -> None:
    features = {
        "tx-checksum-ip-generic": Feature(state=State.ON),
        "tx-checksum-sctp": Feature(state=State.OFF),
    }
    script = printed("shell", serving(features=features))

    done = machine.run(f"ethtool -K {CARD} tx-checksum-sctp off\n" + script + undoing(script) + LOOK)

    settings = parse_features(done.stdout.partition("=====\n")[2], CARD).features
    assert settings["tx-checksum-ip-generic"].state is State.ON
    assert settings["tx-checksum-sctp"].state is State.OFF


def test_what_is_off_already_is_only_made_to_last(machine: Machine) -> None:
    back = Persistence(tx_checksum=State.ON, setting="no lasting setting")
    script = printed("shell", serving(tx_checksum=State.OFF, persistence=back))

    done = machine.run(script + LOOK)

    assert state_in(done) is State.ON
    assert lasting(machine).tx_checksum is State.OFF
    assert "tx on" not in script


def test_segmentation_offload_goes_and_comes_with_it_as_the_text_says(machine: Machine) -> None:
    script = printed("shell")
    name = "tx-tcp-segmentation"

    off = parse_features(machine.run(script + LOOK).stdout.partition("=====\n")[2], CARD).features[name]
    on = parse_features(machine.run(script + undoing(script) + LOOK).stdout.partition("=====\n")[2], CARD).features[
        name
    ]

    assert (off, on) == (Feature(state=State.OFF, requested=State.ON), Feature(state=State.ON))
    assert "segmentation" in script


def test_the_playbook_turns_it_off_for_good_and_undoes_it_when_asked(machine: Machine, tmp_path: Path) -> None:
    playbook = tmp_path / "remedy.yml"
    playbook.write_text(printed("ansible", serving(interface=None)))
    play = (
        f"export ANSIBLE_HOME={tmp_path}/home ANSIBLE_LOCALHOST_WARNING=False\n"
        f"{PLAYBOOK} -i satellite, -c local -e ansible_become=false "
        f"-e ansible_python_interpreter={sys.executable} -e interface={CARD} {playbook}"
    )

    done = machine.run(f"{play}{LOOK}")
    told = lasting(machine)
    again = machine.run(f"ethtool -K {CARD} tx off\n{play}\n{play} --tags undo{LOOK}")

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
    assert "name it: -e interface=" in done.stdout + done.stderr
    assert machine.files() == {}
