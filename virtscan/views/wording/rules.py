"""The words of each rule of the decision table: the only place that has them."""

from collections.abc import Mapping

import msgspec


class RuleWords(msgspec.Struct, frozen=True, kw_only=True):
    """The words of one rule.

    `title` names it, `when` is the condition if no earlier rule matches, `then` the verdict. `phrase` is its reason
    where a table has room for a few words only. `why` and `action` are paragraphs of docs/rules.md: the mechanism
    behind the rule, and the action.
    """

    title: str
    when: str
    then: str
    phrase: str
    why: str
    action: str


def titled(rule: str) -> str:
    """Return a rule's id with its title, as in `R7 (same device, both in bridge mode)`."""
    return f"{rule} ({RULE_WORDS[rule].title})"


_FIX_SERVER = (
    "Turn TX checksum offload off on the server, on every NIC below its serving interface; `virtscan remedy` writes "
    "the commands, how to make them persistent and how to undo them. Or update the hypervisor's kernel, or move the "
    "server to another hypervisor."
)

RULE_WORDS: Mapping[str, RuleWords] = {
    "R1": RuleWords(
        title="out of scope",
        when="the interface is known not to be a macvtap, or (if only bonds are judged) not to be on a bond; or it "
        "is the server's own",
        then="no finding (counted: not judged)",
        phrase="the interface is not judged",
        why="The fault needs a macvtap: it is in the code that queues a frame to a macvtap. An interface of a "
        "container, on a bridge or on a network of libvirt's own never reaches that code, nor does a passed-through "
        "NIC. A bond is only the usual place, not the cause, so `lower_device = any` judges every macvtap. A server "
        "does not boot from itself.",
        action="Nothing. If an interface is missing from the findings, the line under the table counts it with its "
        "reason.",
    ),
    "R2": RuleWords(
        title="fixed kernel",
        when="the hypervisor's kernel has the fix, or its libvirt version implies one that has it",
        then="not-affected, whichever servers there are",
        phrase="the hypervisor's kernel is fixed",
        why="A fixed kernel computes the checksum before it queues a frame to a macvtap whose reader did not request "
        "offload. A reader that did gets the partial checksum with its mark, and handles it. So no boot ROM on this "
        "hypervisor receives a partial checksum by that path. A libvirt version that no distribution ships with an "
        "unfixed kernel implies a fixed one. If the hypervisor is itself a VM, an unfixed host that runs it may "
        "already have lost the mark: confidence is then medium.",
        action="Nothing. For an inferred kernel, confidence becomes high once the kernel is read: `--ssh-facts`, a "
        'sosreport, or `kernel = "…"` in its [[hypervisor]].',
    ),
    "R3": RuleWords(
        title="no server known",
        when="no provisioning server is known",
        then="unknown; missing: a server",
        phrase="no provisioning server given",
        why="The fault depends on the machine that serves the boot: where it is, and whether its packets carry partial "
        "checksums. Without a server neither is known, and the kernel does not rule the fault out. That no server is "
        "configured does not prove that none answers.",
        action="Name the server: `--server NAME:INTERFACE=ssh://root@HOST`, or a [[server]] in the configuration. The "
        "records of a provisioning system alone are not enough: they lack the server's offload state.",
    ),
    "R4": RuleWords(
        title="not served",
        when="every server is known not to serve the interface: it is declared for other segments or subnets, or the "
        "MAC's record names another configured server",
        then="not-affected",
        phrase="no server serves this network",
        why="A server that never answers an interface can't send it a partial checksum. Only declarations on both "
        "sides or a record of the MAC exclude a server. A record of a Cobbler that does not manage DHCP excludes "
        "none: it does not choose the server. VLAN numbers and addresses never do: numbers repeat at every site, and "
        "several subnets share a wire. A server whose NIC is on the interface's own device or carried by it is judged "
        "anyway.",
        action="Nothing, if the declarations are right. If the VM boots from a server that is not listed, add that "
        "server.",
    ),
    "R5": RuleWords(
        title="offload off",
        when="the server's TX checksum offload for UDP over IPv4 is off on every path out",
        then="mitigated",
        phrase="the server's TX checksum offload is off",
        why="With the offload off, the server's own kernel computes every checksum before the packet leaves. A packet "
        "stays partial only if every device on its path has the offload on; the first one without it fills in the "
        "checksum. A bond does not inherit the setting of its members, so each member counts. The fault remains in "
        "the hypervisor's kernel, and is back if the offload is turned on again.",
        action="If the finding shows that the offload is on again after a reboot, or that this is unknown, make the "
        "setting persistent: `virtscan remedy` shows how. Update the hypervisor's kernel when you can.",
    ),
    "R6": RuleWords(
        title="server's NIC fills in checksums",
        when="the server is a VM whose NIC can't send partial checksums: model e1000 or rtl8139, or virtio with a "
        "live `<host csum='off'/>`",
        then="mitigated",
        phrase="the server's NIC sends only complete checksums",
        why="A server VM's packets leave through its virtual NIC first. For e1000 and rtl8139, QEMU computes the "
        "checksum in software, and a virtio NIC with `<host csum='off'/>` is never offered the offload. So no partial "
        "checksum leaves the VM. Only the server's NIC counts; the model of the booting VM's NIC changes nothing.",
        action="Nothing now. Changing the server's NIC model, or removing that line, brings the fault back.",
    ),
    "R7": RuleWords(
        title="same device, both in bridge mode",
        when="the server (a VM, or a macvlan of the hypervisor) and the interface are on one device, both in bridge "
        "mode; the server's offload is on",
        then="at-risk",
        phrase="shares its device with the server, whose offload is on",
        why="Two macvtap ports in bridge mode on one device hand frames to each other in memory, without any NIC. The "
        "server left the checksum to a NIC, so it is still partial. An unfixed kernel queues the frame unchanged and "
        "loses the mark. The boot ROM computes the checksum in software and drops the packet: TFTP and HTTP time out. "
        "DHCP by ISC dhcpd works, because it computes its own checksums.",
        action=_FIX_SERVER,
    ),
    "R8": RuleWords(
        title="reaches the device before any NIC",
        when="the server's offload is on, and its packets reach the interface's device, or one below, before any NIC "
        "(bridge port, veth); any mode",
        then="at-risk",
        phrase="receives packets directly from a server with offload on",
        why="A tap, veth or Open vSwitch port of a bridge hands the server's frame to the bridge with a partial "
        "checksum. If macvtaps are on that bridge, the frame arrives at their lower device from inside. An unfixed "
        "kernel then delivers it partial in every mode: vepa and private do not help here. There was no NIC on the "
        "way to fill it in.",
        action=_FIX_SERVER,
    ),
    "R9": RuleWords(
        title="no direct exchange on the device",
        when="the server and the interface are on one device, but packets don't pass directly: not both are in bridge "
        "mode, a VLAN separates them, or the server sends out through the device",
        then="not-affected: the packets leave through a NIC, which fills in the checksum",
        phrase="packets leave through a NIC, which fills in the checksum",
        why="Frames pass locally only between two ports of the same device that are both in bridge mode. In vepa, "
        "private or passthrough mode they leave through the bottom of the stack, where a NIC fills in the checksum. A "
        "device and a VLAN over it have separate port tables and never exchange frames. Frames that the hypervisor "
        "sends out through the device bypass the macvtaps. Whether the packets come back depends on the switch: unless "
        "it reflects them, the VM can't reach that server at all.",
        action="Leave checksum offload as it is. If `reaches_server` is no, the boot fails because there is no path: "
        "use bridge mode, another device or another server.",
    ),
    "R10": RuleWords(
        title="through a NIC",
        when="the server's packets pass a NIC that fills in checksums: from another machine, or from another device "
        "of this hypervisor, through such NICs only",
        then="not-affected",
        phrase="the server's packets pass a NIC that fills in checksums",
        why="A NIC fills in the checksum on the way out, so packets from another machine arrive complete. That is "
        "why physical machines boot, and why a VM boots from a server on another hypervisor. A virtual NIC does not "
        "prove this: it passes partial checksums on. Confidence is low while a configured hypervisor is unread, "
        "because the server may be on it, or while the kind of the NICs is unknown.",
        action="Nothing. Live migration of the server to this hypervisor can turn the verdict into at-risk; scan again "
        "after a migration.",
    ),
    "R11": RuleWords(
        title="unknown place, bridge mode",
        when="the server's place is unknown, the interface is in bridge mode, and the server's offload is on",
        then="at-risk; missing: the server's place, and the kernel",
        phrase="the server's offload is on, its place unknown",
        why="The server may be a VM on the interface's own device, and then the packets reach the boot ROM with "
        "partial checksums. Not finding its MAC proves nothing: bridges, bonds and containers have MACs of their own, "
        "and the server may be on a hypervisor that was not read completely. All other conditions of the fault hold.",
        action='Declare where the server runs: `runs_on = "HYPERVISOR"` or `physical = true` in its [[server]]. Or '
        "read it over SSH so that its NICs are known. A fixed kernel gives a definite verdict as well.",
    ),
    "R12": RuleWords(
        title="unknown place, other mode",
        when="the server's place is unknown, the interface is not known to be in bridge mode, and the server's "
        "offload is on",
        then="unknown; missing: the server's place",
        phrase="the server's place is unknown",
        why="In vepa, private or passthrough mode a server on the same device does no harm, because its packets leave "
        "through a NIC. But partial checksums from a server behind a port of the device itself arrive in every mode. "
        "Which case applies depends on the server's place.",
        action='Declare where the server runs: `runs_on = "HYPERVISOR"` or `physical = true` in its [[server]]. Or '
        "read it over SSH so that its NICs are known. A fixed kernel gives a definite verdict as well.",
    ),
    "R13": RuleWords(
        title="offload state unknown",
        when="the state of the server's TX checksum offload is unknown, and no earlier rule decides",
        then="unknown; missing: the server's offload state, with the reason why it was not read",
        phrase="the server's TX checksum offload is unknown",
        why="With the offload on, packets would reach the VM with partial checksums; with it off, they would not. "
        "Drivers turn it on by default, but a default is not an observation. A state that was not read never counts "
        "as off.",
        action="Let virtscan read it (`ssh://root@HOST`), or give it the output of `ethtool -k` (`file:PATH`).",
    ),
    "R14": RuleWords(
        title="path unproven",
        when="the server's place is known, but not whether packets from there pass a NIC on their way to the "
        "interface's device",
        then="unknown; missing: that fact, with the easiest way to find it out",
        phrase="it is unknown whether the server's packets pass a NIC",
        why="A packet that passes a NIC arrives complete; one that does not may arrive with a partial checksum. The "
        "ends of the path are known, but not its middle: a NIC of unknown kind, a nested hypervisor, an interface "
        "whose device is unknown. Virtual NICs pass partial checksums on, so the host around a nested hypervisor "
        "decides. If that host was read completely, its devices show the path, and another rule applies.",
        action="Find out the fact that the finding names; `virtscan explain` shows how, easiest first. Often a "
        "declaration is enough: `physical = true` for a hypervisor or server that is not a VM.",
    ),
}
