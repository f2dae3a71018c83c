"""A plan as a file: the slice of a fleet that `virtscan collect` reads; bytes in, bytes out.

`virtscan schema plan` publishes the structs. A plan is for one run: it has no upgrades, because the virtscan
that reads it has to be the one that wrote it.
"""

from collections.abc import Mapping
from typing import Annotated, Literal, TypeAlias, get_args

import msgspec

from virtscan import __version__
from virtscan.errors import PlanError

PlanSchema: TypeAlias = Literal["virtscan.plan/1"]
Seconds: TypeAlias = Annotated[float, msgspec.Meta(gt=0, le=7 * 86400.0)]

(_SCHEMA,) = get_args(PlanSchema)
_WANTED = "see virtscan schema plan"


class _PlanRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A record of the plan: it is for one version, so every key is known."""


class PlannedHypervisor(_PlanRecord, frozen=True):
    """A hypervisor to read, with the configuration's declarations about it."""

    uri: Annotated[str, msgspec.Meta(min_length=1)]
    name: str | None = None
    site: str | None = None
    kernel: str | None = None
    segments: Mapping[str, str] = {}
    reflective: tuple[str, ...] = ()
    physical: bool = False


class SavedPlan(_PlanRecord, frozen=True):
    """The whole plan.

    `deadline` is the time for the whole run, for messages; `run_left` is the rest of it, None for all; both in seconds.
    `in_fleet` and `server_macs` concern the whole fleet, of which this may be a part.
    """

    schema: PlanSchema
    version: str
    hypervisors: tuple[PlannedHypervisor, ...]
    host_timeout: Seconds = 30.0
    deadline: Seconds = 600.0
    run_left: Seconds | None = None
    in_fleet: bool = False
    ssh_facts: bool = False
    next_start: bool = False
    stats: bool = False
    allow_unsafe_uri: bool = False
    server_macs: tuple[str, ...] = ()


class _PlanHeader(msgspec.Struct, frozen=True):
    schema: str
    version: str


def plan_dumps(plan: SavedPlan) -> bytes:
    """Write a plan as one line of JSON."""
    return msgspec.json.encode(plan) + b"\n"


def plan_loads(data: bytes, *, origin: str) -> SavedPlan:
    """Read a plan that this version wrote.

    Args:
        data: The whole document.
        origin: Its name, for messages.

    Raises:
        PlanError: It is not a plan, of another schema or version, or not complete.
    """
    try:
        header = msgspec.json.decode(data, type=_PlanHeader)
        if header.schema.partition("/")[0] != _SCHEMA.partition("/")[0]:
            raise PlanError(f"{origin}: not a plan: its schema is {header.schema[:60]!r}; {_WANTED}")
        if header.schema != _SCHEMA:
            raise PlanError(f"{origin}: its schema is {header.schema[:60]!r}, but this is virtscan {_THIS}; {_SAME}")
        if header.version != __version__:
            raise PlanError(f"{origin}: written by virtscan {header.version[:60]}, but this is {__version__}; {_SAME}")
        return msgspec.json.decode(data, type=SavedPlan)
    except msgspec.ValidationError as error:
        raise PlanError(f"{origin}: not a plan ({error}); {_WANTED}") from error
    except msgspec.DecodeError as error:
        problem = "empty" if not data.strip() else f"not JSON ({str(error).removeprefix('JSON is malformed: ')})"
        raise PlanError(f"{origin}: {problem}; {_WANTED}") from error
    except UnicodeDecodeError as error:
        raise PlanError(f"{origin}: not UTF-8 text; {_WANTED}") from error
    except RecursionError as error:
        raise PlanError(f"{origin}: nested too deeply for a plan; {_WANTED}") from error


_THIS = f"{__version__}, which reads {_SCHEMA}"
_SAME = "install the same version on both machines"
