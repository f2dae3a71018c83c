"""Getting an address, by DHCP of either version."""

from virtscan.trace.boot import Lease, Outcome
from virtscan.trace.dhcp import Dhcp, Step
from virtscan.trace.packets import Packet
from virtscan.trace.stage import PATIENCE, Stage

_MOST_ANSWERS = 64
_RETRIES_OF_THE_PATIENT = 1
"""iPXE asks once more before it requests what it was offered: something better may come (DHCP_DISC_PROXY_TIMEOUT)."""


class Leasing(Stage):
    """From the first discover to the acknowledgement."""

    def __init__(self, packet: Packet, message: Dhcp) -> None:
        super().__init__(packet)
        self.server = b""
        self.transaction = message.transaction
        self.next_server: bytes | None = None
        self.file: str | None = None
        self._seen: set[Step] = set()
        self._said: set[tuple[Step, bytes]] = set()

    @property
    def acknowledged(self) -> bool:
        """Did the server give the client an address?"""
        return Step.ACK in self._seen

    def met(self, packet: Packet, message: Dhcp) -> None:
        """A message of this client, or to it, that is a step of the way."""
        step = message.step
        if step in {Step.DISCOVER, Step.REQUEST}:
            self.transaction = message.transaction
        server = message.server or packet.source
        if step is Step.DISCOVER:
            self.asked(packet, again=step in self._seen)
        elif step is Step.REQUEST:
            self.asked(packet, again=step in self._seen and not self.acknowledged)
            self.took_all() if message.server is None else self.took(message.server)
        else:
            self.answered(packet, server, again=(step, server) in self._said)
            self._learn(message, server)
            if step is Step.NAK:
                self.took(server)  # there is nothing to answer to it
        self._seen.add(step)

    def went_on(self) -> None:
        """The client uses its address."""
        self.took_all()

    def lease(self) -> Lease:
        """How far it came."""
        if self.acknowledged:
            return Lease.ACKNOWLEDGED
        if Step.NAK in self._seen:
            return Lease.REFUSED
        return Lease.OFFERED if Step.OFFER in self._seen else Lease.NO_ANSWER

    def ended(self, end: float) -> Outcome:
        """What became of the boot if nothing came after this."""
        if self.acknowledged:
            return Outcome.ADDRESS_ONLY
        if Step.NAK in self._seen:
            return Outcome.REFUSED
        if not self.from_client or not self.stood(end):
            return Outcome.UNFINISHED
        if Step.OFFER not in self._seen or Step.REQUEST in self._seen:
            return Outcome.NO_ANSWER
        waits = self.retries <= _RETRIES_OF_THE_PATIENT and end - self.last < PATIENCE
        return Outcome.UNFINISHED if waits else Outcome.OFFERS_NOT_REQUESTED

    def _learn(self, message: Dhcp, server: bytes) -> None:
        if len(self._said) < _MOST_ANSWERS:
            self._said.add((message.step, server))
        self.server = server
        self.next_server = message.next_server or self.next_server
        self.file = message.file or self.file
