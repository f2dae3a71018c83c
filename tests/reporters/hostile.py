"""Names as an attacker would choose them, in every place that a report has for a name."""

from typing import Any

from tests.build import TAKEN_AT, domain, hypervisor, inventory, macvtap, server
from tests.views.fleet import finding
from virtscan.model import (
    Attachment,
    Device,
    DeviceKind,
    DeviceName,
    Gap,
    GapAbout,
    Mac,
    Observed,
    Persistence,
    Report,
    SourceMode,
    State,
    Verdict,
    WaivedServer,
)
from virtscan.model.reasons import Carried, NeedsOffload, NeedsRenewal

LONG = "L" + "o" * 9_998 + "g"

NAMES = {
    "escape sequence": "\x1b[31mred\x1b]0;title\x07",
    "single-character escape": "\x9b31m",
    "newline": "two\nlines",
    "carriage return": "one\rover",
    "tab": "\tcell",
    "line separators": "a\u2028b\u2029c\x85d",
    "right to left": "\u202egnp.exe\u2066\u200f",
    "zero width": "ad\u200bmin\u2060\ufeff",
    "lone surrogate": "caf\udce9",
    "nothing printable": "\x00\x01",
    "mark of the table library": "\x01",
    "private characters": "\U000f0000\U0010fffd\ue000",
    "formula": "=cmd|'/C calc'!A0",
    "plus": "+1+1",
    "minus": "-2+3",
    "at": "@SUM(1)",
    "wide formula": "\uff1d1+1",
    "formula behind a semicolon": "a;=1+1",
    "formula behind a tab": "\t=1+1",
    "quotes": '","=1+1',
    "markup": "</script><script>alert(1)</script>",
    "shell": "eth0; rm -rf /",
    "markdown": "| a | `b` | [c](javascript:d)",
    "spelt-out escape": "\\x1b[31m",
    "wide": "\u6f22" * 30,
    "combined": "e" + "\u0301" * 300,
    "starts with a mark": "\u0301e",
    "long": LONG,
    "long and hostile": "\x1b" * 10_000,
    "empty": "",
    "spaces": "   ",
}


def report(name: str) -> Report:
    """A report in which whatever is text from outside is this name."""
    device = DeviceName(name)
    interface = macvtap(
        name,
        mac=name,
        type=name,
        network=name,
        portgroup=name,
        model=name,
        target=name,
        attachments=(Attachment(device, SourceMode.BRIDGE),),
    )
    host = hypervisor(
        name,
        domain(name, interface, uuid=name, origin=name, boot_devices=(name,)),
        uri=name,
        site=name,
        kernel=name,
        devices=(Device(name=device, kind=DeviceKind.BOND, lower=(DeviceName(f"{name}2"),), sources=(name,)),),
        segments={name: name},
    )
    provider = server(
        name,
        State.ON,
        source=name,
        interface=name,
        persistence=Persistence(setting=name),
        macs=(Mac(name),),
        addresses=(name,),
        kernel=Observed(value=name, source=name, observed_at=TAKEN_AT),
        segments=(name,),
        subnets=(name, name),
        reason=name,
    )
    fields: dict[str, Any] = {
        "hypervisor": name,
        "origin": name,
        "domain": name,
        "uuid": name,
        "mac": Mac(name),
        "source_device": device,
        "lower_devices": (device,),
        "segment": name,
        "server": name,
        "server_interface": name,
        "because": (
            Carried(server=name, hypervisor=name, domain=name, device=device, port=device),
            NeedsRenewal(subject=name, complaint=name),
        ),
        "waived_servers": (WaivedServer(server=name, verdict=Verdict.AT_RISK, rule=name, reason=name),),
    }
    needed = NeedsOffload(server=name, interface=name, why=name, devices=(device,))
    return Report(
        inventory=inventory(
            host,
            servers=(provider,),
            gaps=(Gap(subject=name, reason=name, about=GapAbout.HYPERVISOR, hypervisor=name),),
        ),
        findings=(
            finding(**fields),
            finding(**fields, index=1, verdict=Verdict.UNKNOWN, rule=name, missing=(needed,)),
            finding(**fields, index=2, waived=name, rule=name),
        ),
    )
