"""A gap: a fact or item that was not read, and why."""

import msgspec

from virtscan.model.gaps.any_cause import AnyCause
from virtscan.model.gaps.items import AnyItem
from virtscan.model.states import GapAbout


class Gap(msgspec.Struct, frozen=True, kw_only=True):
    """A fact or item that was not read, and the reason; or a warning about the request.

    `hypervisor` is the name of the hypervisor that it belongs to, None for servers and files of no host.
    """

    item: AnyItem
    cause: AnyCause
    about: GapAbout
    hypervisor: str | None = None
