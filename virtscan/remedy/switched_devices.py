"""The devices of a server's sending stack to switch, in a form that is safe in commands."""

import re
from collections.abc import Iterable, Mapping

from virtscan.correlator.servers.cure import Cure, Switch, offload_of
from virtscan.correlator.servers.sending import SendingStack
from virtscan.model import Device, DeviceKind, DeviceName, Feature, Mac, State, parse_mac
from virtscan.remedy.plan import SwitchedDevice

_FEATURE = re.compile(r"tx-checksum-[a-z0-9-]{1,40}")

# Names by administrators and installers: the driver's name and a number, or systemd's schemes. VLANs are
# matched first, because bond0.100 is a VLAN. Only for a device that was not observed.
_KINDS = (
    (re.compile(r".+\.[0-9]{1,4}|vlan-?[0-9]+"), DeviceKind.VLAN),
    (re.compile(r"bond[0-9]+"), DeviceKind.BOND),
    (re.compile(r"(?:vir)?br-?[0-9]+|br-.+"), DeviceKind.BRIDGE),
    (re.compile(r"eth[0-9]+|en[ospxPbav][0-9A-Za-z]+|em[0-9]+|p[0-9]+p[0-9]+"), DeviceKind.ETHERNET),
)


def switched_devices(stack: SendingStack, cure: Cure, hosts: Iterable[Device]) -> tuple[SwitchedDevice, ...]:
    """Return the devices to switch, from the bottom up.

    Args:
        stack: The devices that the server sends through.
        cure: Its cure.
        hosts: Devices of the hypervisor that the server is; empty when it is none.
    """
    observed = {entry.device.name: entry.device for entry in stack.server.devices} if stack.observed else {}
    devices = {device.name: device for device in hosts} | observed
    switched = (_switched_device(switch, stack, devices, observed) for switch in cure.switches)
    return tuple(dict.fromkeys(switched))


def _switched_device(
    switch: Switch,
    stack: SendingStack,
    devices: Mapping[DeviceName, Device],
    observed: Mapping[DeviceName, Device],
) -> SwitchedDevice:
    name = None if switch.word is None else DeviceName(switch.word)
    device = None if name is None else devices.get(name)
    kind = DeviceKind.UNKNOWN if device is None else device.kind
    if name is not None and name in observed:
        mac = _permanent(observed[name], observed.values())
    else:
        mac = stack.server.macs[0] if len(stack.server.macs) == 1 and stack.declared else None
    return SwitchedDevice(
        interface=name,
        kind=_suggested(name or "") if kind is DeviceKind.UNKNOWN else kind,
        mac=None if mac is None else parse_mac(mac),
        switched_on=_switched_on(offload_of(stack, switch.device).features.items()),
        now=switch.now,
        lasting=switch.lasting,
    )


def _permanent(device: Device, devices: Iterable[Device]) -> Mac | None:
    """Return the permanent MAC; the MAC that a member of a bond uses may be the bond's."""
    if device.permanent_mac is not None:
        return device.permanent_mac
    is_member = any(device.name in upper.lower and upper.kind is not DeviceKind.VLAN for upper in devices)
    return None if is_member else device.mac


def _suggested(name: str) -> DeviceKind:
    return next((kind for pattern, kind in _KINDS if pattern.fullmatch(name)), DeviceKind.UNKNOWN)


def _switched_on(features: Iterable[tuple[str, Feature]]) -> tuple[str, ...]:
    """Name checksum features to turn on again, where `tx on` would also turn on some that had been off."""
    checksums = [(name, feature) for name, feature in features if _FEATURE.fullmatch(name) and not feature.fixed]
    on = tuple(name for name, feature in checksums if feature.state is State.ON)
    return on if len(on) < len(checksums) else ()
