"""`ansible:PATH`: what Ansible gathered about the server."""

from collections.abc import Mapping, Set
from pathlib import Path

import msgspec

from virtscan.errors import FactsError, OffloadError
from virtscan.model import Device, DeviceName, Persistence, Server, ServerTarget
from virtscan.offload.persistence import Evidence
from virtscan.offload.probe import Answer
from virtscan.offload.server import observed


def read(target: ServerTarget, *, timeout: float) -> Server:  # noqa: ARG001  whoever runs it ends it
    """Read what the facts tell of the named device, or of the only one that has an address and features.

    Raises:
        OffloadError: They can't be read, or there is no such device, or none was named and no single one fits.
    """
    from virtscan import ansible  # with what reads its files, which other sources don't need

    try:
        facts = ansible.open_facts(Path(target.address), [target.name])
    except FactsError as error:
        raise OffloadError(f"the facts can't be read: {error}") from error
    devices = {device.name: device for device in facts.devices}
    name = _device(target, devices, facts.features.keys())
    device = devices[name]
    answer = Answer(
        device=name,
        ethtool=facts.features.get(name),
        macs=() if device.mac is None else (device.mac,),
        addresses=device.addresses,
        kernel=facts.kernel,
        evidence=Evidence(files={}),
    )
    server = observed(target, answer, at=facts.taken_at)
    if answer.ethtool is None:
        server = msgspec.structs.replace(server, reason=f"Ansible knows no features of {name}: install ethtool there")
    return msgspec.structs.replace(server, persistence=Persistence(setting="Ansible does not tell what is lasting"))


def _device(target: ServerTarget, devices: Mapping[DeviceName, Device], featured: Set[DeviceName]) -> DeviceName:
    known = ", ".join(sorted(devices)) or "no device"
    if target.interface is not None:
        if target.interface not in devices:
            raise OffloadError(f"Ansible knows of no device {target.interface}, but of {known}")
        return DeviceName(target.interface)
    fitting = sorted(
        name for name, device in devices.items() if device.addresses and (name in featured or not featured)
    )
    if len(fitting) != 1:
        raise OffloadError(f"name the interface that answers: Ansible knows of {known}")
    return fitting[0]
