"""The plan of a scan: the command line and the configuration, validated."""

from collections.abc import Mapping
from enum import Enum

import msgspec

from virtscan.model.identity.mac import Mac
from virtscan.model.inventory import Policy
from virtscan.model.secret import Secret
from virtscan.model.states import FailOn, ProvisioningKind, State


class TargetKind(Enum):
    """Ways to read a hypervisor."""

    LIBVIRT = "libvirt"
    XML = "xml"
    SOSREPORT = "sosreport"


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """A hypervisor to read: `address` is a libvirt URI (as given, passwords included) or a path.

    `name` overrides the name from the address; `kernel` is `uname -r`, declared. `facts` is the path of Ansible's
    facts about it. `chosen_by` names where the address comes from when it was named neither on the command line nor in
    the configuration.
    """

    kind: TargetKind
    address: str
    name: str | None = None
    site: str | None = None
    kernel: str | None = None
    segments: Mapping[str, str] = {}
    reflective: tuple[str, ...] = ()
    physical: bool = False
    facts: str | None = None
    chosen_by: str | None = None


class SourceKind(Enum):
    """Sources of a server's offload state; DECLARED is the words `on` and `off`."""

    SSH = "ssh"
    FILE = "file"
    LOCAL = "local"
    SOSREPORT = "sosreport"
    ANSIBLE = "ansible"
    DECLARED = "declared"


class ServerTarget(msgspec.Struct, frozen=True, kw_only=True):
    """A provisioning server to read.

    `address` is `[user@]host[:port]` for SSH, a path for FILE, SOSREPORT and ANSIBLE, empty otherwise; `declared`
    is set for DECLARED only.
    """

    name: str
    kind: SourceKind
    address: str = ""
    declared: State | None = None
    interface: str | None = None
    macs: tuple[Mac, ...] = ()
    segments: tuple[str, ...] = ()
    subnets: tuple[str, ...] = ()
    physical: bool = False
    runs_on: str | None = None


class ProvisioningTarget(msgspec.Struct, frozen=True, kw_only=True):
    """A provisioning system to read; `url` has neither user nor password.

    The password or token is `secret`, or in the file `secret_file`, or in the environment variable `secret_variable`;
    with none of them, requests are anonymous. `ca_file` holds the authorities that its certificate is checked against
    in place of the system's.
    """

    kind: ProvisioningKind
    url: str
    name: str | None = None
    user: str | None = None
    secret: Secret | None = None
    secret_file: str | None = None
    secret_variable: str | None = None
    ca_file: str | None = None

    @property
    def title(self) -> str:
        """Return its name in outputs."""
        return self.name or self.url

    @property
    def source(self) -> str:
        """Return it as a source of facts: its kind and name."""
        return f"{self.kind.value} {self.title}"


class DaskTarget(msgspec.Struct, frozen=True, kw_only=True):
    """The scheduler whose workers read hypervisors, with the files of the certificates for TLS."""

    address: str
    tls_ca: str | None = None
    tls_cert: str | None = None
    tls_key: str | None = None


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """One scan. Seconds are wall time; `deadline` is for the whole run.

    `fail_on` is None where neither the configuration nor the command line chooses it. `scope` identifies the
    configuration and the hypervisors that the command line names; None where neither is known. `one_call_at_a_time`
    allows no concurrent calls on one connection, which may crash libvirt's client. `history` is the URL of the database
    for scans. `dask` is the scheduler of the workers that read hypervisors; None: this machine reads them.
    """

    targets: tuple[Target, ...] = ()
    scope: str | None = None
    servers: tuple[ServerTarget, ...] = ()
    provisioning: tuple[ProvisioningTarget, ...] = ()
    policy: Policy = Policy()
    host_timeout: float = 30.0
    deadline: float = 600.0
    ssh_facts: bool = False
    next_start: bool = False
    stats: bool = False
    allow_unsafe_uri: bool = False
    fail_on: FailOn | None = None
    one_call_at_a_time: bool = False
    history: str | None = None
    dask: DaskTarget | None = None
