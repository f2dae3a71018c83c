"""Records of a provisioning system."""

import msgspec

from virtscan.model import Gap, GapAbout, Mac, Netboot, ProvisioningTarget, Subnet, parse_mac
from virtscan.model.gaps import AnyCause
from virtscan.model.gaps.items import System


class Records(msgspec.Struct, frozen=True, kw_only=True):
    """The boot records, subnets and gaps of a system; a MAC occurs twice if the system has it twice."""

    netboots: tuple[Netboot, ...] = ()
    subnets: tuple[Subnet, ...] = ()
    gaps: tuple[Gap, ...] = ()


def system(target: ProvisioningTarget) -> System:
    """Return the system as the subject of a gap."""
    return System(system_kind=target.kind, system=target.title)


def gap(item: System, cause: AnyCause) -> Gap:
    """Return the gap for an item of a system that could not be read."""
    return Gap(item=item, cause=cause, about=GapAbout.PROVISIONING)


def unreadable(target: ProvisioningTarget, cause: AnyCause) -> Records:
    """Return empty records with this cause."""
    return Records(gaps=(gap(system(target), cause),))


def mac_address(recorded: object) -> Mac | None:
    """Return the MAC in a record; None for an empty value, `random` and InfiniBand addresses."""
    return parse_mac(recorded) if isinstance(recorded, str) else None
