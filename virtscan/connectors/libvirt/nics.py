"""Drivers of NICs: libvirt reports them in the document of a NIC's parent device."""

from collections.abc import Sequence
from contextlib import suppress
from functools import partial

from virtscan import analyzer
from virtscan.connectors.libvirt.lists import Lists
from virtscan.connectors.libvirt.replies import Reply, reply_of
from virtscan.connectors.libvirt.request_pipeline import PipelinedCall
from virtscan.connectors.libvirt.session import Session
from virtscan.errors import AnalyzerError
from virtscan.model import Backing, Device, DeviceName


class Drivers:
    """Fetches the parent devices of NICs, each once: several NICs can have one parent."""

    def __init__(self, session: Session, lists: Lists) -> None:
        self._session = session
        self._lists = lists
        self._nics: dict[str, list[DeviceName]] = {}
        self._found: dict[str, str | None] = {}

    def follow(self, device: Device, parent: str | None) -> None:
        """Deliver the driver of a NIC, in one round trip unless its own document has it."""
        if parent is None or device.driver is not None or device.backing is not Backing.PHYSICAL:
            return
        if parent in self._found:
            self._deliver(device.name, self._found[parent])
        elif parent in self._nics:
            self._nics[parent].append(device.name)
        else:
            self._nics[parent] = [device.name]
            describe = partial(reply_of, self._lists.node_device(parent))
            self._session.add(PipelinedCall(describe, partial(self._use, parent)))

    def _use(self, parent: str, replies: Sequence[Reply[str]]) -> None:
        """Keep the driver; a device that can't be read leaves it unknown, without a gap."""
        self._found[parent] = None
        for document in self._session.optional(replies):
            with suppress(AnalyzerError):
                self._found[parent] = analyzer.read_driver(document)
        for name in self._nics[parent]:
            self._deliver(name, self._found[parent])

    def _deliver(self, name: DeviceName, driver: str | None) -> None:
        if driver is not None:
            self._session.draft.add(Device(name=name, driver=driver, sources=("libvirt",)))
