"""Parser of the JSON of Ansible's `setup`, in every stored form; pure."""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import zip_longest
from typing import Any

import msgspec

from virtscan import hostnet
from virtscan.errors import FactsError
from virtscan.evidence.ansible.devices import lists_all_devices, read_devices, read_features, without_facts
from virtscan.model import Device, DeviceName, Machine, Processor

# `ansible HOST -m setup` prints this before each host's facts; version 1 used `>>`.
_HOST = re.compile(rb"^(\S{1,1000}) \| (\w{1,40})!? (?:=>|>>) (?=\{)", re.MULTILINE)
_LARGEST = 8 << 20
"""Most bytes of a host's facts that are decoded: enough for 5,000 devices."""

_WANTED = frozenset({
    "date_time", "fqdn", "hostname", "interfaces", "kernel", "kernel_version", "memtotal_mb", "nodename",
    "memory_mb", "processor", "processor_cores", "processor_count", "processor_threads_per_core",
    "processor_vcpus", "product_name", "product_uuid", "system", "system_vendor", "virtualization_role",
    "virtualization_tech_guest", "virtualization_type",
})  # fmt: skip
"""Facts that are read in addition to those of devices, without `ansible_`."""

_OF_DEVICES = re.compile(rb'"(?:device|ipv4|ipv4_secondaries)"')
_SOURCE = "ansible"
_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])


class AnsibleFacts(msgspec.Struct, frozen=True, kw_only=True):
    """Ansible's facts about one host.

    `names` are all its names, that of the inventory first. `features` has the output of `ethtool -k` for each device of
    which Ansible has it. `lists_all_devices` is False if a filter removed devices; `without_facts` are those of them
    that are still named.
    """

    names: tuple[str, ...]
    kernel: str | None = None
    kernel_build: str | None = None
    cpus: int | None = None
    memory_mib: int | None = None
    memory_free_mib: int | None = None
    processor: Processor = Processor()
    devices: tuple[Device, ...] = ()
    lists_all_devices: bool = False
    without_facts: tuple[DeviceName, ...] = ()
    features: Mapping[DeviceName, str] = {}
    machine: Machine = Machine.UNKNOWN
    system_uuid: str | None = None
    taken_at: datetime | None = None


def read_facts(content: bytes) -> tuple[AnsibleFacts, ...]:
    """Read a file of a fact cache, of `--tree`, or the output of `ansible -m setup` for one or more hosts.

    Hosts that could not be reached, and so have no facts, are left out. Only the facts that are used are decoded: the
    others, packages and mounts, may be a hundred times as large.

    Raises:
        FactsError: It is not JSON, incomplete, or has no facts of any host.
    """
    try:
        read = [_facts(document, host) for host, document in _documents(content)]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise FactsError(f"not Ansible's JSON, or incomplete: {error}") from error
    facts = tuple(item for item in read if item is not None)
    if not facts:
        raise FactsError("no Ansible facts found; save the whole output of `ansible HOST -m setup`")
    return facts


def _documents(content: bytes) -> Iterator[tuple[str | None, dict[str, msgspec.Raw]]]:
    start = len(content) - len(content.removeprefix(b"\xef\xbb\xbf").lstrip())
    if content.startswith(b"{", start):
        yield None, _OBJECT.decode(memoryview(content)[start:])
        return
    heads = list(_HOST.finditer(content))
    for head, following in zip_longest(heads, heads[1:]):
        end = content.rfind(b"}", head.end(), following.start() if following else len(content)) + 1
        yield head[1].decode(errors="replace"), _OBJECT.decode(memoryview(content)[head.end() : max(end, head.end())])


def _facts(document: Mapping[str, msgspec.Raw], host: str | None) -> AnsibleFacts | None:
    wrapped = document.get("ansible_facts")
    values = document if wrapped is None or not bytes(wrapped).lstrip().startswith(b"{") else _OBJECT.decode(wrapped)
    if not any(key.startswith("ansible_") for key in values):
        return None
    facts = _decoded({key.removeprefix("ansible_"): raw for key, raw in values.items() if key.startswith("ansible_")})
    names = (host, *(facts.get(key) for key in ("fqdn", "nodename", "hostname")))
    taken_at = _time(facts)
    return AnsibleFacts(
        names=tuple(dict.fromkeys(name for name in names if isinstance(name, str) and name)),
        kernel=_text(facts, "kernel") if facts.get("system", "Linux") == "Linux" else None,
        kernel_build=_text(facts, "kernel_version"),
        cpus=_number(facts, "processor_vcpus"),
        memory_mib=_number(facts, "memtotal_mb"),
        memory_free_mib=_free(facts),
        processor=_processor(facts),
        devices=read_devices(facts, source=_SOURCE, at=taken_at),
        lists_all_devices=lists_all_devices(facts),
        without_facts=without_facts(facts),
        features=read_features(facts),
        machine=_machine(facts),
        system_uuid=hostnet.system_uuid(_text(facts, "product_uuid") or ""),
        taken_at=taken_at,
    )


def _decoded(values: Mapping[str, msgspec.Raw]) -> dict[str, Any]:
    """Return the wanted facts and those of devices; bytes that are not UTF-8 are replaced.

    Raises:
        FactsError: They are too large.
    """
    wanted = {key: bytes(raw) for key, raw in values.items() if key in _WANTED or _OF_DEVICES.search(raw)}
    if sum(map(len, wanted.values())) > _LARGEST:
        raise FactsError(f"facts of one host too large (over {_LARGEST} bytes)")
    return {key: msgspec.json.decode(raw.decode(errors="replace")) for key, raw in wanted.items()}


def _machine(facts: Mapping[str, Any]) -> Machine:
    """Return the kind of machine; on a virtualization host, Ansible's type is that of its guests, so DMI decides."""
    guest = facts.get("virtualization_role") == "guest"
    values = facts.get("virtualization_tech_guest")
    types = [facts.get("virtualization_type"), *(values if isinstance(values, list) else ())] if guest else []
    words = [word for word in types if isinstance(word, str)]
    dmi = hostnet.Dmi(vendor=_text(facts, "system_vendor") or "", product=_text(facts, "product_name") or "")
    return hostnet.read_machine(dmi=dmi, words=[*words, "vm-other"] if guest else ())


def _free(facts: Mapping[str, Any]) -> int | None:
    """Return the memory that is free or used by caches, in MiB."""
    memory = facts.get("memory_mb")
    real = memory.get("nocache") if isinstance(memory, dict) else None
    return _number(real, "free") if isinstance(real, dict) else None


def _processor(facts: Mapping[str, Any]) -> Processor:
    """Return the processors; `processor` lists number, vendor and model of each."""
    listed = facts.get("processor")
    models = [word for word in listed if isinstance(word, str)] if isinstance(listed, list) else []
    return Processor(
        model=max(models, key=len, default=None),
        sockets=_number(facts, "processor_count"),
        cores=_number(facts, "processor_cores"),
        threads=_number(facts, "processor_threads_per_core"),
    )


def _time(facts: Mapping[str, Any]) -> datetime | None:
    """Return the time of gathering; None if it lacks a time zone."""
    date = facts.get("date_time")
    try:
        moment = datetime.fromisoformat(str(date["iso8601"])) if isinstance(date, dict) else None
    except (KeyError, ValueError):
        return None
    return moment if moment is not None and moment.tzinfo is not None else None


def _text(facts: Mapping[str, Any], key: str) -> str | None:
    value = facts.get(key)
    return value if isinstance(value, str) and value else None


def _number(facts: Mapping[str, Any], key: str) -> int | None:
    value = facts.get(key)
    return value if isinstance(value, int) and value > 0 else None
