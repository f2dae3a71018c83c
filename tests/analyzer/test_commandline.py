"""NICs that QEMU's options give to a domain: none is absent, and a tap may be a macvtap."""

import pytest

from tests.analyzer.reading import read_domain
from virtscan.analyzer.xml.trimming import trimmed
from virtscan.model import Attachment, DeviceName, Interface, Mac, SourceMode

MAC = Mac("52:54:00:00:00:01")
UNKNOWN = (Attachment(None, SourceMode.UNKNOWN),)
BR1, BR0 = ((Attachment(DeviceName(name), None),) for name in ("br1", "br0"))


def document(*arguments: str, inside: str = "") -> str:
    options = "".join(f"    <qemu:arg value='{argument}'/>\n" for argument in arguments)
    return (
        "<domain type='kvm' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>\n  <name>n</name>\n"
        f"  <devices>\n{inside}    <memballoon model='none'/>\n  </devices>\n"
        "  <seclabel type='dynamic' model='dac' relabel='yes'/>\n"
        f"  <qemu:commandline>\n{options}  </qemu:commandline>\n</domain>\n"
    )


def nics(*arguments: str, inside: str = "") -> tuple[Interface, ...]:
    """Return the interfaces, as read with and without what is trimmed."""
    xml = document(*arguments, inside=inside)
    interfaces = read_domain(xml, origin="o").interfaces
    assert read_domain(trimmed(xml), origin="o").interfaces == interfaces
    return interfaces


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (
            ("-netdev", "tap,id=n0,fd=3,vhost=on", "-device", f"virtio-net-pci,netdev=n0,mac={MAC},bootindex=1"),
            {"type": "tap", "mac": MAC, "boot_order": 1, "attachments": UNKNOWN},
        ),
        (
            ("-device", f"e1000,mac={MAC},netdev=n0", "--netdev", "tap,ifname=tap7,id=n0,script=no"),
            {"type": "tap", "mac": MAC, "target": "tap7", "attachments": UNKNOWN},
        ),
        (
            (
                *("-netdev", '{"type":"tap","id":"n0","fd":"3"}'),
                *("-device", f'{{"driver":"virtio-net-pci","netdev":"n0","mac":"{MAC}","bootindex":2}}'),
            ),
            {"type": "tap", "mac": MAC, "boot_order": 2, "attachments": UNKNOWN},
        ),
        (("-nic", f"tap,fd=3,mac={MAC},model=virtio"), {"type": "tap", "mac": MAC, "attachments": UNKNOWN}),
        (("-net", f"nic,macaddr={MAC}", "-net", "tap,fd=3"), {"type": "tap", "mac": MAC, "attachments": UNKNOWN}),
        (("-netdev", "tap,id=n0"), {"type": "tap", "attachments": UNKNOWN}),
        (("-netdev", "{"), {"type": "unknown", "attachments": UNKNOWN}),
        (("-netdev", "type=tap,id=n0,fd=3"), {"type": "tap", "attachments": UNKNOWN}),
        (("-netdev", "id=n0,type=tap,fd=3"), {"type": "tap", "attachments": UNKNOWN}),
        (("-nic", f"model=virtio,mac={MAC},type=tap,fd=3"), {"type": "tap", "mac": MAC, "attachments": UNKNOWN}),
        (("-netdev", "hubport,id=n0,hubid=0"), {"type": "hubport", "attachments": UNKNOWN}),
        (("-netdev", "novel,id=n0"), {"type": "unknown", "attachments": UNKNOWN}),
        (("-nic", f"id=db01-net,mac={MAC}"), {"type": "unknown", "mac": MAC, "attachments": UNKNOWN}),
        (("-netdev", "bridge,id=n0,br=br1"), {"type": "bridge", "attachments": BR1}),
        (("-netdev", "bridge,id=n0"), {"type": "bridge", "attachments": BR0}),
        (("-netdev", "user,id=n0,hostfwd=tcp::2222-:22,,x"), {"type": "user"}),
        (("-netdev", "vhost-user,id=n0,chardev=c0"), {"type": "vhost-user"}),
    ],
)
def test_a_network_backend_of_qemu_is_an_interface(arguments: tuple[str, ...], expected: dict[str, object]) -> None:
    (interface,) = nics(*arguments)

    assert interface == Interface(**({"index": 0} | expected))  # type: ignore[arg-type]  # fields of several types


def test_nics_without_a_mac_have_those_that_qemu_gives_in_turn() -> None:
    options = ("-nic", "user", "-netdev", "tap,id=n0", "-device", f"e1000,netdev=n0,mac={MAC}", "-nic", "tap,fd=3")

    assert [nic.mac for nic in nics(*options)] == ["52:54:00:12:34:56", MAC, "52:54:00:12:34:57"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("-nic", "none"),
        ("-net", "none"),
        ("-nic", "type=none"),
        ("-cpu", "host,kvm=off", "-device", "vfio-pci,host=01:00.0"),
        ("-fw_cfg", "name=opt/x,string=-netdev"),
        ("-netdev",),
    ],
)
def test_other_options_are_no_interfaces(arguments: tuple[str, ...]) -> None:
    assert nics(*arguments) == ()


def test_interfaces_of_options_are_numbered_after_those_of_libvirt() -> None:
    inside = "    <interface type='user'>\n      <model type='virtio'/>\n    </interface>\n"

    assert [nic.index for nic in nics("-nic", "user", "-nic", "user", inside=inside)] == [0, 1, 2]
