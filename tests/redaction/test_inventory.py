import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.build import (
    TAKEN_AT,
    bridge,
    bridged,
    domain,
    failure,
    hypervisor,
    inventory,
    macvtap,
    nic,
    server,
    tap,
    vlan,
)
from tests.conftest import PROJECT
from tests.reporters.reading import text_of
from virtscan.changes import remembering
from virtscan.cli.history.earlier import news_of
from virtscan.correlator import correlate
from virtscan.correlator.devices.nic import belongs_to_a_nic
from virtscan.correlator.judging import judge
from virtscan.errors import InventoryError
from virtscan.explain import document, explain, find, text
from virtscan.model import (
    Backing,
    Device,
    DeviceKind,
    DeviceName,
    Disk,
    Gap,
    GapAbout,
    HostStatus,
    Hypervisor,
    Inventory,
    LostDomain,
    Mac,
    Netboot,
    Offload,
    Persistence,
    Policy,
    ProvisioningKind,
    RememberedPlace,
    Resources,
    ScanFacts,
    ServerDevice,
    State,
    Subnet,
    UnreadHost,
    Verdict,
    Waiver,
)
from virtscan.model.facts.persistence import FoundSetting, SettingInWords, SettingPlace, SettingsFound
from virtscan.model.gaps import AnyCause, AnyItem
from virtscan.model.gaps.causes import BadDocument, Consequence, DefinedTwice, Failure, NoAnswer, NotInReport
from virtscan.model.gaps.items import DefinitionFile, GuestDomain, NamedDevice, OtherItem, SystemHost, SystemList
from virtscan.redaction import Map, Pseudonyms, dump_map, load_map, redact
from virtscan.redaction.forms import WITHHELD
from virtscan.remedy import plan
from virtscan.reporters import REPORTERS
from virtscan.storage import dumps
from virtscan.views import EVERYTHING, VIEWS
from virtscan.views.wording.gaps import reason, subject

FRESH = Map(key="secret")

SECRETS = (
    "kvm7",
    "example.com",
    "alice",
    "carol",
    "web01",
    "52:54:00:93:76:af",
    "52:54:00:aa:bb:cc",
    "00:25:90:00:00",
    "00:1b:21:00:00",
    "52:54:00:77",
    "4c4c4544",
    "bob",
    "10.77.1.5",
    "satellite",
    "2001:db8:7::5",
    "boots.ex",
    "3c:fd:fe",
    "4c4c4544",
    "foreman fore",
)

NAMED_PLACE = SettingPlace(
    files=("/home/bob/udev",), key="ATTR{address}==52:54:00:77:00:01", caller="/home/alice/rc.local", profiles=2
)


def with_a_name_in_every_field() -> Inventory:
    """An inventory with a name in every field that can hold one."""
    bond = Device(
        name=DeviceName("bond2"),
        mac=Mac("52:54:00:00:00:02"),
        permanent_mac=Mac("00:25:90:00:00:01"),
        addresses=("10.77.1.5/24", "2001:db8:7::5/64", "fe80::1/64"),
    )
    disks = (Disk(path="/srv/images-of-carol/a.img"), Disk(pool="pool-of-carol", volume="volume-of-carol"))
    resources = Resources(description="Carol's shop", disks=disks, machine="pc-q35-7.2")
    host = hypervisor(
        "kvm7.example.com",
        domain("web01", macvtap(), uuid="0439a4a8-db56-4933-9183-d8681d7b0746", resources=resources),
        domain("satellite", macvtap(mac="52:54:00:aa:bb:cc"), origin="/home/alice/web01.xml"),
        domain("lone", bridged(mac="52:54:00:aa:bb:dd")),
        uri="qemu+ssh://alice@kvm7.example.com/system",
        devices=(bond, nic("eth4")),
        kernel="2.6.32-279.el6.x86_64",
        system_uuid="4c4c4544-0042-3010-8051-b4c04f4c4c31",
    )
    sends = Device(name=DeviceName("eth0"), permanent_mac=Mac("00:1b:21:00:00:01"), addresses=("10.77.1.5/24",))
    setting = Persistence(
        setting=SettingsFound(
            settings=(FoundSetting(place=NAMED_PLACE, state=State.OFF),),
            unread=("/home/bob/52:54:00:77:00:01",),
            unclear=("/home/bob/kvm7.example.com",),
        )
    )
    stack = ServerDevice(
        device=sends,
        offload=Offload(reason=failure("bob@satellite: refused 10.77.1.5, /home/bob"), persistence=setting),
    )
    satellite = server(
        source="ssh://alice@satellite.example.com",
        macs=(Mac("52:54:00:aa:bb:cc"),),
        addresses=("10.77.1.9/24",),
        subnets=("10.77.1.0/24",),
        persistence=Persistence(setting=SettingInWords(text="connection satellite of /home/alice")),
        declared_macs=(Mac("52:54:00:77:00:02"),),
        runs_on="kvm7.example.com",
        system_uuid="4c4c4544-0042-3010-8051-b4c04f4c4c32",
        devices=(stack,),
    )
    gap = Gap(
        item=GuestDomain(uri="qemu+ssh://alice@kvm7.example.com/system", domain="web01"),
        cause=failure("KVM7 says: no route from 10.77.1.5 to 2001:db8:7::5"),
        about=GapAbout.DOMAIN,
        hypervisor="kvm7.example.com",
    )
    return inventory(
        host,
        servers=(satellite,),
        netboots=(
            Netboot(
                mac=Mac("52:54:00:93:76:af"),
                system="web01",
                pending=True,
                source="cobbler https://boots.example.com/cobbler_api",
                server="10.77.1.9",
            ),
        ),
        subnets=(
            Subnet(name="pxe", network="10.77.1.0/24", source="foreman fore", servers=("satellite.example.com",)),
        ),
        gaps=(gap,),
        policy=Policy(waivers=(Waiver(reason="web01 boots from ISO", domain="web*", hypervisor="kvm?.example.com"),)),
    )


def test_no_name_is_left_anywhere() -> None:
    redacted, _ = redact(with_a_name_in_every_field(), FRESH)

    text = dumps(redacted).decode().lower()
    assert [secret for secret in SECRETS if secret in text] == []


FOREMAN = "https://karl@fore.example.org:8443/x"


@pytest.mark.parametrize(
    ("item", "cause", "says"),
    [
        (
            GuestDomain(uri="qemu+ssh://alice@kvm7.example.com/system", domain="lost one"),
            Failure(detail="no domain with matching name 'lost one'"),
            f"qemu+ssh://user1@host1.zone1.zone2/system domain vm4: {WITHHELD}",
        ),
        (DefinitionFile(path="/home/alice/lost.xml#2"), BadDocument(detail="is empty"), f"path2#2: {WITHHELD}"),
        (
            DefinitionFile(path="dumps/lost.xml"),
            DefinedTwice(network="pxe", first="dumps/found.xml"),
            "path2: network 'pxe' is defined differently in path3; both are ignored",
        ),
        (
            SystemHost(system_kind=ProvisioningKind.FOREMAN, system=FOREMAN, host="lost.example.net"),
            Failure(detail="hosts/7 returned 500", consequence=Consequence.PRIMARY_INTERFACE),
            (
                "foreman https://user2@host3.zone1.zone4:8443/path2 interfaces of host vm4.zone1.zone2: "
                f"{WITHHELD}; the primary one is used instead"
            ),
        ),
        (
            SystemList(system_kind=ProvisioningKind.FOREMAN, system="fore.example.org", list="subnets", number=7),
            NoAnswer(seconds=30),
            "foreman host3.zone1.zone3 subnets #7: no answer within 30 s; check the host, or raise --host-timeout",
        ),
        (
            NamedDevice(uri="qemu+ssh://alice@kvm7.example.com/system", device=DeviceName("bond2")),
            NotInReport(),
            "qemu+ssh://user1@host1.zone1.zone2/system device bond2: not in the report",
        ),
        (OtherItem(text="domain web01"), Failure(detail="gone"), "[details withheld]: [details withheld]"),
    ],
)
def test_names_that_only_a_gap_has_are_replaced(item: AnyItem, cause: AnyCause, says: str) -> None:
    gap = Gap(item=item, cause=cause, about=GapAbout.DOMAIN)
    redacted, known = redact(msgspec.structs.replace(with_a_name_in_every_field(), gaps=(gap,)), FRESH)

    (shown,) = redacted.gaps
    assert f"{subject(shown)}: {reason(shown)}" == says
    assert redact(msgspec.structs.replace(with_a_name_in_every_field(), gaps=(gap,)), known)[0] == redacted


def test_the_files_that_a_uri_or_a_source_names_are_not_left() -> None:
    host = hypervisor("kvm7", uri="qemu+libssh://kvm7/system?keyfile=/srv/keys/karl&mode=legacy")
    sources = ("sosreport:karl.tar.xz", "file:/srv/karl/eth0.txt", "on")
    servers = tuple(server(f"s{number}", source=source) for number, source in enumerate(sources))

    redacted, _ = redact(inventory(host, servers=servers), FRESH)
    assert redacted.hypervisors[0].uri == "qemu+libssh://host1/system?keyfile=path1&mode=legacy"
    assert [server.source for server in redacted.servers] == ["sosreport:path2", "file:path3", "on"]


def test_verdicts_and_waivers_are_those_of_the_original() -> None:
    original = correlate(with_a_name_in_every_field()).findings
    redacted = correlate(redact(with_a_name_in_every_field(), FRESH)[0]).findings

    def judged(findings: object) -> list[tuple[object, ...]]:
        return sorted(
            (finding.rule, finding.verdict.value, finding.confidence.value, finding.waived is not None)
            for finding in findings  # type: ignore[attr-defined]  # a report's findings
        )

    assert judged(redacted) == judged(original)
    assert any(waived for *_, waived in judged(original))


def test_equal_names_have_equal_pseudonyms() -> None:
    redacted, known = redact(with_a_name_in_every_field(), FRESH)

    (host,) = redacted.hypervisors
    assert redacted.servers[0].macs == (host.domains[1].interfaces[0].mac,)
    assert redacted.servers[0].name == host.domains[1].name
    assert redacted.gaps[0].hypervisor == host.name == "host1.zone1.zone2"
    assert [known.names[part] for part in ("kvm7", "example", "com")] == host.name.split(".")
    assert redacted.netboots[0].mac == host.domains[0].interfaces[0].mac


def test_addresses_keep_their_subnets_and_their_kind() -> None:
    redacted, _ = redact(with_a_name_in_every_field(), FRESH)

    mine, other, link_local = redacted.hypervisors[0].devices[0].addresses
    assert mine.startswith("10.")
    assert mine.rsplit(".", 1)[0] == redacted.servers[0].subnets[0].rsplit(".", 1)[0]
    assert mine.endswith("/24")
    assert other != "2001:db8:7::5/64"
    assert link_local.startswith("fe80::")
    assert link_local != "fe80::1/64"


def test_the_same_map_gives_the_same_pseudonyms_and_new_ones_for_new_names() -> None:
    first, known = redact(with_a_name_in_every_field(), FRESH)
    again, known_again = redact(with_a_name_in_every_field(), known)

    assert (again, known_again) == (first, known)

    more = inventory(hypervisor("kvm8.example.com", domain("web02", macvtap(mac="52:54:00:00:00:99"))))
    redacted, grown = redact(more, known)
    assert redacted.hypervisors[0].name not in known.names.values()
    assert set(known.names.items()) < set(grown.names.items())
    assert len(set(grown.names.values())) == len(grown.names)


def test_text_that_only_looks_like_an_address_stays() -> None:
    looks = "version 999.1.2.3, at 10:20:30"

    assert Pseudonyms(FRESH).condition(looks) == looks


def test_pseudonyms_keep_common_prefixes() -> None:
    pseudonyms = Pseudonyms(FRESH)

    short, full, other = (pseudonyms.name("host", name) for name in ("SAT", "sat.example.com", "sat.example.net"))
    assert full.split(".")[:2] == other.split(".")[:2]
    assert full.split(".")[0] == short
    assert len({short, full, other}) == 3


@pytest.mark.parametrize("address", ["10.77.1.5", "2001:db8:7::5", "2001:db8:1:2:3:4:5:6", "FE80::AA"])
@pytest.mark.parametrize("said", ["to {}.", "to {}: refused", "({})", "[{}]:22", "{}/24, {}", "{}"])
def test_an_address_is_found_wherever_a_sentence_ends(said: str, address: str) -> None:
    pseudonyms = Pseudonyms(FRESH)

    plain = pseudonyms.condition(address)
    assert plain.casefold() != address.casefold()
    assert pseudonyms.condition(said.format(address, address)) == said.format(plain, plain)


def test_another_key_gives_other_addresses() -> None:
    first, _ = redact(with_a_name_in_every_field(), FRESH)
    second, _ = redact(with_a_name_in_every_field(), Map(key="another"))

    assert first.hypervisors[0].devices[0].addresses != second.hypervisors[0].devices[0].addresses


def test_a_device_that_is_named_with_a_mac_has_that_of_the_pseudonym() -> None:
    name = "enx002590000001"
    device = nic(name, mac=Mac("00:25:90:00:00:01"))
    host = hypervisor(
        "kvm7", domain("web01", macvtap(name)), devices=(device, vlan(f"{name}.100", name)), segments={name: "pxe"}
    )

    (redacted,) = redact(inventory(host), FRESH)[0].hypervisors
    first, second = redacted.devices
    assert first.mac is not None
    assert first.name == "enx" + first.mac.replace(":", "") != name
    assert (second.name, second.lower) == (f"{first.name}.100", (first.name,))
    assert redacted.segments == {first.name: "pxe"}
    assert redacted.domains[0].interfaces[0].source == first.name


def test_a_tap_that_is_named_for_its_vm_has_one_pseudonym_wherever_it_is() -> None:
    guests = domain("web01", bridged(target="web01")), domain("db01", bridged(target="db-nic"))
    taps = tap("web01"), tap("db-nic")
    host = hypervisor("kvm7", *guests, devices=(bridge("br0", "web01", "db-nic"), *taps))

    (redacted,) = redact(inventory(host), FRESH)[0].hypervisors
    names = redacted.domains[0].interfaces[0].target, redacted.domains[1].interfaces[0].target
    assert names == (redacted.domains[0].name, "target1") == ("vm1", "target1")
    assert redacted.devices[0].lower == names == tuple(device.name for device in redacted.devices[1:])


def test_a_tap_whose_name_differs_in_case_from_its_vm_has_the_pseudonym_too() -> None:
    guest = domain("Shopweb", bridged(target="shopweb"))
    host = hypervisor("kvm7", guest, devices=(bridge("br0", "shopweb"), tap("shopweb")))

    (redacted,) = redact(inventory(host), FRESH)[0].hypervisors

    target = redacted.domains[0].interfaces[0].target
    assert (target or "").startswith(f"{redacted.domains[0].name}-")
    assert redacted.devices[0].lower == (redacted.devices[1].name,) == (target,)


@pytest.mark.parametrize("names", [("web", "Web", "WEB"), ("br-Web", "br-web"), ("lan.Example.com", "lan.example.com")])
def test_names_that_differ_only_in_case_stay_different_and_the_same_in_all_inventories(names: tuple[str, ...]) -> None:
    host = hypervisor("kvm7.example.com", domain("web", bridged()), segments=dict(zip(names, names, strict=True)))

    redacted, known = redact(inventory(host), FRESH)
    again, _ = redact(inventory(msgspec.structs.replace(host, segments={names[-1]: names[-1]})), known)

    segments = redacted.hypervisors[0].segments
    assert len(segments) == len({*segments.values()}) == len(names)
    assert [*segments] == [*segments.values()]
    assert segments.items() >= again.hypervisors[0].segments.items()
    assert not [name for name in ("web", "example") if name in dumps(redacted).decode().casefold()]


@pytest.mark.parametrize("vm_name", ["shopweb", "Shopweb.example.com"])
def test_a_tap_is_renamed_if_its_name_is_known_as_that_of_a_host(vm_name: str) -> None:
    host = hypervisor("kvm7", domain(vm_name, bridged()), devices=(tap("shopweb"),))
    known = Map(key="secret", names={"kvm7": "host1", "shopweb": "host2"})

    (redacted,) = redact(inventory(host), known)[0].hypervisors

    assert redacted.devices[0].name == "host2"


@pytest.mark.parametrize("tap_name", ["shopweb", "shop-nic"])
@pytest.mark.parametrize("is_lost", [False, True])
@pytest.mark.parametrize("is_merged", [False, True])
def test_the_tap_of_a_vm_that_only_an_earlier_scan_read_is_renamed(
    tap_name: str, *, is_merged: bool, is_lost: bool
) -> None:
    vm = domain("shopweb", bridged(target="shop-nic"))
    unread = (UnreadHost(hypervisor="kvm7", since=TAKEN_AT, last=hypervisor("kvm7", vm)),)
    lost = (LostDomain(hypervisor="kvm7", domain=vm),)
    earlier = ScanFacts(taken_at=TAKEN_AT, **({"lost": lost} if is_lost else {"unread": unread}))
    listing = server(devices=(ServerDevice(device=tap(tap_name)),))
    scanned = inventory(servers=(listing,), unread=earlier.unread, lost=earlier.lost)
    if is_merged:
        scanned = msgspec.structs.replace(scanned, unread=(), lost=(), merged=(earlier,))

    redacted, _ = redact(scanned, FRESH)

    assert redacted.servers[0].devices[0].device.name == ("vm1" if tap_name == "shopweb" else "target1")


@pytest.mark.parametrize(
    "facts",
    [
        {"netboots": (Netboot(mac=Mac("52:54:00:00:00:09"), system="shopweb.example.com", pending=True, source="x"),)},
        {
            "places": (
                RememberedPlace(server="s", interface=None, hypervisor="h", observed_at=TAKEN_AT, domain="ShopWeb"),
            )
        },
        {
            "gaps": (
                Gap(item=GuestDomain(uri="test:///x", domain="shopweb"), cause=NotInReport(), about=GapAbout.DOMAIN),
            )
        },
        {
            "gaps": (
                Gap(item=OtherItem(text=""), cause=BadDocument(detail="", domains=("shopweb",)), about=GapAbout.DOMAIN),
            )
        },
        {"servers": (server("shopweb"),)},
        {"subnets": (Subnet(name="pxe", network="10.77.1.0/24", source="x", servers=("shopweb.example.com",)),)},
    ],
)
@pytest.mark.parametrize("name", ["shopweb", "SHOPWEB.example.com", "shopweb.100"])
def test_no_device_or_network_is_named_like_a_machine(facts: dict[str, Any], name: str) -> None:
    host = hypervisor(
        "kvm7",
        domain("db01", macvtap(name)),
        devices=(tap(name),),
        site=name,
        segments={name: name},
        reflective=(name,),
    )

    shown = dumps(redact(msgspec.structs.replace(inventory(host), **facts), FRESH)[0]).decode()

    assert "shopweb" not in shown.casefold()


@pytest.mark.parametrize(
    "name",
    [
        "10.77.1.0/24", "pxe-10.77.1.0", "10.77.1.5.100", "net-52:54:00:AA:bb:cc", "52-54-00-aa-bb-cc", "2001:db8:7::",
        "lan 2001:db8:7::5", "lan-2001:db8:7:0:0:0:0:5/64", "net-10-77-1-0", "net10_77_1_0", "net.10.77.1.0",
        "52:54:00:aa:bb:cc:dd",
        "tap525400aabbcc", "t52_54_00_aa_bb_cc", "vif5254f0aabbcc", "iface525400aabbcc", "bridge52-54-00-aa-bb-cc",
        "52_54_00_aa_bb_ccdevice", "iface2001:db8:7::5", "a525400aabbcc.100", "52:54:00:aa:bb:cc:10.77.1.0",
    ],
)  # fmt: skip
def test_no_network_or_site_shows_an_address(name: str) -> None:
    host = hypervisor("kvm7", domain("db01", macvtap(name)), devices=(tap(name),), site=name, segments={name: name})
    subnet = Subnet(name=name, network="10.77.1.0/24", source="x")

    shown = dumps(redact(inventory(host, subnets=(subnet,)), FRESH)[0]).decode().casefold()

    assert not [
        part
        for part in ("10.77.", "10-77", "10_77", "aa:bb:cc", "aa-bb-cc", "aa_bb_cc", "aabbcc", "db8")
        if part in shown
    ]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("br-db01", "br-vm1"),
        ("db01-eth0", "vm1-eth0"),
        ("br_shop-web.100", "br_vm2.100"),
        ("corp.example", "zone1.zone2"),
        ("dc-kvm7.corp.example", "dc-host1.zone1.zone2"),
        ("lan.corp.example", "lan.zone1.zone2"),
        ("db01.elsewhere", "vm1.zone3"),
        ("corp", "corp"),
        ("corp-lan", "corp-lan"),
        ("br-db011", "br-db011"),
        ("bond0.100", "bond0.100"),
        ("pxe 100", "pxe 100"),
        ("100", "vm3"),
        ("br-vm1", "br-target1"),
        ("-", "-"),
    ],
)
def test_only_the_words_of_a_name_that_name_machines_are_replaced(name: str, shown: str) -> None:
    vms = domain("db01", macvtap(name)), domain("shop-web", macvtap()), domain("100", macvtap())
    host = hypervisor(
        "kvm7.corp.example", *vms, devices=(nic(name),), site=name, segments={name: name}, reflective=(name,)
    )

    redacted, known = redact(inventory(host, servers=(server("kvm7.corp.example", segments=(name,)),)), FRESH)

    (host,) = redacted.hypervisors
    names = host.site, host.devices[0].name, host.domains[0].interfaces[0].source, redacted.servers[0].segments[0]
    assert {*names, *host.segments, *host.segments.values(), *host.reflective} == {shown}
    assert redact(inventory(msgspec.structs.replace(host, site=name)), known)[0].hypervisors[0].site == shown


@pytest.mark.parametrize("names", [{}, {"corp": "user1"}, {"Corp": "path1"}, {"corp": "zone1"}])
@pytest.mark.parametrize("is_host", [False, True])
def test_a_machine_is_replaced_even_if_its_name_had_a_pseudonym_of_another_kind(
    names: dict[str, str], *, is_host: bool
) -> None:
    vms = domain("web.corp", bridged()), domain("db" if is_host else "corp", bridged("br-corp", target="corp"))
    host = hypervisor("corp" if is_host else "kvm7", *vms, devices=(tap("corp"), bridge("br-corp")), site="corp")

    redacted, known = redact(inventory(host), Map(key="secret", names=names))
    again, _ = redact(inventory(hypervisor("kvm8", site="corp-lan", devices=(tap("corp"),))), known)

    shown = (dumps(redacted) + dumps(again)).decode().casefold()
    assert "corp" not in shown
    assert redacted.hypervisors[0].domains[1].interfaces[0].target == redacted.hypervisors[0].devices[0].name
    assert load_map(dump_map(known), origin="map").words["corp" if "Corp" not in names else "Corp"]


@pytest.mark.parametrize(
    "names",
    [("br300-1-2-3", "br300_1_2_3", "br300.1.2.3"), ("br010-077-001-005", "br010_077_001_005", "br10-77-1-5")],
)
def test_names_that_differ_only_in_their_separators_stay_different(names: tuple[str, ...]) -> None:
    host = hypervisor("kvm7", segments=dict(zip(names, names, strict=True)))

    shown = redact(inventory(host), FRESH)[0].hypervisors[0].segments

    assert len({*shown.values()}) == len(names)
    assert not [name for name in shown if "077" in name or "77-1" in name]
    assert (shown == host.segments) is ("300" in names[0])


def test_a_risk_on_an_unread_hypervisor_is_not_resolved_by_a_vm_named_like_a_part_of_its_segment() -> None:
    sends = server(segments=("pxe-lan",))
    one = hypervisor("hv1", domain("web01", macvtap()), kernel="3.6.5", segments={"bond2": "pxe-lan"})
    unread = Hypervisor(name=one.name, uri=one.uri, status=HostStatus.FAILED)
    before, known = redact(inventory(one, hypervisor("hv2"), servers=(sends,)), FRESH)
    after, _ = redact(inventory(unread, hypervisor("hv2", domain("lan", bridged())), servers=(sends,)), known)

    changes = news_of(remembering(after, before), before)

    assert [finding.verdict for finding in correlate(before).findings] == [Verdict.AT_RISK]
    assert changes.findings == ()


def test_a_name_keeps_its_form_in_later_scans_and_in_the_file_of_the_map() -> None:
    names = "pxe-lan", "lan.corp.example", "lan", "br-LAN"
    segments = dict(zip(names, names, strict=True))

    first, known = redact(inventory(hypervisor("kvm7", segments=segments, site="lan")), FRESH)
    known = load_map(dump_map(known), origin="map")
    again, _ = redact(
        inventory(hypervisor("lan.corp.example", domain("pxe-lan"), segments=segments, site="lan")), known
    )

    assert (again.hypervisors[0].segments, again.hypervisors[0].site) == (segments, "lan")
    assert (first.hypervisors[0].segments, first.hypervisors[0].site) == (segments, "lan")


@pytest.mark.parametrize("name", ["web01", "nic-web01", "web01-nic.100"])
def test_a_tap_that_was_shown_before_its_vm_was_known_is_renamed(name: str) -> None:
    devices = bridge("br0", name), tap(name)
    first, known = redact(inventory(hypervisor("kvm7", devices=devices)), FRESH)
    known = load_map(dump_map(known), origin="map")

    again, known = redact(inventory(hypervisor("kvm7", domain("web01", bridged(target=name)), devices=devices)), known)
    later, _ = redact(inventory(hypervisor("kvm7", devices=devices)), known)

    assert first.hypervisors[0].devices == devices
    assert "web01" not in dumps(again).decode() + dumps(later).decode()
    assert again.hypervisors[0].devices == later.hypervisors[0].devices
    assert again.hypervisors[0].devices[0].lower == (again.hypervisors[0].domains[0].interfaces[0].target,)


@pytest.mark.parametrize("names", [("corp-lan", "zone1-lan"), ("br-525400aabbcc", "br-525400AABBCC")])
@pytest.mark.parametrize("step", [1, -1])
def test_no_two_names_are_shown_as_one(names: tuple[str, ...], step: int) -> None:
    segments = {name: name for name in names[::step]}
    host = hypervisor("kvm7", domain("web.corp", bridged()), domain("corp", bridged()), segments=segments)

    redacted, _ = redact(inventory(host), FRESH)

    shown = redacted.hypervisors[0].segments
    assert len(shown) == len({*shown.values()}) == len(names)
    assert not [name for name in shown if "corp" in name or "aabbcc" in name.casefold()]


def test_a_name_of_twenty_thousand_separators_is_read_in_one_pass() -> None:
    name = "-" * 20_000

    redacted, _ = redact(inventory(hypervisor("kvm7", domain("shop-web"), site=f"{name}shop-web{name}")), FRESH)

    assert redacted.hypervisors[0].site == f"{name}vm1{name}"


@pytest.mark.parametrize("pseudonym", ["vm7", "target7"])
def test_a_tap_whose_vm_only_the_map_knows_is_renamed(pseudonym: str) -> None:
    listing = server(devices=(ServerDevice(device=tap("shopweb")),))

    redacted, _ = redact(inventory(servers=(listing,)), Map(key="secret", names={"Shopweb": pseudonym}))

    assert redacted.servers[0].devices[0].device.name.startswith(f"{pseudonym}-")


def test_an_empty_inventory_stays_one() -> None:
    marked = msgspec.structs.replace(inventory(), redaction=FRESH.identity)

    assert redact(inventory(), FRESH) == (marked, FRESH)
    assert inventory().taken_at == TAKEN_AT


def test_a_map_can_be_kept_in_a_file() -> None:
    _, known = redact(with_a_name_in_every_field(), FRESH)

    assert load_map(dump_map(known), origin="map.json") == known


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b'{"schema": "virtscan.inventory/1"}'])
def test_an_invalid_map_is_refused_by_its_name(data: bytes) -> None:
    with pytest.raises(InventoryError, match=r"^map\.json: not a redaction map"):
        load_map(data, origin="map.json")


def test_the_fleet_keeps_its_verdicts(tmp_path: Path) -> None:
    from virtscan.cli.main import run

    fleet = str(PROJECT / "fixtures" / "fleet" / "virtscan.toml")
    plain, private = tmp_path / "plain.json", tmp_path / "map.json"

    def verdicts(path: Path) -> list[str]:
        return sorted(finding["rule"] for finding in json.loads(path.read_text())["findings"])

    run(["scan", "--config", fleet, "--format", "json", "-o", str(plain)])
    code = run(["scan", "--config", fleet, "--redact", str(private), "--format", "json", "-o", str(tmp_path / "red")])

    assert code == 4
    assert verdicts(tmp_path / "red") == verdicts(plain)
    assert private.stat().st_mode & 0o777 == 0o600
    assert "web01" in private.read_text()
    assert not any(name in (tmp_path / "red").read_text() for name in ("web01", "kvm01", "satellite", str(PROJECT)))


def test_waivers_that_match_nothing_are_still_warned_about_without_their_names() -> None:
    waivers = (
        Waiver(reason="typo", domain="wbe0*"),
        Waiver(reason="old", domain="web*", until=TAKEN_AT.date() - timedelta(days=1)),
        Waiver(reason="good", domain="*"),
    )
    original = msgspec.structs.replace(with_a_name_in_every_field(), policy=Policy(waivers=waivers))
    redacted, _ = redact(original, FRESH)

    def warned(looked_at: Inventory) -> list[str]:
        return [reason(gap) for gap in correlate(looked_at).warnings]

    assert warned(redacted) == warned(original)
    assert [subject(gap) for gap in correlate(redacted).warnings] == [
        f"waiver '{WITHHELD}' (domain nothing-that-was-found)"
    ] * 2
    assert not any(text in dumps(redacted).decode() for text in ("wbe", "web"))


@pytest.mark.parametrize(
    ("mac", "kind"),
    [
        ("52:54:00:93:76:af", "52:54:00:"),
        ("00:50:56:93:76:af", "00:50:56:"),
        ("00:25:90:93:76:af", "00:00:5e:"),
        ("02:42:ac:11:00:02", "02:00:00:"),
        ("00:00:5e:00:01:07", "00:00:5e:00:01:07"),
        ("00:00:0c:9f:f0:01", "00:00:0c:9f:f0:01"),
        ("01:80:c2:00:00:01", "01:00:5e:"),
        ("not a mac", "01:00:5e:"),
    ],
)
def test_a_mac_gets_one_of_its_own_kind_because_verdicts_rest_on_that(mac: str, kind: str) -> None:
    redacted, known = redact(inventory(servers=(server(macs=(Mac(mac),)),)), FRESH)

    (given,) = redacted.servers[0].macs
    assert given.startswith(kind)
    assert belongs_to_a_nic(given) is belongs_to_a_nic(Mac(mac))
    assert (
        redact(inventory(servers=(server(macs=(Mac(mac), Mac("52:54:00:00:00:99"))),)), known)[0].servers[0].macs[0]
        == given
    )


def test_a_server_that_is_not_on_a_hypervisor_is_not_on_it_under_pseudonyms_either() -> None:
    here = hypervisor(
        "kvm7", domain("web01", macvtap()), kernel="3.6.5", lists_all_domains=True, uri="qemu+ssh://kvm7/system"
    )
    nic = Device(name=DeviceName("eno1"), kind=DeviceKind.ETHERNET, backing=Backing.PHYSICAL, driver="igb")
    nic = msgspec.structs.replace(nic, mac=Mac("00:25:90:00:00:07"), lower_complete=True)
    looked_at = inventory(
        here,
        servers=(
            server(
                interface="eno1",
                macs=(Mac("00:25:90:00:00:07"),),
                devices=(ServerDevice(device=nic, offload=Offload(tx_checksum=State.ON)),),
                lists_all_devices=True,
            ),
        ),
    )

    (original,) = correlate(looked_at).findings
    (redacted,) = correlate(redact(looked_at, FRESH)[0]).findings

    assert (redacted.rule, redacted.confidence) == (original.rule, original.confidence)
    assert original.rule == "R10"


def test_one_machine_stays_one_and_placeholders_stay_placeholders() -> None:
    uuid, zeros = "4c4c4544-0042-3010-8051-b4c04f4c4c31", "00000000-0000-0000-0000-000000000000"
    hosts = (hypervisor("a", system_uuid=uuid), hypervisor("b", system_uuid=uuid), hypervisor("c", system_uuid=zeros))

    redacted, _ = redact(inventory(*hosts, servers=(server(system_uuid=uuid),)), FRESH)

    own, same, unknown = (host.system_uuid for host in redacted.hypervisors)
    assert own == same == redacted.servers[0].system_uuid != uuid
    assert unknown == zeros


def test_a_waiver_that_takes_a_server_away_still_does() -> None:
    original = inventory(
        hypervisor("kvm7", domain("web01", macvtap()), kernel="3.6.5"),
        servers=(server("satellite"), server("zebra")),
        policy=Policy(waivers=(Waiver(reason="goes away", server="sat*"),)),
    )
    redacted, known = redact(original, FRESH)

    (finding,) = correlate(redacted).findings
    assert finding.server == known.names["zebra"]
    assert [server.server for server in finding.waived_servers] == [known.names["satellite"]]
    assert correlate(redacted).warnings == ()


def test_a_declared_kernel_stays() -> None:
    redacted, _ = redact(inventory(hypervisor("kvm7", declared_kernel="3.10.0-327.el7.x86_64")), FRESH)

    assert redacted.hypervisors[0].declared_kernel == "3.10.0-327.el7.x86_64"


@pytest.mark.long
@pytest.mark.parametrize("kernel", ["2.6.32-279.el6.x86_64", None])
@pytest.mark.parametrize("machine", ["with it", "elsewhere", "declared"])
def test_no_name_is_left_in_any_output(kernel: str | None, machine: str) -> None:
    original = with_a_name_in_every_field()
    (host,), (satellite,) = original.hypervisors, original.servers
    seen = None if kernel is None else host.kernel
    if machine == "elsewhere":
        satellite = msgspec.structs.replace(satellite, macs=(), declared_macs=(), devices=(), tx_checksum=State.UNKNOWN)
    if machine == "declared":
        satellite = msgspec.structs.replace(satellite, macs=(), declared_macs=(), devices=(), tx_checksum=State.ON)
    waived = Policy(waivers=(Waiver(reason="satellite of alice goes", server="satellite"),))
    known = msgspec.structs.replace(
        original,
        hypervisors=(msgspec.structs.replace(host, kernel=seen),),
        servers=(satellite, server("satellite2.example.com", source="on")),
        policy=waived,
    )
    redacted, _ = redact(known, FRESH)

    report = judge(redacted)
    explanation = explain(report, find(redacted, "*"))
    remedies = plan(report)
    shown = [
        *(
            text_of(reporter.render(view(report)))
            for view in (*VIEWS.values(), EVERYTHING)
            for reporter in REPORTERS.values()
        ),
        text(explanation),
        REPORTERS["json"].render(document(explanation, report)).decode(),
        msgspec.json.encode(msgspec.to_builtins(remedies, enc_hook=list)).decode(),
    ]

    assert any(finding.waived_servers for finding in report.findings) or machine == "elsewhere"
    assert [secret for secret in SECRETS for output in shown if secret in output.lower()] == []
