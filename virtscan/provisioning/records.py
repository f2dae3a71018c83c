"""Records of a provisioning system, and its name in outputs."""

import msgspec

from virtscan.model import Gap, GapAbout, Mac, Netboot, ProvisioningTarget, Subnet, parse_mac


class Records(msgspec.Struct, frozen=True, kw_only=True):
    """Boot records; a MAC occurs twice if the system has it twice."""

    netboots: tuple[Netboot, ...] = ()
    subnets: tuple[Subnet, ...] = ()
    gaps: tuple[Gap, ...] = ()


def shown(target: ProvisioningTarget) -> str:
    """Return the system as a source of facts: what it is and where."""
    return f"{target.kind.value} {target.name or target.url}"


def gap(target: ProvisioningTarget, reason: str, *, item: str = "") -> Gap:
    """Something of this system that could not be read; `item` is what, empty: all of it."""
    subject = f"{shown(target)} {item}".rstrip()
    return Gap(subject=subject, reason=reason, about=GapAbout.PROVISIONING)


def unreadable(target: ProvisioningTarget, reason: str) -> Records:
    """Return empty records with this reason."""
    return Records(gaps=(gap(target, reason),))


def mac_address(recorded: object) -> Mac | None:
    """Return the MAC in a record; None for what can't be one of a domain: nothing, `random`, an InfiniBand address."""
    return parse_mac(recorded) if isinstance(recorded, str) else None
