"""A server -> the device that it sends through, fit to be put into commands."""

import re
from collections.abc import Iterable

from virtscan.model import Device, DeviceKind, Feature, Server, State
from virtscan.remedy.plan import Sender

# The kernel allows more (dev_valid_name), but nothing else is in use, and these need no quotes in any form.
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]{0,14}")
_MAC = re.compile(r"[0-9a-f]{2}(?::[0-9a-f]{2}){5}")
_FEATURE = re.compile(r"tx-checksum-[a-z0-9-]{1,40}")

# What administrators and installers call them: the driver's name and a number, or systemd's schemes. The VLAN is
# looked for first: bond0.100 is one.
_KINDS = (
    (re.compile(r".+\.[0-9]{1,4}|vlan-?[0-9]+"), DeviceKind.VLAN),
    (re.compile(r"bond[0-9]+"), DeviceKind.BOND),
    (re.compile(r"(?:vir)?br-?[0-9]+|br-.+"), DeviceKind.BRIDGE),
    (re.compile(r"eth[0-9]+|en[ospxPbav][0-9A-Za-z]+|em[0-9]+|p[0-9]+p[0-9]+"), DeviceKind.ETHERNET),
)


def sender(server: Server, devices: Iterable[Device]) -> Sender:
    """The device that a server sends through.

    That is the one which its frames go into first, the stack's own: a VLAN or bond and not what it stands on. There
    the stack decides whether the sum is left open, by the features of that device alone.

    Args:
        server: Of it, the interface that was looked at or named.
        devices: Those of a hypervisor that the server runs on itself; empty when it runs elsewhere.
    """
    name = server.interface if server.interface and _NAME.fullmatch(server.interface) else None
    known = next((device.kind for device in devices if device.name == name), DeviceKind.UNKNOWN)
    return Sender(
        interface=name,
        kind=_named(name or "") if known is DeviceKind.UNKNOWN else known,
        mac=server.macs[0] if len(server.macs) == 1 and _MAC.fullmatch(server.macs[0]) else None,
        switched_on=_switched_on(server.features.items()),
    )


def _named(name: str) -> DeviceKind:
    return next((kind for pattern, kind in _KINDS if pattern.fullmatch(name)), DeviceKind.UNKNOWN)


def _switched_on(features: Iterable[tuple[str, Feature]]) -> tuple[str, ...]:
    """Checksum features to turn on again by name, where `tx on` would also turn on what somebody had turned off."""
    checksums = [(name, feature) for name, feature in features if _FEATURE.fullmatch(name) and not feature.fixed]
    on = tuple(name for name, feature in checksums if feature.state is State.ON)
    return on if len(on) < len(checksums) else ()
