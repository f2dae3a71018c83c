"""The real Cobbler, started here: what we work out is what it works out itself."""

from collections.abc import Iterator

import pytest

from tests.harness.cobblerd import Cobblerd, running_cobblerd
from tests.provisioning.cobbler.rpc import read

pytestmark = [pytest.mark.system, pytest.mark.long]


@pytest.fixture(scope="module")
def cobblerd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cobblerd]:
    with running_cobblerd(tmp_path_factory.mktemp("cobblerd")) as running:
        running.make("distro", name="linux", arch="x86_64", **running.boot_files)
        running.make("profile", name="own", distro="linux", next_server_v4="10.1.1.1")
        running.make("subprofile", name="below", parent="own")
        running.make("profile", name="plain", distro="linux")
        for number, (profile, netboot, fields) in enumerate(
            [
                ("below", True, {}),
                ("plain", False, {}),
                ("plain", True, {"next_server_v4": "10.9.9.9"}),
                ("own", True, {"next_server_v4": ""}),
            ]
        ):
            running.make(
                "system",
                name=f"web{number}",
                profile=profile,
                netboot_enabled=netboot,
                interfaces={"eth0": f"52:54:00:00:00:{number:02x}", "eth1": f"52:54:00:00:01:{number:02X}"},
                **fields,
            )
        running.make("system", name="nomac", profile="plain", netboot_enabled=True, interfaces={"eth0": ""})
        yield running


def test_systems_of_a_real_cobbler_are_read_with_inherited_values(cobblerd: Cobblerd) -> None:
    records = read(cobblerd.url)

    assert records.gaps == ()
    assert [(netboot.system, netboot.mac, netboot.pending, netboot.server) for netboot in records.netboots] == [
        (f"web{number}", f"52:54:00:00:0{interface}:0{number}", pending, server)
        for number, pending, server in [
            (0, True, "10.1.1.1"),
            (1, False, None),
            (2, True, "10.9.9.9"),
            (3, True, None),
        ]
        for interface in (0, 1)
    ]


def test_inherited_values_are_those_of_cobbler_itself(cobblerd: Cobblerd) -> None:
    told = {netboot.system: netboot.server for netboot in read(cobblerd.url).netboots}
    own = {name: cobblerd.api.get_blended_data("", name)["next_server_v4"] for name in told}

    assert own == {"web0": "10.1.1.1", "web1": "127.0.0.1", "web2": "10.9.9.9", "web3": ""}
    # Its default server serves no system, and no address is left out of the DHCP option that all get.
    assert told == {name: None if server in {"127.0.0.1", ""} else server for name, server in own.items()}


def test_switching_netboot_off_shows_at_once(cobblerd: Cobblerd) -> None:
    cobblerd.make("system", name="once", profile="plain", netboot_enabled=True, interfaces={"a": "52:54:00:00:02:00"})
    before = {netboot.system: netboot.pending for netboot in read(cobblerd.url).netboots}
    cobblerd.switch_off("once")
    after = {netboot.system: netboot.pending for netboot in read(cobblerd.url).netboots}
    cobblerd.remove("once")

    assert (before["once"], after["once"]) == (True, False)
