"""Ansible's facts about a hypervisor, in addition to those of the hypervisor itself."""

from pathlib import Path

from virtscan.connectors.host_draft import HostDraft, HostFacts
from virtscan.errors import FactsError
from virtscan.evidence import ansible
from virtscan.model import GapAbout, Observed
from virtscan.model.gaps.causes import Failure
from virtscan.model.gaps.items import FactName, HostFact


def read(path: str, draft: HostDraft) -> None:
    """Deliver kernel, machine, CPUs, memory and devices; call it last: facts of the host itself take precedence.

    Facts that can't be read are a gap about devices: they hide no domain and no interface.
    """
    try:
        facts = ansible.open_facts(Path(path), [draft.name])
    except FactsError as error:
        item = HostFact(uri=draft.uri, fact=FactName.OF_ANSIBLE)
        draft.gap(item, Failure(detail=f"{path}: {error}"), GapAbout.DEVICE)
        return
    kernel = facts.kernel
    draft.add_if_unknown(
        HostFacts(
            kernel=None if kernel is None else Observed(value=kernel, source="ansible", observed_at=facts.taken_at),
            kernel_build=facts.kernel_build,
            machine=facts.machine,
            system_uuid=facts.system_uuid,
            cpus=facts.cpus,
            memory_mib=facts.memory_mib,
            memory_free_mib=facts.memory_free_mib,
            processor=facts.processor,
            lists_all_devices=facts.lists_all_devices,
        )
    )
    draft.add(*facts.devices)
