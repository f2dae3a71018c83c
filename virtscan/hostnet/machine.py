"""Detection of the kind of machine, from DMI, `systemd-detect-virt` and marks of containers."""

import re
from collections.abc import Iterable, Mapping

import msgspec

from virtscan.model import Machine
from virtscan.model.identity.keys import is_significant

_CONTAINERS = frozenset(
    {"container", "container-other", "docker", "lxc", "lxc-libvirt", "openvz", "podman", "pouch", "proot", "rkt"}
    | {"systemd-nspawn", "virtuozzo", "wsl"}
)
_HYPERVISORS = frozenset(
    {"acrn", "amazon", "apple", "bhyve", "bochs", "google", "hyper-v", "kvm", "microsoft", "oracle", "ovirt"}
    | {"parallels", "powervm", "qemu", "qnx", "rhev", "sre", "uml", "virtualbox", "virtualpc", "vm-other", "vmware"}
    | {"xen", "zvm"}
)
"""Words of `systemd-detect-virt` and of Ansible's `virtualization_type`."""

_VIRTUAL_DMI = re.compile(
    r"\b(?:qemu|kvm|vmware|virtualbox|innotek|bochs|xen|hvm domu|virtual machine|rhev|ovirt|openstack|bhyve|parallels"
    r"|google compute engine|amazon ec2|droplet|digitalocean|alibaba cloud|kubevirt|vserver|linode|ahv"
    r"|virtualization)\b"
    r"|^red hat\b"
)
_BARE_CLOUD = re.compile(r"\.metal\b")
_NO_VENDOR = re.compile(
    r"(?:na|none|n/a|unknown|not specified|default string|to be filled .*|system manufacturer|o\.e\.m\.)?"
)
_CGROUP = re.compile(r"\b(?:docker|lxc|kubepods|libpod|crio|containerd|nspawn|podman)\b")
_DMIDECODE = re.compile(r"^[^\S\n]+(Manufacturer|Product Name|UUID):[^\S\n]*(.*?)[^\S\n]*$", re.MULTILINE)
_SYSTEM = re.compile(r"^System Information\n(?:[^\S\n].*\n?)*", re.MULTILINE)
_VIRTUALIZATION = re.compile(r"^\s*Virtualization:\s*(\S+)", re.MULTILINE)
_CHASSIS = re.compile(r"^\s*Chassis:\s*(?:server|desktop|laptop)\b", re.MULTILINE)
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Dmi(msgspec.Struct, frozen=True, kw_only=True):
    """The system's vendor, product name and uuid as its firmware has them; empty where unknown."""

    vendor: str = ""
    product: str = ""
    uuid: str = ""


def read_dmidecode(text: str) -> Dmi:
    """Read the system's part of `dmidecode`."""
    system = _SYSTEM.search(text)
    lines = dict(_DMIDECODE.findall(system[0])) if system else {}
    return Dmi(vendor=lines.get("Manufacturer", ""), product=lines.get("Product Name", ""), uuid=lines.get("UUID", ""))


def read_dmi_files(files: Mapping[str, str]) -> Dmi:
    """Read `sys_vendor`, `product_name` and `product_uuid` of /sys/class/dmi/id, by name."""
    words = {name: text.strip() for name, text in files.items()}
    return Dmi(
        vendor=words.get("sys_vendor", ""), product=words.get("product_name", ""), uuid=words.get("product_uuid", "")
    )


def read_hostnamectl(text: str) -> str:
    """Return the word for `Virtualization:`, `none` for a chassis of hardware without one, else an empty text."""
    if virtualization := _VIRTUALIZATION.search(text):
        return virtualization[1]
    return "none" if _CHASSIS.search(text) else ""


def system_uuid(text: str) -> str | None:
    """Return a system's uuid in lower case; None for other texts and for the placeholders of firmware."""
    uuid = text.strip().lower()
    return uuid if _UUID.fullmatch(uuid) and is_significant(uuid) else None


def is_container_group(text: str) -> bool:
    """Return True if /proc/1/cgroup shows that the first process runs in a container."""
    return _CGROUP.search(text) is not None


def read_machine(
    *, dmi: Dmi, words: Iterable[str] = (), container: bool = False, hypervisor_flag: bool = False
) -> Machine:
    """Return the kind of machine that a system runs on.

    Bare metal needs positive evidence and nothing against it: a virtual machine may show any DMI names.

    Args:
        dmi: The firmware's names, empty where unknown.
        words: Those of `systemd-detect-virt` or Ansible; `none` for bare metal.
        container: True if there is a mark of a container.
        hypervisor_flag: True if /proc/cpuinfo has the flag `hypervisor`, which is not set on bare metal.
    """
    known = {word.strip().lower() for word in words}
    if container or known & _CONTAINERS:
        return Machine.CONTAINER
    names = f"{dmi.vendor} {dmi.product}".strip().lower()
    if known & _HYPERVISORS or (_VIRTUAL_DMI.search(names) and not _BARE_CLOUD.search(names)):
        return Machine.VIRTUAL
    if hypervisor_flag:  # with `none` a privileged domain of Xen or Hyper-V, or an unknown host
        return Machine.UNKNOWN if "none" in known else Machine.VIRTUAL
    is_bare = "none" in known or not _NO_VENDOR.fullmatch(dmi.vendor.strip().lower())
    return Machine.PHYSICAL if is_bare else Machine.UNKNOWN
