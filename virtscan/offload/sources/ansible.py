"""`ansible:PATH`: Ansible's facts about the server."""

from pathlib import Path

from virtscan.errors import FactsError, OffloadError
from virtscan.model import Device, Server, ServerTarget
from virtscan.model.gaps.causes import NoFeatures
from virtscan.offload.answer import ServerAnswer
from virtscan.offload.server import observed


def read(target: ServerTarget, *, timeout: float) -> Server:  # noqa: ARG001  the caller ends it
    """Read the facts.

    Raises:
        OffloadError: They can't be read, or the server has no device of the configured name.
    """
    from virtscan.evidence import ansible  # with libraries that other sources don't need

    try:
        facts = ansible.open_facts(Path(target.address), [target.name])
    except FactsError as error:
        raise OffloadError(str(error)) from error
    answer = ServerAnswer(
        devices=(*facts.devices, *(Device(name=name) for name in facts.without_facts)),
        lists_all_devices=facts.lists_all_devices,
        features=facts.features,
        no_features=NoFeatures.NOT_IN_FACTS,
        kernel=facts.kernel,
        machine=facts.machine,
        system_uuid=facts.system_uuid,
    )
    return observed(target, answer, at=facts.taken_at)
