"""Every format serves every command that reports; the formats are those of `REPORTERS`."""

from pathlib import Path

import click
import pytest

from tests.build import UNFIXED_KERNEL, domain, hypervisor, inventory, macvtap, server
from tests.reporters.reading import text_of
from tests.trace.build import ethernet, lease, pcap, read_request, said
from virtscan.cli.main import COMMANDS as ALL_COMMANDS
from virtscan.cli.main import run, virtscan
from virtscan.model import Gap, GapAbout
from virtscan.reporters import REPORTERS
from virtscan.storage import dumps

GAP = Gap(subject="qemu+ssh://hv9/system", reason="no answer", about=GapAbout.HYPERVISOR)
HOST = ("-c", "test:///default")
COMMANDS = {
    "scan": ("scan", *HOST),
    "report": ("report", "FILE"),
    "explain": ("explain", "web01", "FILE"),
    "remedy": ("remedy", "FILE"),
    "trace": ("trace", "PCAP"),
    "servers": ("servers", "--server", "satellite=on"),
    "doctor": ("doctor", *HOST),
}


def test_every_command_with_formats_is_tested_here_and_has_all_of_them() -> None:
    formats: dict[str, object] = {}
    for name in ALL_COMMANDS:
        command = virtscan.get_command(click.Context(virtscan), name)
        assert command is not None
        formats.update((name, option.type) for option in command.params if option.name == "format_name")

    assert formats.keys() == COMMANDS.keys()
    for choice in formats.values():
        assert isinstance(choice, click.Choice)
        assert set(choice.choices) - {"text"} == set(REPORTERS)


@pytest.mark.parametrize("format_name", REPORTERS)
@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_writes_its_document_in_every_format(
    command: str, format_name: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    host = hypervisor("hv1", domain("web01", macvtap()), kernel=UNFIXED_KERNEL)
    fleet = tmp_path / "fleet.json"
    fleet.write_bytes(dumps(inventory(host, servers=(server(),), gaps=(GAP,))))
    capture = tmp_path / "boot.pcap"
    shots = [*lease(), said(1.0, read_request())]
    capture.write_bytes(pcap([(shot.time, ethernet(shot)) for shot in shots]))
    places = {"FILE": str(fleet), "PCAP": str(capture)}
    file = tmp_path / "report"
    arguments = [places.get(word, word) for word in COMMANDS[command]]

    code = run([*arguments, "--format", format_name, "-o", str(file)])

    printed = capfd.readouterr()
    assert code in {0, 1, 3, 4}, printed.err
    assert printed.out == ""
    assert file.read_bytes()
    if "FILE" in COMMANDS[command]:
        where = printed.err if not REPORTERS[format_name].has_gaps else text_of(file.read_bytes())
        assert GAP.subject in where
