"""The vocabulary: frozen values and closed sets, shared by every part; no I/O, no rules."""

from virtscan.model.facts import (
    CONFIGURATION,
    Attachment,
    Device,
    DeviceName,
    Domain,
    Hypervisor,
    Interface,
    LeftOut,
    Network,
    Observed,
)
from virtscan.model.gaps import Gap
from virtscan.model.inventory import Inventory, Policy, Waiver
from virtscan.model.mac import Mac, parse_mac
from virtscan.model.matching import HostPair, match_hosts
from virtscan.model.memory import RememberedPlace, UnreadHost
from virtscan.model.plan import (
    Plan,
    ProvisioningTarget,
    ServerTarget,
    SourceKind,
    Target,
    TargetKind,
)
from virtscan.model.provisioning import Netboot, Subnet
from virtscan.model.report import Finding, NotJudged, Report, WaivedServer
from virtscan.model.secret import Secret
from virtscan.model.servers import Feature, Offload, Persistence, Server, ServerDevice
from virtscan.model.states import (
    Backing,
    Confidence,
    DeviceKind,
    DomainState,
    Exposure,
    FailOn,
    Firmware,
    Fix,
    GapAbout,
    HostStatus,
    KernelBasis,
    LinkState,
    LowerDevice,
    Machine,
    ProvisioningKind,
    Reach,
    SourceMode,
    State,
    Verdict,
    WhyLeftOut,
)

__all__ = [
    "CONFIGURATION", "Attachment", "Backing", "Confidence", "Device", "DeviceKind", "DeviceName", "Domain",
    "DomainState", "Exposure", "FailOn", "Feature", "Finding", "Firmware", "Fix", "Gap", "GapAbout", "HostPair",
    "HostStatus", "Hypervisor", "Interface", "Inventory", "KernelBasis", "LeftOut", "LinkState", "LowerDevice", "Mac",
    "Machine", "Netboot", "Network", "NotJudged", "Observed", "Offload", "Persistence", "Plan", "Policy",
    "ProvisioningKind", "ProvisioningTarget", "Reach", "RememberedPlace", "Report", "Secret", "Server",
    "ServerDevice", "ServerTarget", "SourceKind", "SourceMode", "State", "Subnet", "Target", "TargetKind",
    "UnreadHost", "Verdict", "WaivedServer", "Waiver", "WhyLeftOut", "match_hosts", "parse_mac",
]  # fmt: skip
