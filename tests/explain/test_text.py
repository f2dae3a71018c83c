"""The text for people, and the document for programs."""

import json

import pytest
from hypothesis import given
from msgspec.structs import replace

from tests.build import (
    ONLY_BONDS,
    UNFIXED_KERNEL,
    bridged,
    domain,
    gap_in_words,
    hypervisor,
    inventory,
    macvtap,
    server,
)
from tests.correlator.fleets import inventories
from tests.correlator.scenes import SERVING, provisioner, satellite, scene
from tests.explain.test_building import some
from tests.reporters.hostile import NAMES
from virtscan.correlator import RULES, correlate
from virtscan.explain import Explanation, explain, find, text
from virtscan.explain import document as document_of
from virtscan.model import (
    Attachment,
    Device,
    DeviceKind,
    DeviceName,
    DomainState,
    GapAbout,
    Inventory,
    Mac,
    Policy,
    SourceMode,
    State,
    Waiver,
)
from virtscan.reporters import REPORTERS

IN_VEPA_MODE = replace(macvtap(), attachments=(Attachment(DeviceName("bond2"), SourceMode.VEPA),))


def document(explanation: Explanation, looked_at: Inventory) -> str:
    return REPORTERS["json"].render(document_of(explanation, correlate(looked_at))).decode()


def written(looked_at: Inventory, wanted: str = "web01") -> str:
    return text(explain(correlate(looked_at), find(looked_at, wanted)))


def rules_after(rule: str) -> str:
    ids = [rule.id for rule in RULES]
    return ", ".join(ids[ids.index(rule) + 1 :])


def test_the_whole_account_of_an_interface() -> None:
    assert (
        written(
            scene(
                beside=(provisioner(),),
                servers=(satellite(), server("lab", segments=("lab",))),
                kernel=None,
                segments={"bond2": "pxe"},
            )
        )
        == f"""\
web01 on hv1, interface 0 (52:54:00:93:76:af): at-risk (medium) by R7 (same device, both in bridge
  mode), because of satellite eth0

  hypervisor     hv1 (qemu+ssh://hv1/system, at the scan)
  domain         web01, active (qemu:///system, at the scan)
  interface      number 0, 52:54:00:93:76:af, type direct, source bond2, model virtio (domain XML,
                 at the scan)
  source device  bond2, bridge mode (domain XML, at the scan)
  device         bond2: bond, on eth4, eth5 (libvirt, at the scan)
  device         eth4: ethernet, a NIC, b4:96:91:00:0f:04 (libvirt, at the scan)
  device         eth5: ethernet, a NIC, b4:96:91:00:0f:05 (libvirt, at the scan)
  kernel         unknown
  segment        pxe (bond2) (configuration)
  boot           boots from hd (domain XML, at the scan)
  exposure       latent

  server satellite eth0
    TX checksum offload  on (ssh://satellite.example.com, at the scan)
    kernel               unknown
    MAC                  52:54:00:00:00:01 (configuration)
    serves               every segment (nothing is declared)

  server satellite eth0, seen from bond2 in bridge mode: at-risk (medium) by R7 (same device, both
    in bridge mode); this decides the finding
    satellite is domain sat on hv1, also on bond2, in bridge mode
    R1   does not apply: the interface is judged
    R2   does not apply: the kernel's state is unknown
    R3   does not apply: this server may answer
    R4   does not apply: this server may answer
    R5   does not apply: the server's TX checksum offload is on
    R6   does not apply: the server is not known to be a VM whose NIC can't send partial checksums
    R7   applies: the server is on the same lower device, in bridge mode; the interface is in bridge
         mode; the server's TX checksum offload is on
    not reached: {rules_after("R7")}

  not judged on bond2: lab eth0 (declared to serve other segments)

  missing:
    the kernel of hv1 (uname -r)
  to get a definite verdict, easiest first:
    the kernel of hv1 (uname -r): use --ssh-facts, or set kernel = "…" in its [[hypervisor]] to the
      output of `uname -r`
      not-affected if fixed; at-risk if unfixed
  docs/rules.md#r7 explains the rule
"""
    )


def test_the_two_accounts_of_a_domain_whose_definition_was_edited_differ_in_their_titles() -> None:
    running = domain("web01", IN_VEPA_MODE)
    edited = replace(domain("web01", macvtap(), state=DomainState.INACTIVE), next_start=True)
    looked_at = inventory(hypervisor("hv1", provisioner(), running, edited), servers=(satellite(),))
    titles = [line for line in written(looked_at).splitlines() if line.startswith("web01")]

    assert titles == [
        "web01 on hv1, interface 0 (52:54:00:93:76:af): not-affected (medium) by R9 (no direct exchange on",
        "web01 on hv1, interface 0 (52:54:00:93:76:af), at its next start: at-risk (medium) by R7 (same",
    ]


def test_places_that_are_judged_alike_are_one_paragraph() -> None:
    other = "52:54:00:00:00:02"
    vm = domain("sat", macvtap(mac=SERVING), macvtap(mac=other, index=1))
    both = satellite(macs=(Mac(SERVING), Mac(other)), declared_macs=(Mac(SERVING), Mac(other)))

    account = written(scene(beside=(vm,), servers=(both,)))

    assert account.count("server satellite eth0, seen from bond2") == 1
    assert "sat on hv1, also on bond2, in bridge mode (2 equivalent places)\n" in account
    assert "this decides the finding" in account


@pytest.mark.parametrize(
    ("looked_at", "says"),
    [
        (inventory(hypervisor("hv1", domain("web01", bridged()))), ": not judged: not macvtap\n"),
        (
            inventory(hypervisor("hv1", domain("web01", bridged()))),
            "no fact is missing, and no change is needed\n",
        ),
        (inventory(hypervisor("hv1", domain("web01", bridged()))), "not judged by R1 (out of scope)\n"),
        (inventory(hypervisor("hv1", domain("web01", bridged()))), "    R1   applies: not macvtap\n"),
        (scene(IN_VEPA_MODE, beside=(provisioner(),)), "    R9   applies: the interface is in vepa mode\n"),
        (scene(beside=(provisioner(),)), "no missing fact would change the verdict; `virtscan remedy`"),
        (
            scene(beside=(provisioner(),), policy=Policy(waivers=(Waiver(reason="from its ISO", domain="web*"),))),
            "  waived: from its ISO\n",
        ),
        (scene(servers=()), "any server, seen from bond2 in bridge mode: unknown (low) by R3 (no server known)"),
        (
            scene(servers=(server(tx_checksum=State.UNKNOWN),)),
            "    R13  applies: the state of the server's TX checksum offload is unknown\n",
        ),
    ],
)
def test_explanation_contains(looked_at: Inventory, says: str) -> None:
    assert says in written(looked_at)


def test_a_device_that_is_not_judged_is_marked() -> None:
    assert "at-risk if on a bond; not judged if not on a bond" in written(
        scene(macvtap("bond7"), servers=(server(),), policy=ONLY_BONDS)
    )


def test_many_values_of_a_fact_are_listed_below_their_verdict() -> None:
    private = replace(macvtap(), attachments=(Attachment(DeviceName("bond2"), SourceMode.PRIVATE),))

    lines = written(scene(private, servers=(server(),))).splitlines()
    start = lines.index("      not-affected in each of these cases:")
    assert lines[start - 1] == "      at-risk if the lower device receives the server's frames before any NIC"
    assert lines[start + 1] == "        the server is on the same lower device, in bridge mode"


def test_an_unknown_place_and_its_values_read_as_sentences() -> None:
    account = " ".join(written(scene(servers=(satellite(macs=(), declared_macs=()),))).split())

    assert "unknown: where satellite runs: its MAC is unknown R1 does not apply" in account
    assert (
        "at-risk if the server is on the same lower device, in bridge mode, or if the lower device receives the "
        "server's frames before any NIC;" in account
    )


def test_accounts_of_several_interfaces_follow_one_another() -> None:
    two = inventory(hypervisor("hv1", domain("web01", macvtap(), bridged(index=1))))

    shown = written(two)
    assert "\n\nweb01 on hv1, interface 1 (52:54:00:aa:bb:cc): not judged: not macvtap\n" in shown
    assert shown.endswith("no fact is missing, and no change is needed\n")


def hostile(name: str) -> Inventory:
    devices = (Device(name=DeviceName(name), kind=DeviceKind.BOND, lower=(DeviceName(name),), sources=(name,)),)
    here = hypervisor(
        name, domain(name, macvtap(name, model=name, target=name)), devices=devices, uri=name, segments={name: name}
    )
    return inventory(
        here,
        servers=(server(name, source=name, interface=name),),
        gaps=(gap_in_words(subject=name, reason=name, about=GapAbout.SERVER),),
    )


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_hostile_names_are_harmless_and_whole_in_json(name: str) -> None:
    looked_at = hostile(name)
    explanation = explain(correlate(looked_at), find(looked_at, name))

    shown = text(explanation)
    assert all(char == "\n" or char.isprintable() for char in shown)
    assert len(shown) < 40_000
    as_json = document(explanation, looked_at)
    assert as_json.replace("\n", "").isprintable()
    read = json.loads(as_json)
    assert read["interfaces"][0]["domain"] == name.encode("utf-8", "backslashreplace").decode()
    assert len(read["gaps"]) == 1


@some
@given(inventories(least_servers=0))
@pytest.mark.long
def test_the_document_holds_everything(looked_at: Inventory) -> None:
    report = correlate(looked_at)
    explanation = explain(report, find(looked_at, "*"))

    read = json.loads(document(explanation, looked_at))

    assert read["schema"] == "virtscan.explain/1"
    rules = {
        (finding.hypervisor, finding.domain, finding.index): (finding.rule, finding.verdict.value)
        for finding in report.findings
    }
    assert rules == {
        (interface["hypervisor"], interface["domain"], interface["index"]): (interface["rule"], interface["verdict"])
        for interface in read["interfaces"]
        if interface["verdict"] is not None
    }
    assert all(
        (interface["verdict"] is None) == (interface["not_judged"] is not None) for interface in read["interfaces"]
    )
    assert text(explanation)


def test_the_document_has_its_published_keys() -> None:
    looked_at = scene(servers=(server(), server("lab", segments=("lab",))), segments={"bond2": "pxe"}, kernel=None)
    whole = json.loads(document(explain(correlate(looked_at), find(looked_at, "web01")), looked_at))
    (interface,) = whole["interfaces"]

    assert list(interface) == [
        "hypervisor", "origin", "domain", "uuid", "index", "mac", "source_device", "source_mode", "server",
        "server_interface", "verdict", "confidence", "exposure", "rule", "because", "missing", "reaches_server",
        "waived", "waived_servers", "next_start", "not_judged", "facts", "decisions", "silent", "ways",
        "id",
    ]  # fmt: skip
    assert list(interface["facts"][0]) == ["fact", "value", "source", "observed_at", "ago"]
    assert list(whole["servers"][0]) == [
        "server", "server_interface", "fact", "value", "source", "observed_at", "ago",
    ]  # fmt: skip
    assert list(interface["decisions"][0]) == [
        "source_device", "source_mode", "steps", "rule", "verdict", "confidence", "waived", "places",
    ]  # fmt: skip
    assert list(interface["decisions"][0]["places"][0]) == ["server", "server_interface", "place", "decides"]
    assert list(interface["decisions"][0]["steps"][0]) == ["rule", "when", "applies", "asked"]
    assert list(interface["decisions"][0]["steps"][0]["asked"][0]) == ["condition", "holds", "found"]
    assert interface["silent"] == [
        {
            "source_device": "bond2",
            "server": "lab",
            "server_interface": "eth0",
            "why": "declared to serve other segments",
        }
    ]
    assert interface["ways"][0]["verdicts"] == {"fixed": "not-affected", "unfixed": "at-risk"}
    assert list(interface["ways"][0]) == ["fact", "missing", "how", "verdicts"]


def test_servers_that_are_judged_alike_share_their_steps_and_state_their_facts_once() -> None:
    servers = tuple(server(f"s{number}", source=f"ssh://root@s{number}") for number in range(20))
    domains = tuple(domain(f"vm{number}", macvtap(mac=f"52:54:00:00:00:{number:02x}")) for number in range(20))
    looked_at = inventory(hypervisor("hv1", *domains, kernel=UNFIXED_KERNEL), servers=servers)

    whole = json.loads(document(explain(correlate(looked_at), find(looked_at, "*")), looked_at))

    names = [server.name for server in servers]
    for interface in whole["interfaces"]:
        places = [place for decision in interface["decisions"] for place in decision["places"]]
        assert sorted(place["server"] for place in places) == sorted(names)
        assert sum(place["decides"] for place in places) == 1
        assert len(interface["decisions"]) <= 2  # the deciding one may have a confidence of its own
    stated = [(row["server"], row["fact"]) for row in whole["servers"]]
    assert sorted({name for name, _ in stated}) == sorted(names)
    assert len(stated) == len(set(stated))
