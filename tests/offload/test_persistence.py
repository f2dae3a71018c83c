"""The setting after the next reboot, as far as files decide it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from virtscan.model import Feature, Persistence, State
from virtscan.model.facts.persistence import FixedByDriver, FoundSetting, OnIsRequested, SettingPlace, SettingsFound
from virtscan.offload.persistence import Evidence, forecast
from virtscan.views.wording.settings import setting_words

ON, OFF, UNKNOWN = State.ON, State.OFF, State.UNKNOWN

MAC = "52:54:00:aa:bb:cc"
VIRTIO_ON = {
    "tx-checksumming": Feature(state=ON),
    "tx-checksum-ipv4": Feature(state=OFF, fixed=True),
    "tx-checksum-ip-generic": Feature(state=ON),
}
VIRTIO_OFF = VIRTIO_ON | {
    "tx-checksumming": Feature(state=OFF),
    "tx-checksum-ip-generic": Feature(state=OFF),
}
OLD_OFF = {"tx-checksumming": Feature(state=OFF)}

KEYFILE = "/etc/NetworkManager/system-connections/eth0.nmconnection"
OTHER_KEYFILE = "/etc/NetworkManager/system-connections/other.nmconnection"
IFCFG = "/etc/sysconfig/network-scripts/ifcfg-eth0"
LINK = "/etc/systemd/network/10-tx.link"
DEFAULT_LINK = "/usr/lib/systemd/network/99-default.link"
INTERFACES = "/etc/network/interfaces"
ENABLED = "multi-user.target.wants/tx.service"
STARTED = frozenset(
    {ENABLED, *(f"{ENABLED[:-10]}{unit}.service" for unit in ("NetworkManager", "network", "networking"))}
)


def after_reboot(
    files: dict[str, str] | None = None,
    features: dict[str, Feature] = VIRTIO_OFF,
    now: State = OFF,
    udev: int | None = 252,
    unreadable: tuple[str, ...] = (),
    device: str = "eth0",
    **more: Any,
) -> Persistence:
    facts = {"executable": frozenset(files or {}), "wanted": STARTED} | more
    evidence = Evidence(files=files or {}, udev=udev, unreadable=unreadable, **facts)
    return forecast(evidence, device=device, macs=(MAC,), features=features, now=now)


def one_setting(place: SettingPlace, state: State) -> SettingsFound:
    return SettingsFound(settings=(FoundSetting(place=place, state=state),))


# ------------------------------------------------------------------ without a file that decides


def test_state_set_by_hand_is_on_again_after_a_reboot() -> None:
    result = after_reboot({IFCFG: "DEVICE=eth0\n", DEFAULT_LINK: "[Match]\nOriginalName=*\n"})

    assert result.tx_checksum is ON
    words = setting_words(result.setting)
    assert words.startswith("no persistent setting in NetworkManager, ifcfg, systemd.link, ifupdown")
    assert words.endswith("; ethtool -K alone is lost at the next reboot")


def test_state_on_without_a_setting_stays_on() -> None:
    result = after_reboot(features=VIRTIO_ON, now=ON)

    assert result.tx_checksum is ON
    assert "ethtool -K" not in setting_words(result.setting)


def test_state_fixed_by_the_driver_stays() -> None:
    fixed_off = {name: Feature(state=OFF, fixed=True) for name in ("tx-checksum-ipv4", "tx-checksum-ip-generic")}

    assert after_reboot(features=fixed_off) == Persistence(tx_checksum=OFF, setting=FixedByDriver())


def test_a_setting_that_is_off_against_the_request_may_come_back() -> None:
    wanted = VIRTIO_OFF | {"tx-checksum-ip-generic": Feature(state=OFF, requested=ON)}

    assert after_reboot(features=wanted) == Persistence(setting=OnIsRequested())


def test_a_file_that_can_not_be_read_may_hold_the_setting() -> None:
    result = after_reboot(unreadable=(KEYFILE,))

    assert result == Persistence(tx_checksum=UNKNOWN, setting=SettingsFound(unread=(KEYFILE,)))


def test_a_setting_that_was_read_counts_although_another_file_could_not_be() -> None:
    result = after_reboot({IFCFG: 'DEVICE=eth0\nETHTOOL_OPTS="-K eth0 tx off"'}, unreadable=(KEYFILE,))

    assert result.tx_checksum is OFF


def test_an_unknown_state_without_a_lasting_setting_stays_unknown() -> None:
    assert after_reboot(features={}, now=UNKNOWN).tx_checksum is UNKNOWN


# ------------------------------------------------------------------ NetworkManager


def keyfile(ethtool: str, head: str = "type=ethernet\ninterface-name=eth0", more: str = "") -> str:
    return f"[connection]\nid=x\n{head}\n\n[ethtool]\n{ethtool}\n{more}"


@pytest.mark.parametrize(
    ("ethtool", "features", "state"),
    [
        ("feature-tx=false", VIRTIO_OFF, OFF),
        ("feature-tx=false", VIRTIO_ON, OFF),
        ("feature-tx=false", OLD_OFF, OFF),
        ("feature-tx = false", VIRTIO_OFF, OFF),
        ("feature-tx=0", VIRTIO_OFF, OFF),
        ("feature-tx=true", VIRTIO_OFF, ON),
        ("feature-tx-checksum-ip-generic=false", VIRTIO_OFF, OFF),
        ("feature-tx-checksum-ip-generic=true", VIRTIO_OFF, ON),
        # Only the half that the driver has not: nothing comes of it.
        ("feature-tx-checksum-ipv4=false", VIRTIO_OFF, ON),
        ("feature-tx-checksum-ipv4=true", VIRTIO_OFF, ON),
        # Which half the driver has is not known.
        ("feature-tx-checksum-ip-generic=false", OLD_OFF, UNKNOWN),
        ("feature-tx-checksum-ip-generic=false\nfeature-tx-checksum-ipv4=false", OLD_OFF, OFF),
        # A feature's own name counts for more than the word for all.
        ("feature-tx-checksum-ip-generic=true\nfeature-tx=false", VIRTIO_OFF, ON),
        ("feature-tx-checksum-ip-generic=false\nfeature-tx=true", VIRTIO_OFF, OFF),
        # Others do not matter for UDP over IPv4.
        ("feature-tx-checksum-ipv6=false", VIRTIO_OFF, ON),
        ("feature-tx-checksum-sctp=false\nfeature-rx=false\nring-tx=0", VIRTIO_OFF, ON),
        ("#feature-tx=false", VIRTIO_OFF, ON),
        # NetworkManager ignores a name that it does not know, and an invalid value of another feature.
        ("feature-tx-checksumming=false", VIRTIO_OFF, ON),
        ("feature-tx=false\nfeature-rx=perhaps", VIRTIO_OFF, OFF),
        ("feature-tx=perhaps", VIRTIO_OFF, UNKNOWN),
        # No boolean of GLib.
        ("feature-tx=off", VIRTIO_OFF, UNKNOWN),
    ],
)
def test_a_profile_of_network_manager_lasts(ethtool: str, features: dict[str, Feature], state: State) -> None:
    assert after_reboot({KEYFILE: keyfile(ethtool)}, features).tx_checksum is state


def test_a_profile_has_no_effect_where_network_manager_is_masked() -> None:
    result = after_reboot({KEYFILE: keyfile("feature-tx=false")}, aliases={"NetworkManager.service": "null"})

    assert result.tx_checksum is ON


def test_the_setting_names_its_file() -> None:
    result = after_reboot({KEYFILE: keyfile("feature-tx=false")})

    assert result == Persistence(
        tx_checksum=OFF, setting=one_setting(SettingPlace(files=(KEYFILE,), key="[ethtool]"), OFF)
    )


@pytest.mark.parametrize(
    ("head", "more", "fits"),
    [
        ("type=ethernet\ninterface-name=eth0", "", True),
        ("type=bond\ninterface-name=eth0", "", True),
        ("type=ethernet", "", True),
        ("type=802-3-ethernet", "", True),
        ("type=ethernet", f"[ethernet]\nmac-address={MAC.upper()}", True),
        ("type=ethernet", "[ethernet]\nmac-address=52:54:00:00:00:01", False),
        ("type=ethernet\ninterface-name=eth0", "[ethernet]\nmac-address=52:54:00:00:00:01", False),
        ("type=ethernet\ninterface-name=eth1", "", False),
        ("type=ethernet\ninterface-name=eth0\nautoconnect=false", "", False),
        ("type=wifi", "", False),
        ("", "", False),
    ],
)
def test_a_profile_counts_only_for_the_device_that_it_fits(head: str, more: str, fits: bool) -> None:
    result = after_reboot({KEYFILE: keyfile("feature-tx=false", head, more)})

    assert result.tx_checksum is (OFF if fits else ON)


def test_several_profiles_count_as_far_as_they_agree() -> None:
    off, unset = keyfile("feature-tx=false"), keyfile("")

    assert after_reboot({KEYFILE: off, OTHER_KEYFILE: off}).tx_checksum is OFF
    differing = after_reboot({KEYFILE: off, OTHER_KEYFILE: unset})
    assert differing.tx_checksum is UNKNOWN
    assert differing.setting == one_setting(SettingPlace(files=(KEYFILE,), key="[ethtool]", profiles=2), UNKNOWN)


# ------------------------------------------------------------------ ifcfg


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ('ETHTOOL_OPTS="-K eth0 tx off"', OFF),
        ("ETHTOOL_OPTS='--offload ${DEVICE} rx off tx off gro on'", UNKNOWN),
        # NetworkManager expands no variables, initscripts do.
        ('export ETHTOOL_OPTS="--features $DEVICE tx-checksumming off"', UNKNOWN),
        ('NM_CONTROLLED=no\nexport ETHTOOL_OPTS="--features $DEVICE tx-checksumming off"', OFF),
        ('NM_CONTROLLED=no\nETHTOOL_OPTS="-G eth0 rx 4096; -K ${DEVICE} tx off"', OFF),
        # The variables of initscripts are set after the file was read.
        ('NM_CONTROLLED=no\nETHTOOL_OPTS="-K ${REALDEVICE} tx off"', UNKNOWN),
        ('NM_CONTROLLED=no\nETHTOOL_OPTS="-K ${DEVICE} tx off"\nDEVICE=eth0', UNKNOWN),
        # A name of ethtool alone.
        ('ETHTOOL_OPTS="-K eth0 tx-checksumming off"', UNKNOWN),
        ('ETHTOOL_OPTS="-K eth0 tx off; -K eth0 tx on"', ON),
        ('ETHTOOL_OPTS="-K eth0 tx on"', ON),
        ('ETHTOOL_OPTS="-K eth0 tx"', ON),
        ('ETHTOOL_OPTS="-K eth1 tx off"', ON),
        ('ETHTOOL_OPTS="-K eth0 rx off"', ON),
        ('ETHTOOL_OPTS="autoneg off speed 1000"', ON),
        ('ETHTOOL_OPTS="-K $ANY tx off"', UNKNOWN),
        ('# ETHTOOL_OPTS="-K eth0 tx off"', ON),
        ('ETHTOOL_OPTS="-K eth0 tx off', UNKNOWN),
        ("ETHTOOL_OPTS", ON),
        (f'DEVICE=eth0\nHWADDR="{MAC.upper()}"\nETHTOOL_OPTS="-K eth0 tx off"', OFF),
        (f'DEVICE=\nHWADDR="{MAC.upper()}"\nETHTOOL_OPTS="-K eth0 tx off"', OFF),
        # The device gets the other name, or initscripts refuse it.
        (f'DEVICE=eth7\nHWADDR="{MAC.upper()}"\nETHTOOL_OPTS="-K eth0 tx off"', UNKNOWN),
        # Without a device initscripts do nothing, and NetworkManager takes any.
        ('DEVICE=\nETHTOOL_OPTS="-K eth0 tx off"', UNKNOWN),
        # The file of another device may well run before this device is there.
        ('DEVICE=eth7\nETHTOOL_OPTS="-K eth0 tx off"', UNKNOWN),
        ('DEVICE=eth7\nETHTOOL_OPTS="-K eth7 tx off"', ON),
    ],
)
def test_ethtool_opts_of_an_ifcfg_file_last(text: str, state: State) -> None:
    named = text if "DEVICE=" in text else f"DEVICE=eth0\n{text}"
    assert after_reboot({IFCFG: named}).tx_checksum is state


@pytest.mark.parametrize("name", ["ifcfg-eth0.bak", "ifcfg-eth0~", "ifcfg-eth0.rpmsave", "ifcfg-eth0.orig"])
def test_a_backup_of_a_file_is_ignored(name: str) -> None:
    files = {f"/etc/sysconfig/network-scripts/{name}": 'DEVICE=eth0\nETHTOOL_OPTS="-K eth0 tx off"'}

    assert after_reboot(files).tx_checksum is ON


def test_an_ifcfg_file_is_matched_by_the_device_in_it() -> None:
    files = {"/etc/sysconfig/network-scripts/ifcfg-uplink": 'DEVICE="eth0"\nETHTOOL_OPTS="-K eth0 tx off"'}

    place = SettingPlace(files=tuple(files), key="ETHTOOL_OPTS")
    assert after_reboot(files) == Persistence(tx_checksum=OFF, setting=one_setting(place, OFF))


# ------------------------------------------------------------------ systemd.link


def link(match: str = f"MACAddress={MAC}", value: str = "TransmitChecksumOffload=no") -> str:
    return f"[Match]\n{match}\n\n[Link]\n{value}\n"


@pytest.mark.parametrize(
    ("match", "device", "state"),
    [
        (f"MACAddress=00:11:22:33:44:55 {MAC}", "eth0", OFF),
        (f"PermanentMACAddress={MAC.upper().replace(':', '-')}", "eth0", OFF),
        (f"MACAddress={'.'.join(MAC.replace(':', '')[place : place + 4] for place in (0, 4, 8))}", "eth0", OFF),
        ("MACAddress=00:11:22:33:44:55", "eth0", ON),
        ("OriginalName=*", "ens3", OFF),
        ("OriginalName=eth0", "eth0", OFF),
        ("OriginalName=lan* eth*", "eth0", OFF),
        ("OriginalName=eth1", "eth0", ON),
        ("OriginalName=eth1\nOriginalName=eth0", "eth0", OFF),
        ("OriginalName=eth1\n[Match]\nOriginalName=eth0", "eth0", OFF),
        ("OriginalName=eth0\nOriginalName=", "eth0", ON),
        (f"MACAddress={MAC}\nMACAddress=00:11:22:33:44:55", "eth0", OFF),
        (f"MACAddress={MAC.replace(':', '')}", "eth0", ON),
        # The name that it had before it got this one is not known.
        ("OriginalName=eth0", "ens3", UNKNOWN),
        ("OriginalName=!eth0", "eth0", UNKNOWN),
        ("Driver=virtio_net", "eth0", UNKNOWN),
        (f"MACAddress={MAC}\nDriver=virtio_net", "eth0", UNKNOWN),
        ("MACAddress=00:11:22:33:44:55\nDriver=virtio_net", "eth0", ON),
        ("", "eth0", ON),
    ],
)
def test_a_link_file_counts_for_the_device_that_it_fits(match: str, device: str, state: State) -> None:
    assert after_reboot({LINK: link(match)}, device=device).tx_checksum is state


def test_a_link_file_for_a_mac_may_fit_a_device_of_unknown_mac() -> None:
    evidence = Evidence(files={LINK: link()}, udev=252)

    assert forecast(evidence, device="eth0", macs=(), features=VIRTIO_OFF, now=OFF).tx_checksum is UNKNOWN


@pytest.mark.parametrize(
    ("value", "state"),
    [
        ("no", OFF),
        ("false", OFF),
        ("0", OFF),
        ("off", OFF),
        ("yes", ON),
        ("true", ON),
        ("1", ON),
        ("", ON),
        ("x", UNKNOWN),
        ('"no"', UNKNOWN),
    ],
)
def test_a_link_file_takes_systemds_booleans(value: str, state: State) -> None:
    assert after_reboot({LINK: link(value=f"TransmitChecksumOffload={value}")}).tx_checksum is state


def test_the_first_link_file_that_fits_is_the_only_one() -> None:
    first, later = "/usr/lib/systemd/network/05-a.link", "/etc/systemd/network/50-b.link"

    assert after_reboot({first: link(value="Alias=x"), later: link()}).tx_checksum is ON
    assert after_reboot({later: link(value="Alias=x"), first: link()}).tx_checksum is OFF


def test_a_link_file_that_may_fit_before_another_leaves_the_outcome_open() -> None:
    maybe = "/usr/lib/systemd/network/05-usb.link"
    result = after_reboot({maybe: link("Path=*-usb-*", "Alias=x"), LINK: link()})

    assert result.tx_checksum is UNKNOWN
    assert after_reboot({maybe: link("Path=*-usb-*"), LINK: link()}).tx_checksum is OFF


def test_a_link_file_replaces_one_of_the_same_name() -> None:
    files = {"/usr/lib/systemd/network/10-tx.link": link(), "/run/systemd/network/10-tx.link": link(value="Alias=x")}

    assert after_reboot(files).tx_checksum is ON
    assert after_reboot(files | {LINK: link()}).tx_checksum is OFF
    assert after_reboot(files | {LINK: ""}).tx_checksum is ON


def test_a_drop_in_adds_to_a_link_file() -> None:
    files = {DEFAULT_LINK: "[Match]\nOriginalName=*\n[Link]\nNamePolicy=keep\n"}
    drop_in = "/etc/systemd/network/99-default.link.d/tx.conf"

    place = SettingPlace(files=(DEFAULT_LINK,), key="TransmitChecksumOffload")
    result = after_reboot(files | {drop_in: "[Link]\nTransmitChecksumOffload=off\n"})
    assert result == Persistence(tx_checksum=OFF, setting=one_setting(place, OFF))


def test_a_drop_in_begins_with_a_section_of_its_own() -> None:
    drop_in = "/etc/systemd/network/10-tx.link.d/tx.conf"

    assert after_reboot({LINK: link(value="Alias=x"), drop_in: "TransmitChecksumOffload=off\n"}).tx_checksum is ON
    assert after_reboot({LINK: link(value="Alias=x \\\nTransmitChecksumOffload=off")}).tx_checksum is ON


def test_an_old_udev_ignores_the_setting_and_a_missing_version_leaves_it_unknown() -> None:
    assert after_reboot({LINK: link()}, udev=245).tx_checksum is OFF
    assert after_reboot({LINK: link()}, udev=239).tx_checksum is ON
    assert after_reboot({LINK: link()}, udev=None).tx_checksum is UNKNOWN


# ------------------------------------------------------------------ ifupdown, scripts, units


@pytest.mark.parametrize(
    ("lines", "state"),
    [
        ("offload-tx off", OFF),
        ("offload-tx on", ON),
        ("offload-tx-checksum-ip-generic off", OFF),
        ("offload-rx off", ON),
        ("post-up ethtool -K eth0 tx off", OFF),
        ("up /sbin/ethtool -K $IFACE tx off gso off || true", OFF),
        ('pre-up ethtool --offload "${IFACE}" rx off tx off', OFF),
        ("post-up ethtool -K eth1 tx off", ON),
        ("# post-up ethtool -K eth0 tx off", ON),
        ("autoconf 0\n    offload-tx off", OFF),
        ("auto eth1\n    offload-tx off", ON),
        ("iface eth1 inet dhcp\n    offload-tx off", ON),
        ("iface eth0 inet6 auto\n    offload-tx off", OFF),
    ],
)
def test_the_stanzas_of_the_device_in_the_interfaces_file_last(lines: str, state: State) -> None:
    text = f"auto eth0\niface eth0 inet dhcp\n    {lines}\n"

    assert after_reboot({INTERFACES: text}).tx_checksum is state
    files = {INTERFACES: "source /etc/network/interfaces.d/*\n", f"{INTERFACES}.d/eth0": text}
    assert after_reboot(files).tx_checksum is state
    assert after_reboot(files | {INTERFACES: "auto lo\n"}).tx_checksum is ON


@pytest.mark.parametrize(
    ("path", "line", "state"),
    [
        ("/etc/rc.local", "/sbin/ethtool -K eth0 tx off", OFF),
        ("/etc/rc.d/rc.local", "ethtool -K eth0 rx off tx off >/dev/null 2>&1 && echo done", OFF),
        ("/etc/rc.local", "for d in eth0 eth1; do ethtool -K $d tx off; done", OFF),
        ("/etc/rc.local", "ethtool -K eth1 tx off", ON),
        ("/etc/rc.local", "ethtool -k eth0", ON),
        ("/etc/rc.local", "true # ethtool -K eth0 tx off", ON),
        ("/etc/systemd/system/tx.service", "[Service]\nExecStart=/usr/sbin/ethtool -K eth0 tx off", OFF),
        ("/etc/udev/rules.d/50-tx.rules", 'ACTION=="add", NAME=="eth0", RUN+="/sbin/ethtool -K eth0 tx off"', UNKNOWN),
        ("/etc/udev/rules.d/50-tx.rules", 'SUBSYSTEM=="net", RUN+="/sbin/ethtool -K $name tx off"', UNKNOWN),
        ("/etc/NetworkManager/dispatcher.d/30-tx", 'ethtool -K "$1" tx off', UNKNOWN),
        ("/etc/NetworkManager/dispatcher.d/30-tx", 'ethtool -K "$1" gro off', ON),
        ("/home/user/rc.local", "ethtool -K eth0 tx off", ON),
    ],
)
def test_a_script_that_runs_at_boot_lasts_where_it_names_the_device(path: str, line: str, state: State) -> None:
    first = "" if path.startswith("/etc/systemd/") else "#!/bin/sh\n"
    assert after_reboot({path: f"{first}{line}\n"}).tx_checksum is state


def test_mechanisms_that_contradict_each_other_leave_the_outcome_open() -> None:
    result = after_reboot(
        {IFCFG: 'DEVICE=eth0\nETHTOOL_OPTS="-K eth0 tx off"', LINK: link(value="TransmitChecksumOffload=yes")}
    )

    assert result.tx_checksum is UNKNOWN
    assert setting_words(result.setting) == f"ETHTOOL_OPTS in {IFCFG}: off; TransmitChecksumOffload in {LINK}: on"


@pytest.mark.long
@given(
    st.dictionaries(
        st.sampled_from([KEYFILE, IFCFG, LINK, DEFAULT_LINK, INTERFACES, "/etc/rc.local", "/etc/x\n[", ""]),
        st.lists(
            st.sampled_from(["[Match]", "[ethtool]", "iface eth0", "ethtool -K", "ETHTOOL_OPTS='", "=", "eth0 tx off"])
            | st.text(max_size=20)
        ).map("\n".join),
    )
)
def test_any_file_is_parsed_or_leaves_the_outcome_unknown(files: dict[str, str]) -> None:
    assert after_reboot(files).setting
