"""The parsers that read what others wrote, and where inputs to begin with are."""

import tarfile
import tempfile
from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path

import msgspec

from tests.analyzer.reading import read_domain
from tests.evidence.sosreport.build import ROOT, add
from tests.harness.shared import FOLDER
from virtscan import analyzer, hostnet, trace
from virtscan.config.file.document import read_document
from virtscan.connectors import host_probe
from virtscan.evidence.ansible import read_facts
from virtscan.evidence.sosreport import open_sosreport
from virtscan.offload import probe
from virtscan.offload.ethtool import parse_features
from virtscan.provisioning.cobbler import rpc
from virtscan.provisioning.cobbler.items import FIELDS
from virtscan.redaction import load_map
from virtscan.storage import loads
from virtscan.transport import uri
from virtscan.views.rows.filters import parse_condition

PROJECT = Path(__file__).parents[2]
CORPUS = FOLDER / "corpus"


class Parser(msgspec.Struct, frozen=True, kw_only=True):
    """A parser of bytes; `seeds` are patterns below the corpus and the project, `examples` inputs written here."""

    parse: Callable[[bytes], object]
    seeds: tuple[str, ...] = ()
    examples: tuple[bytes, ...] = ()

    def inputs(self, most: int = 200) -> list[bytes]:
        """Return what to begin with; of many files some from everywhere."""
        paths = [path for pattern in self.seeds for root in (CORPUS, PROJECT) for path in sorted(root.glob(pattern))]
        files = [path for path in paths if path.is_file()]
        step = max(1, len(files) // most)
        return [*self.examples, *(path.read_bytes() for path in files[::step])]


def _text(parse: Callable[[str], object]) -> Callable[[bytes], object]:
    return lambda data: parse(data.decode(errors="replace"))


def _file(parse: Callable[[Path], object], name: str) -> Callable[[bytes], object]:
    def of_file(data: bytes) -> object:
        with tempfile.TemporaryDirectory(prefix="virtscan-") as folder:
            path = Path(folder) / name
            path.write_bytes(data)
            return parse(path)

    return of_file


def _archive() -> bytes:
    """Return a small sosreport."""
    packed = BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        tree = {
            "hostname": "kvm01\n",
            "sos_commands/date/date": "Sun Nov 22 02:00:00 UTC 2026\n",
        }
        for name, content in tree.items():
            add(archive, f"{ROOT}/{name}", content)
    return packed.getvalue()


_ANSWER = b"@virtscan 1\n@uname\n Linux 5.14.0 #1 SMP\n@links\n 2: eth0: <UP> mtu 1500\n@sysfs\n eth0\n@end\n"
_RPC = (
    b"<?xml version='1.0'?><methodResponse><params><param><value><array><data><value><struct><member><name>a</name>"
    b"<value><int>1</int></value></member></struct></value></data></array></value></param></params></methodResponse>"
)

PARSERS: Mapping[str, Parser] = {
    "ansible": Parser(parse=read_facts, seeds=("ansible-facts/**/*", "other-facts/*")),
    "bonding": Parser(
        parse=_text(lambda text: hostnet.read_bonding(text, name="bond0", source="")), seeds=("bonding/*",)
    ),
    "capture": Parser(parse=_file(trace.read, "x.pcap"), seeds=("pcap/**/*",)),
    "cobbler": Parser(parse=lambda data: rpc._parse(iter([data]), str, FIELDS), seeds=("cobbler/*",), examples=(_RPC,)),
    "computer": Parser(parse=analyzer.read_computer, seeds=("nodedev/*",)),
    "condition": Parser(parse=_text(parse_condition), examples=(b"site=ams1", b"vcpus>=8", b"domain!~^web[0-9]+$")),
    "config": Parser(
        parse=_text(lambda text: read_document(text, path=Path("x"), environment={}, private=True)),
        seeds=("fixtures/fleet/*.toml",),
    ),
    "domain": Parser(parse=lambda data: read_domain(data, origin=""), seeds=("domain*/**/*.xml", "other-xml/**/*")),
    "ethtool": Parser(parse=_text(parse_features), seeds=("ethtool*/*",)),
    "host interface": Parser(
        parse=lambda data: analyzer.read_host_interface(data, source=""), seeds=("hostinterface/*",)
    ),
    "host probe": Parser(parse=lambda data: host_probe.parse_answer(data, at=None), examples=(_ANSWER,)),
    "inventory": Parser(parse=lambda data: loads(data, origin="x"), seeds=("fixtures/saved/*.json",)),
    "ip": Parser(parse=_text(lambda text: hostnet.read_ip(text, source="")), seeds=("iplink/*",)),
    "map": Parser(
        parse=lambda data: load_map(data, origin="x"), examples=(b'{"key": "0a", "names": {"hv1": "host1"}}',)
    ),
    "network": Parser(parse=analyzer.read_network, seeds=("network/*", "networkport/*")),
    "node device": Parser(parse=lambda data: analyzer.read_node_device(data, source=""), seeds=("nodedev/*",)),
    "server probe": Parser(parse=probe.parse_answer, examples=(_ANSWER,)),
    "sosreport": Parser(parse=_file(open_sosreport, "x.tar"), examples=(_archive(),)),
    "uri": Parser(
        parse=_text(lambda text: uri.check(text, allow_unsafe=True)),
        examples=(b"qemu+ssh://root@hv1:22/system?no_verify=1", b"test:///default", b"xen:///"),
    ),
}
