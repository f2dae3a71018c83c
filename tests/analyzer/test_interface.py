"""Facts about an interface in the document of its domain."""

from typing import Any

import pytest

from tests.analyzer.reading import read_domain
from virtscan.model import Attachment, DeviceName, Interface, LinkState, Mac, SourceMode, State


def read(inside: str = "", kind: str = "type='direct'") -> Interface:
    xml = f"<domain><devices><interface {kind}>{inside}</interface></devices></domain>"
    (interface,) = read_domain(xml, origin="o").interfaces
    return interface


def on(device: str | None, mode: SourceMode | None) -> tuple[Attachment, ...]:
    return (Attachment(None if device is None else DeviceName(device), mode),)


def test_every_field_of_a_macvtap_interface_is_read() -> None:
    interface = read(
        """<mac address='52:54:00:93:76:AF'/>
           <source dev='bond2' mode='bridge'/>
           <vlan trunk='yes'><tag id='42' nativeMode='untagged'/><tag id='123'/></vlan>
           <target dev='macvtap0'/>
           <model type='virtio'/>
           <driver name='vhost'><host csum='off' gso='off'/><guest csum='on'/></driver>
           <link state='up'/>
           <boot order='1'/>
           <rom bar='off' file='/x'/>"""
    )

    assert interface == Interface(
        index=0,
        type="direct",
        mac=Mac("52:54:00:93:76:af"),
        source="bond2",
        mode=SourceMode.BRIDGE,
        vlan=(42, 123),
        target="macvtap0",
        model="virtio",
        host_csum=State.OFF,
        guest_csum=State.ON,
        link=LinkState.UP,
        boot_order=1,
        rom=State.OFF,
        attachments=on("bond2", SourceMode.BRIDGE),
    )


def test_facts_absent_from_the_document_are_none() -> None:
    assert read(kind="type='user'") == Interface(index=0, type="user")


def test_an_interface_without_a_type_is_of_type_user() -> None:
    assert read(kind="").type == "user"


@pytest.mark.parametrize(
    ("kind", "inside", "source", "mode", "attachments"),
    [
        ("direct", "<source dev='bond2'/>", "bond2", SourceMode.VEPA, on("bond2", SourceMode.VEPA)),
        ("direct", "<source dev='e' mode='private'/>", "e", SourceMode.PRIVATE, on("e", SourceMode.PRIVATE)),
        (
            "direct",
            "<source dev='e' mode='passthrough'/>",
            "e",
            SourceMode.PASSTHROUGH,
            on("e", SourceMode.PASSTHROUGH),
        ),
        ("direct", "<source dev='e' mode='BRIDGE'/>", "e", SourceMode.UNKNOWN, on("e", SourceMode.UNKNOWN)),
        ("direct", "<source dev='e' mode='unknown'/>", "e", SourceMode.UNKNOWN, on("e", SourceMode.UNKNOWN)),
        ("direct", "<source bridge='br0'/>", None, SourceMode.VEPA, on(None, SourceMode.VEPA)),
        ("direct", "", None, SourceMode.VEPA, on(None, SourceMode.VEPA)),
        ("direct", "<source dev='a'/><source dev='b' mode='bridge'/>", "a", SourceMode.VEPA, on("a", SourceMode.VEPA)),
        ("bridge", "<source bridge='br0'/>", "br0", None, on("br0", None)),
        ("bridge", "<source dev='e' mode='bridge'/>", None, None, on(None, None)),
        ("bridge", "<source bridge=''/>", None, None, on(None, None)),
        ("network", "<source network='n'/>", None, None, ()),
        ("network", "<source network='n' bridge='virbr0'/>", "virbr0", None, on("virbr0", None)),
        ("ethernet", "<source dev='e'/>", "e", None, ()),
        ("vdpa", "<source dev='/dev/vhost-vdpa-0'/>", "/dev/vhost-vdpa-0", None, ()),
        ("user", "<source dev='e'/>", "e", None, ()),
        ("vhostuser", "<source type='unix' path='/x' mode='client'/>", None, None, ()),
        ("hostdev", "<source><address type='pci'/></source>", None, None, ()),
        ("vds", "<source switchid='u' portid='1'/>", None, None, ()),
        ("unheard-of", "<source dev='e' mode='bridge'/>", "e", None, on(None, SourceMode.UNKNOWN)),
    ],
)
def test_the_source_of_each_interface_type_is_the_attribute_that_libvirt_uses(
    kind: str, inside: str, source: str | None, mode: SourceMode | None, attachments: tuple[Attachment, ...]
) -> None:
    interface = read(inside, f"type='{kind}'")

    assert (interface.source, interface.mode, interface.attachments) == (source, mode, attachments)


def test_a_live_interface_on_a_macvtap_network_names_network_and_device_together() -> None:
    interface = read("<source network='pool' portgroup='bob' dev='eth3' mode='bridge'/>")

    assert (interface.network, interface.portgroup) == ("pool", "bob")
    assert interface.attachments == on("eth3", SourceMode.BRIDGE)


@pytest.mark.parametrize(
    ("actual", "kind", "attachments"),
    [
        (
            "<actual type='direct'><source dev='eth3' mode='private'/></actual>",
            "network",
            on("eth3", SourceMode.PRIVATE),
        ),
        ("<actual type='direct'><source dev='eth3'/></actual>", "network", on("eth3", SourceMode.VEPA)),
        ("<actual type='bridge'><source bridge='br0'/></actual>", "network", on("br0", None)),
        ("<actual type='network'><source bridge='virbr0'/></actual>", "network", on("virbr0", None)),
        ("<actual type='hostdev'><source><address type='pci'/></source></actual>", "hostdev", ()),
        ("<actual/>", "network", ()),
    ],
)
def test_a_status_file_has_the_device_that_an_interface_on_a_network_got(
    actual: str, kind: str, attachments: tuple[Attachment, ...]
) -> None:
    interface = read(f"<source network='n'/>{actual}", "type='network'")

    assert interface.attachments == attachments
    assert (interface.type, interface.network, interface.source, interface.mode) == (kind, "n", None, None)


def test_the_tags_of_a_status_file_come_from_the_network_unless_the_interface_has_its_own() -> None:
    actual = "<actual type='bridge'><vlan><tag id='7'/></vlan></actual>"

    assert read(actual, "type='network'").vlan == (7,)
    assert read(f"{actual}<vlan><tag id='8'/></vlan>", "type='network'").vlan == (8,)
    assert read("<actual type='bridge'/>", "type='network'").vlan == ()


@pytest.mark.parametrize(
    ("inside", "field", "value"),
    [
        ("<mac address='52:54:0:a:b:c'/>", "mac", "52:54:00:0a:0b:0c"),
        ("<mac address='52-54-00-0A-0B-0C'/>", "mac", "52:54:00:0a:0b:0c"),
        ("<mac address=' '/>", "mac", None),
        ("<mac address='52:54:0:A:B:C'/><mac address='52:54:00:00:00:01'/>", "mac", "52:54:00:0a:0b:0c"),
        ("<mac address='52:54:00:00:00:01 '/>", "mac", "52:54:00:00:00:01"),
        ("<mac address='01:00:5E:00:00:01'/>", "mac", "01:00:5e:00:00:01"),
        ("<mac address='MACADDR'/>", "mac", "macaddr"),
        ("<mac address='52:54:000:a:b:c'/>", "mac", "52:54:000:a:b:c"),
        ("<mac address=''/>", "mac", None),
        ("<mac/>", "mac", None),
        ("<model type='ViRtIo'/>", "model", "virtio"),
        ("<model type='am79c970a'/>", "model", "Am79C970A"),
        ("<model type='Unheard-Of'/>", "model", "Unheard-Of"),
        ("<model type=''/>", "model", None),
        ("<model/>", "model", None),
        ("<boot order='2'/><boot order='1'/>", "boot_order", 2),
        ("<boot order=' 2'/>", "boot_order", 2),
        ("<boot order='-2'/>", "boot_order", None),
        ("<boot order='first'/>", "boot_order", None),
        ("<boot/>", "boot_order", None),
        ("<boot dev='network'/>", "boot_order", None),
        ("<link state='down'/>", "link", LinkState.DOWN),
        ("<link state='DOWN'/>", "link", None),
        ("<link/>", "link", None),
        ("<rom enabled='no'/>", "rom", State.OFF),
        ("<rom enabled='yes'/>", "rom", State.ON),
        ("<rom bar='off'/>", "rom", State.OFF),
        ("<rom bar='on'/>", "rom", State.ON),
        ("<rom bar='on' enabled='no'/>", "rom", State.OFF),
        ("<rom file='/usr/share/ipxe.rom'/>", "rom", None),
        ("<rom file=''/>", "rom", State.OFF),
        ("<rom file='' enabled='yes'/>", "rom", State.OFF),
        ("<rom/>", "rom", None),
        ("<target dev='tap7' managed='no'/>", "managed", False),
        ("<target dev='tap7' managed='yes'/>", "managed", True),
        ("<target dev='tap7'/>", "managed", True),
        ("<vlan><tag id='42'/></vlan><vlan><tag id='43'/></vlan>", "vlan", (42,)),
        ("<vlan><tag id='0x2a'/><tag/><tag id='7'/></vlan>", "vlan", (7,)),
        ("<vlan/>", "vlan", ()),
        ("<model type='virtio'/><driver><guest csum='off'/></driver>", "guest_csum", State.OFF),
        ("<model type='virtio'/><driver><guest csum='off'/></driver>", "host_csum", None),
        ("<model type='VIRTIO-Transitional'/><driver><host csum='off'/></driver>", "host_csum", State.OFF),
        ("<model type='virtio'/><driver><host csum='maybe'/></driver>", "host_csum", None),
        ("<model type='e1000'/><driver><host csum='off'/></driver>", "host_csum", None),
        ("<driver><host csum='off'/></driver>", "host_csum", None),
        ("<model type='virtio'/>", "host_csum", None),
        ("<target dev=''/>", "target", None),
    ],
)
def test_a_detail_is_read_as_libvirt_reads_it(inside: str, field: str, value: Any) -> None:
    assert getattr(read(inside), field) == value


def test_comments_inside_an_interface_do_not_count() -> None:
    interface = read("<!-- <source dev='no'/> --><?pi x?><source dev='yes'/><!-- x -->")

    assert interface.source == "yes"
