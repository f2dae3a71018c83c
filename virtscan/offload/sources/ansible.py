"""`ansible:PATH`: Ansible's facts about the server."""

from pathlib import Path
from typing import TYPE_CHECKING

from virtscan.errors import FactsError, OffloadError
from virtscan.model import Device, Server, ServerTarget
from virtscan.model.gaps.causes import NoFeatures
from virtscan.offload.answer import ServerAnswer
from virtscan.offload.server import observed

if TYPE_CHECKING:
    from virtscan.evidence.ansible import AnsibleFacts


def read(target: ServerTarget, *, timeout: float) -> Server:  # noqa: ARG001  the caller ends it
    """Read the facts.

    Raises:
        OffloadError: They can't be read, or there is no device of the name that was given.
    """
    from virtscan.evidence import ansible  # with libraries that other sources don't need

    try:
        facts = ansible.open_facts(Path(target.address), [target.name])
    except FactsError as error:
        raise OffloadError(f"the facts can't be read: {error}") from error
    answer = ServerAnswer(
        devices=(*facts.devices, *_possible_masters(facts)),
        lists_all_devices=facts.lists_all_devices,
        features=facts.features,
        no_features=NoFeatures.NOT_IN_FACTS,
        kernel=facts.kernel,
        machine=facts.machine,
        system_uuid=facts.system_uuid,
    )
    return observed(target, answer, at=facts.taken_at)


def _possible_masters(facts: "AnsibleFacts") -> list[Device]:
    """Return the devices without facts, each over the devices that may be its members: those without an address.

    A VLAN is named after the device below it, and is neither a bond nor a bridge.
    """
    members = {name for device in facts.devices for name in device.lower}
    free = [device.name for device in facts.devices if not device.addresses and device.name not in members]
    names = {device.name for device in facts.devices}
    masters = [name for name in facts.without_facts if name != "lo" and name.rpartition(".")[0] not in names]
    return [Device(name=name, lower=tuple(free)) for name in masters]
