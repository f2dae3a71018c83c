"""Cures of servers on a macvlan of the hypervisor, whose offload can't be switched off."""

import pytest

from tests.build import bond, macvlan, nic, read_server, sends
from tests.correlator.scenes import SERVING, satellite, scene
from virtscan.correlator.servers.cure import as_judged, cure_of
from virtscan.correlator.servers.sending import sending
from virtscan.correlator.servers.server_index import ServerIndex
from virtscan.model import Mac, Server, State

DEVICES = (
    macvlan("mv0", "bond2", mac=Mac(SERVING)),
    bond("bond2"),
    nic("eth4", mac=Mac("b4:96:91:00:00:04")),
    nic("eth5", mac=Mac("b4:96:91:00:00:05")),
)
READ = read_server(sends(DEVICES[0]), *(sends(device, State.OFF) for device in DEVICES[1:]))


@pytest.mark.parametrize("server", [satellite(interface=None), satellite(), READ])
def test_a_server_on_a_macvlan_of_its_hypervisor_has_no_cure(server: Server) -> None:
    fleet = ServerIndex(scene(servers=(server,), host_devices=DEVICES)).fleet
    stack = sending(server)

    assert as_judged(stack, fleet).tx is State.ON
    assert cure_of(stack, fleet).fixed == ("mv0",)
    assert not cure_of(stack, fleet).is_complete
