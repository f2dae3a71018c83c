"""Results of jobs: immutable values that can be pickled."""

from typing import TYPE_CHECKING, TypeAlias, Union

import msgspec

from virtscan.model import Gap, Hypervisor, Server

if TYPE_CHECKING:
    from virtscan.provisioning import Records  # loads TLS and XML-RPC


class HostResult(msgspec.Struct, frozen=True, kw_only=True):
    """The part of a hypervisor that was read, and its gaps."""

    hypervisor: Hypervisor
    gaps: tuple[Gap, ...] = ()


JobResult: TypeAlias = Union[HostResult, Server, "Records"]
"""The result of a job: of a hypervisor, a server, a provisioning system."""
