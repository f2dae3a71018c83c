"""The tables of the configuration file and their keys, from which the docs and the schema are generated."""

from datetime import date
from typing import Annotated

import msgspec

from virtscan.model import FailOn, LowerDevice, ProvisioningKind


def _key(description: str, example: str | None = None) -> msgspec.Meta:
    """Describe a key; the example is TOML, as written after the equals sign."""
    return msgspec.Meta(description=description, examples=None if example is None else [example])


class ConfigSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of the file: every key is known."""


class ScanSection(ConfigSection, frozen=True):
    """Reading and judging. Each key is an option of `virtscan scan`, which takes precedence."""

    lower_device: Annotated[
        LowerDevice | None,
        _key("Judge macvtap interfaces on any device (the default), or only those on a bond.", '"bond"'),
    ] = None
    max_age: Annotated[str | None, _key("Ignore facts older than this at scan time; default: no limit.", '"7d"')] = None
    fail_on: Annotated[
        FailOn | None,
        _key("Lowest exposure at which an interface at risk gives exit code 1 or 4; default: latent.", '"boots"'),
    ] = None
    host_timeout: Annotated[str | None, _key("Time limit per host; default: 30s.", '"1m"')] = None
    deadline: Annotated[str | None, _key("Time limit for the whole run; default: 10m.", '"30m"')] = None
    ssh_facts: Annotated[bool, _key("Also read kernel and devices of qemu+ssh hypervisors over SSH.", "true")] = False
    next_start: Annotated[bool, _key("Also read the persistent definitions of running domains.", "true")] = False
    stats: Annotated[bool, _key("Also read disk and balloon sizes: one slow call per hypervisor.", "true")] = False


class HistorySection(ConfigSection, frozen=True):
    """The database that scans are kept in."""

    url: Annotated[
        str | None,
        _key(
            "SQLite file, or PostgreSQL: postgresql://USER@HOST/NAME.", '"sqlite:////var/lib/virtscan/history.sqlite"'
        ),
    ] = None


class EngineSection(ConfigSection, frozen=True):
    """Workers that read hypervisors from other machines; see docs/fleet.md. Without `dask`, none are used."""

    dask: Annotated[
        str | None,
        _key(
            "Scheduler of a Dask cluster: tls://HOST:PORT, or tcp:// on this machine alone.", '"tls://scheduler:8786"'
        ),
    ] = None
    tls_ca: Annotated[str | None, _key("Certificate of the CA that all sides trust.", '"tls/ca.pem"')] = None
    tls_cert: Annotated[str | None, _key("Certificate that this side presents.", '"tls/coordinator.pem"')] = None
    tls_key: Annotated[str | None, _key("Private key of that certificate.", '"tls/coordinator.key"')] = None


class HypervisorSection(ConfigSection, frozen=True):
    """A hypervisor to read, by exactly one of `uri`, `uris`, `xml` and `sosreport`."""

    uri: Annotated[str | None, _key("Libvirt URI, as in virsh -c.", '"qemu+ssh://root@hv1/system"')] = None
    uris: Annotated[
        tuple[str, ...],
        _key("Several hypervisors that share the other keys.", '["qemu+ssh://hv1/system", "qemu+ssh://hv2/system"]'),
    ] = ()
    xml: Annotated[str | None, _key("Domain XML, a folder or a file, read as one hypervisor.", '"dumps/hv1"')] = None
    sosreport: Annotated[str | None, _key("Sosreport, a folder or an archive.", '"sosreport-hv1.tar.xz"')] = None
    name: Annotated[str | None, _key("Name in reports (for a single hypervisor).", '"hv1"')] = None
    site: Annotated[str | None, _key("Site, used to group capacity.", '"ams1"')] = None
    kernel: Annotated[
        str | None,
        _key("Output of uname -r if it can't be read; an observed kernel takes precedence.", '"2.6.32-279.el6.x86_64"'),
    ] = None
    facts: Annotated[str | None, _key("Ansible facts (for a single hypervisor).", '"ansible:facts/hv1.json"')] = None
    segments: Annotated[
        dict[str, str],
        _key("Segment (layer-2 network) of each source device.", '{ bond2 = "provisioning", "bond2.120" = "dmz" }'),
    ] = {}
    physical: Annotated[bool, _key("Declares that the hypervisor is not a VM: its NICs fill in checksums.", "true")] = (
        False
    )
    reflective: Annotated[
        tuple[str, ...], _key("Devices that lead to a switch with reflective relay (802.1Qbg).", '["bond2"]')
    ] = ()


class ServerSection(ConfigSection, frozen=True):
    """A provisioning server. It serves the named `segments` or `subnets`; with neither, every segment."""

    name: Annotated[str, _key("Name in reports.", '"satellite"')]
    offload: Annotated[
        str, _key("SOURCE of its TX checksum offload, as after --server NAME=.", '"ssh://root@satellite"')
    ]
    interface: Annotated[str | None, _key("Device it serves through; default: the one with its address.", '"eth0"')] = (
        None
    )
    mac: Annotated[
        tuple[str, ...], _key("MACs of its NICs, unless SOURCE reads them, as ssh:// does.", '["52:54:00:5a:7e:01"]')
    ] = ()
    segments: Annotated[tuple[str, ...], _key("Segments that it serves.", '["provisioning"]')] = ()
    subnets: Annotated[tuple[str, ...], _key("Subnets that it serves.", '["10.77.0.0/24"]')] = ()
    physical: Annotated[bool, _key("Declares that the server is not a VM.", "true")] = False
    runs_on: Annotated[str | None, _key("Hypervisor that it runs on as a VM.", '"hv1"')] = None


class ProvisioningSection(ConfigSection, frozen=True):
    """A system with boot records. If it needs a user, set one of the `password` or `token` keys."""

    type: Annotated[ProvisioningKind, _key("System: cobbler, or foreman (also Satellite 6).", '"foreman"')]
    url: Annotated[
        str,
        _key("Foreman's web interface, or Cobbler's API (ends in /cobbler_api).", '"https://satellite.example.com"'),
    ]
    name: Annotated[str | None, _key("Name in reports.", '"satellite"')] = None
    user: Annotated[str | None, _key("User to log in as.", '"virtscan"')] = None
    password: Annotated[str | None, _key("Password, from an environment variable.", '"${SATELLITE_PASSWORD}"')] = None
    password_file: Annotated[
        str | None, _key("File with the password, readable only by its owner.", '"/etc/virtscan/password"')
    ] = None
    password_env: Annotated[str | None, _key("Environment variable with the password.", '"SATELLITE_PASSWORD"')] = None
    token: Annotated[str | None, _key("Token, from an environment variable.", '"${SATELLITE_TOKEN}"')] = None
    token_file: Annotated[
        str | None, _key("File with the token, readable only by its owner.", '"/etc/virtscan/token"')
    ] = None
    token_env: Annotated[str | None, _key("Environment variable with the token.", '"SATELLITE_TOKEN"')] = None
    ca_file: Annotated[
        str | None, _key("CA certificates that verify the system's certificate.", '"/etc/pki/satellite.pem"')
    ] = None

    def __repr__(self) -> str:
        """Return the fields that identify the system, without the secrets."""
        return f"ProvisioningSection(type={self.type!r}, url={self.url!r})"


class WaiverSection(ConfigSection, frozen=True):
    """Accepted findings, by globs. A waiver marks findings; it does not hide them."""

    reason: Annotated[str, _key("Reason for accepting the findings, shown in reports.", '"boots from its ISO image"')]
    hypervisor: Annotated[str, _key("Glob of hypervisors.", '"ams1-*"')] = "*"
    domain: Annotated[str, _key("Glob of domains.", '"iso-kiosk"')] = "*"
    mac: Annotated[str, _key("Glob of MACs.", '"52:54:00:15:*"')] = "*"
    server: Annotated[str, _key("Glob of servers; default: every server.", '"satellite"')] = "*"
    until: Annotated[date | None, _key("Last day of the waiver.", "2027-03-31")] = None
