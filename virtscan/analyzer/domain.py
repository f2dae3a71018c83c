"""Parser of a `<domain>` document, or of a status file that contains one."""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import chain, count
from sys import intern

from lxml import etree

from virtscan.analyzer.commandline import COMMANDLINE, read_added_interfaces
from virtscan.analyzer.interface import read_interface
from virtscan.analyzer.literals import FEW, identifier, mebibytes, number
from virtscan.analyzer.resources import read_resources
from virtscan.analyzer.xml.parsing import attribute, children_of, first_children, parse_each, text_of
from virtscan.analyzer.xml.trimming import trimmed
from virtscan.errors import AnalyzerError
from virtscan.model import Domain, DomainState, Firmware, State, pack

SUSPENDED = frozenset({"paused", "pmsuspended"})
"""libvirt's words for the states of a suspended domain."""

_FIRMWARE = {firmware.value: firmware for firmware in Firmware}


def read_domains(documents: Sequence[str], *, origin: str) -> list[Domain | AnalyzerError]:
    """Read documents as libvirt prints them.

    A domain without an `id` is off: libvirt prints that of a running domain. A list may be out of date by then.

    Returns:
        The result of each, in their order.
    """
    roots = parse_each([trimmed(xml) for xml in documents])
    return [_domain_or_error(root, origin) for root in roots]


def _domain_or_error(root: etree._Element | AnalyzerError, origin: str) -> Domain | AnalyzerError:
    if isinstance(root, AnalyzerError):
        return root
    try:
        return domain_from(root, origin=origin, without_id=DomainState.INACTIVE)
    except AnalyzerError as error:
        return error


def domain_from(root: etree._Element, *, origin: str, without_id: DomainState = DomainState.UNKNOWN) -> Domain:
    """Read a domain from its element, or from that of a status file in /run.

    A fact that the document lacks is None, not libvirt's default; a domain without a name has an empty one. vCPUs
    are those that the domain starts with (`current`), not those that could be hot-plugged later, just as its memory is
    `<memory>`, not `<maxMemory>`: the host has allocated the former.

    Args:
        root: The root of the document.
        origin: Where it came from.
        without_id: The state of a domain without an `id`, which is not from a status file; others run.

    Returns:
        The domain with the interfaces of every `<devices>`, in document order, then those of QEMU's options. Those on
        a network are not resolved, except where the document of a running domain has their device.

    Raises:
        AnalyzerError: It is neither.
    """
    element: etree._Element | None = root
    state, paused = without_id, State.UNKNOWN
    if root.tag == "domstatus":
        element = root.find("domain")
        state = DomainState.ACTIVE
        paused = State.ON if root.get("state") in SUSPENDED else State.OFF
    if element is None or element.tag != "domain":
        raise AnalyzerError(f"<{root.tag}> contains no domain" if element is None else f"<{root.tag}> is not a domain")
    if element.get("id") is not None:
        state = DomainState.ACTIVE
    first = first_children(element)
    systems, devices = list(element.iterchildren("os")), list(element.iterchildren("devices"))
    system = children_of(systems)
    interfaces = tuple(map(read_interface, _of_each(devices, "interface"), count()))
    return Domain(
        origin=origin,
        name=text_of(first.get("name")) or "",
        uuid=identifier(text_of(first.get("uuid"))),
        state=state,
        type=intern(element.get("type", "")) or None,
        firmware=_firmware(systems, system["loader"]),
        direct_kernel=any((kernel.text or "").strip() for kernel in system["kernel"][:1]),
        vcpus=_started_with(first.get("vcpu")),
        memory_mib=mebibytes(first.get("memory")),
        boot_devices=_shared(tuple(device for boot in system["boot"] if (device := boot.get("dev")))),
        interfaces=(*interfaces, *read_added_interfaces(first.get(COMMANDLINE), len(interfaces))),
        packed=pack(read_resources(first, system["type"], _of_each(devices, "disk"), paused=paused)),
    )


def _started_with(vcpu: etree._Element | None) -> int | None:
    current = number(attribute(vcpu, "current"))
    return number(text_of(vcpu)) if current is None else current


def _firmware(systems: Sequence[etree._Element], loaders: Sequence[etree._Element]) -> Firmware | None:
    """Return the firmware that `<os firmware>` names; a loader in flash memory is EFI's, any other may be either."""
    for system in systems:
        if stated := _FIRMWARE.get(system.get("firmware", "")):
            return stated
    return Firmware.EFI if any(loader.get("type") == "pflash" for loader in loaders) else None


@lru_cache(maxsize=FEW)
def _shared(devices: tuple[str, ...]) -> tuple[str, ...]:
    """Return one value for all domains with the same boot devices."""
    return devices


def _of_each(elements: Sequence[etree._Element], name: str) -> Iterator[etree._Element]:
    return chain.from_iterable(element.iterchildren(name) for element in elements)
