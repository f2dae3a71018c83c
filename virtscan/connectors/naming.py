"""The name of a hypervisor that was not read, and its address as it is shown."""

from virtscan.model import Target, TargetKind
from virtscan.model.sources import TARGETS, AddressKind
from virtscan.transport import uri, url_secrets


def shown(target: Target) -> str:
    """Return the address as it is shown, without a password; it identifies the hypervisor in an inventory."""
    row = TARGETS[target.kind]
    if row.address is AddressKind.URI:
        return url_secrets.shown(target.address) or "libvirt's default"
    return row.text(target.address)


def name(target: Target) -> str:
    """Return the declared name, else the one in the address; a name that the hypervisor reports takes precedence."""
    return target.name or _from_address(target) or shown(target)


def _from_address(target: Target) -> str | None:
    match target.kind:
        case TargetKind.LIBVIRT:
            return uri.host_name(target.address)
        case TargetKind.XML:
            from virtscan.connectors import xml_directory  # loads the XML parser

            return xml_directory.host_name(target.address)
        case TargetKind.SOSREPORT:
            from virtscan.evidence import sosreport  # loads archives

            return sosreport.report_name(target.address)
