"""The sentences for gaps and warnings, with the subject of each."""

from datetime import datetime
from typing import assert_never

from virtscan.model import WAIVER_PATTERNS, Gap
from virtscan.model.gaps import AnyItem
from virtscan.model.gaps import items as i
from virtscan.model.identity.short_names import without_address
from virtscan.views.wording.gaps.causes import cause_words
from virtscan.views.wording.phrases.quantity import quantity


def subject(gap: Gap) -> str:
    """Name the item that was not read, or the subject of a warning."""
    return item_words(gap.item)


def reason(gap: Gap, taken_at: datetime | None = None) -> str:
    """Return the reason and the action; ages are counted from this time; without it, dates are given."""
    words = cause_words(gap.cause, taken_at)
    match gap.item:
        case i.WholeHost(domains_read=count) if count:
            return f"{words}; domains read before that: {count}"
        case i.ServerItem(device=str(device)):
            return f"{device}: {words}"
        case _:
            return words


def item_words(item: AnyItem) -> str:
    """Name an item."""
    match item:
        case i.WholeHost(uri=uri):
            return uri
        case i.GuestDomain(uri=uri, domain=domain, next_start=next_start):
            return f"{uri} domain {domain}{' (next start)' if next_start else ''}"
        case i.HostNetwork(uri=uri, network=network):
            return f"{uri} network {network}"
        case i.NamedDevice(uri=uri, device=device):
            return f"{uri} device {device}"
        case i.NodeDevice(uri=uri, node_device=name):
            return f"{uri} node device {name}"
        case i.HostFact(uri=uri, fact=fact):
            return f"{uri} {fact.value}"
        case i.ReportFile(uri=uri, file=file):
            return f"{uri} {file}"
        case i.OldHost() | i.OldKernel() | i.OldDevices() | i.OldRecords():
            return _outdated(item)
        case i.System():
            return _of_system(item)
        case _:
            return _other(item)


def _outdated(item: i.OldHost | i.OldKernel | i.OldDevices | i.OldRecords) -> str:
    match item:
        case i.OldHost(hypervisor=name, uri=uri):
            return f"{name} ({uri})"
        case i.OldKernel(hypervisor=name, source=source):
            return f"kernel of {name} ({source})"
        case i.OldDevices(hypervisor=name, devices=devices, sources=sources):
            return f"{', '.join(devices)} of {name} ({', '.join(sources) or 'of unknown source'})"
        case i.OldRecords(source=source, subnets=subnets):
            return f"{'subnets' if subnets else 'records'} of {source}"
        case _:
            assert_never(item)


def _of_system(item: i.System) -> str:
    system = f"{item.system_kind.value} {item.system}"
    match item:
        case i.SystemList(list=name, number=None):
            return f"{system} {name}"
        case i.SystemList(list=name, number=number):
            return f"{system} {name} #{number}"
        case i.SystemSubnet(subnet=subnet):
            return f"{system} subnet {subnet}"
        case i.SystemHost(host=host):
            return f"{system} interfaces of host {host}"
        case i.SystemHosts(hosts=count):
            return f"{system} interfaces of {quantity(count, 'host')} in build mode"
        case _:
            return system


def _other(
    item: i.DefinitionFile
    | i.ServerItem
    | i.Servers
    | i.CaptureFile
    | i.WaiverItem
    | i.HypervisorItem
    | i.NamedSegment
    | i.OtherItem,
) -> str:
    match item:
        case i.DefinitionFile(path=path) | i.CaptureFile(file=path):
            return path
        case i.ServerItem(server=server, source=str(source)) if without_address(server, source) == server:
            return f"server {server} ({source})"
        case i.ServerItem(server=server):  # the name of one of several namesakes has its source
            return f"server {server}"
        case i.Servers(servers=servers):
            return f"{'server' if len(servers) == 1 else 'servers'} {', '.join(servers)}"
        case i.WaiverItem(reason=accepted):
            chosen = (f"{key} {glob}" for key in WAIVER_PATTERNS if (glob := getattr(item, key)) != "*")
            return f"waiver {accepted!r} ({', '.join(chosen) or 'of everything'})"
        case i.HypervisorItem(hypervisor=name):
            return name
        case i.NamedSegment(segment=segment):
            return f"segment {segment}"
        case i.OtherItem(text=text):
            return text
        case _:
            assert_never(item)
