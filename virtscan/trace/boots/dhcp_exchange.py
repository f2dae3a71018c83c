"""The exchange in which a client gets its address, by DHCP of either version."""

from virtscan.trace.boots.boot import Lease, Outcome
from virtscan.trace.boots.exchange import BAD, COMPLETE, REACTION_SECONDS, Exchange
from virtscan.trace.capture.checksums import Checksum
from virtscan.trace.capture.copies import SAME
from virtscan.trace.capture.packets import Packet
from virtscan.trace.protocols.dhcp import PROXY, AddressStep, Dhcp

_MOST_ANSWERS = 64
_RETRIES_BEFORE_REQUEST = 1
"""Retries that show nothing: iPXE discovers once more, to wait for a proxy's offer (DHCP_DISC_PROXY_TIMEOUT)."""

_REACTION = 0.5
"""Seconds after an acknowledgement during which a repeated request may have crossed it; ROMs wait longer."""


class DhcpExchange(Exchange):
    """An exchange from the first discover to the acknowledgement."""

    def __init__(self, packet: Packet, message: Dhcp) -> None:
        super().__init__(packet)
        self.server = b""
        self.transaction = message.transaction
        self.next_server: bytes | None = None
        self.file: str | None = None
        self._elapsed = message.elapsed
        self._seen: set[AddressStep] = set()
        self._answers_seen: set[tuple[AddressStep, bytes]] = set()
        self._keeps_transaction = False
        self._acknowledgement: Checksum | None = None
        self._acknowledged_at = packet.time
        self._acknowledgement_missed = False
        self._file_requested = False
        self._refused_by: bytes | None = None

    @property
    def acknowledged(self) -> bool:
        """Return True if a server acknowledged an address."""
        return AddressStep.ACK in self._seen

    def add(self, packet: Packet, message: Dhcp) -> None:
        """Add a message from this client or to it."""
        step = message.step
        same = message.transaction == self.transaction and packet.destination_port != PROXY
        if step in {AddressStep.DISCOVER, AddressStep.REQUEST}:
            self.transaction = message.transaction
        server = message.server or packet.source
        if step is AddressStep.DISCOVER:
            self._elapsed = message.elapsed
            if self._refused_by is not None:
                self.settle()
                self._seen.discard(AddressStep.REQUEST)  # the next one is of another offer
            is_relayed = packet.time - self._last_request < SAME
            self._keeps_transaction = same and (self._keeps_transaction if is_relayed else step in self._seen)
            if same and self.acknowledged and AddressStep.REQUEST not in self._seen:
                self._misses_acknowledgement(packet.time)  # of a rapid commit (RFC 4039, RFC 8415)
            self.client_sent(packet, again=step in self._seen)
        elif step is AddressStep.REQUEST and packet.destination_port == PROXY:
            self._requests_file(packet, server=message.server or packet.destination)
        elif step is AddressStep.REQUEST:
            unanswered = not self.acknowledged or (same and self._misses_acknowledgement(packet.time))
            again = step in self._seen and unanswered
            self.client_sent(packet, again=again)
            if not again:
                self.record_reaction_to_all() if message.server is None else self.record_reaction(message.server)
        else:
            self._add_answer(packet, message, server)
        if not _is_without_address(packet, message):
            self._seen.add(step)

    def _add_answer(self, packet: Packet, message: Dhcp, server: bytes) -> None:
        step, is_empty = message.step, _is_without_address(packet, message)
        self.answered(packet, server, again=(step, server) in self._answers_seen, quiet=is_empty)
        self._learn(message, server)
        if step is AddressStep.ACK:
            self._acknowledgement, self._acknowledged_at = packet.checksum(), packet.time
        if step is AddressStep.NAK:
            self._refused_by = server

    def settle(self) -> None:
        """Record that the client took a refusal: it needs no answer, and the client did not repeat its request."""
        if self._refused_by is not None and self._refused_by not in self._passed_over:
            self.record_reaction(self._refused_by)

    def record_address_use(self) -> None:
        """Record that the client uses its address."""
        self.record_reaction_to_all()
        self._acknowledgement_missed = self._file_requested = False

    def over(self, time: float) -> bool:
        """Return True if a message in another transaction begins another attempt.

        This holds if the client gave up. After ignored offers, it also holds if the client retried earlier in the same
        transaction: other clients change the transaction with each retry. A refusal makes a client begin again in the
        same attempt.
        """
        gave_up = self.gave_up(time) and self._refused_by is None
        unrequested = AddressStep.OFFER in self._seen and AddressStep.REQUEST not in self._seen
        return self.acknowledged or gave_up or (unrequested and self._keeps_transaction)

    def is_retried_by(self, message: Dhcp) -> bool:
        """Return True for a discover that states more time since the client began than the one before.

        That time grows with each retry (RFC 2131, table 1; RFC 8415, 21.9), in iPXE by more than the seconds that
        passed. A discover may also state none.
        """
        return self._can_compare(message) and message.elapsed > self._elapsed > 0

    def is_restarted_by(self, message: Dhcp) -> bool:
        """Return True for a discover that states less time than the one before: the client began again."""
        return self._can_compare(message) and message.elapsed < self._elapsed

    def _can_compare(self, message: Dhcp) -> bool:
        """Return False after a refusal: the client then begins again in the same attempt."""
        return message.step is AddressStep.DISCOVER and self._refused_by is None

    def is_open(self, time: float) -> bool:
        """Return True if the client still waits for an address at that time, and is not known to ignore answers."""
        has_waited = self.retries > _RETRIES_BEFORE_REQUEST or self.gave_up(time)
        return not (self.acknowledged or (has_waited and self.ignores_bad))

    def ignored_incomplete(self, end: float) -> bool:
        """Return True if the client ignored answers whose checksum is not known to be complete."""
        match self.ended(end):
            case Outcome.OFFERS_NOT_REQUESTED | Outcome.ACKNOWLEDGEMENT_NOT_TAKEN:
                return self.ignores_bad
            case Outcome.REFUSED:
                return self._refused_by in self._passed_over and self.ignores_bad
            case Outcome.UNFINISHED:
                return self.ignored[Checksum.PARTIAL] > 0
            case _:
                return self._never_taken.total() > 0

    def lease(self) -> Lease:
        """Return the client's progress."""
        if self.acknowledged:
            return Lease.ACKNOWLEDGED
        if AddressStep.NAK in self._seen:
            return Lease.REFUSED
        return Lease.OFFERED if AddressStep.OFFER in self._seen else Lease.NO_ANSWER

    def ended(self, end: float) -> Outcome:
        """Return the outcome of a boot that ended with this exchange."""
        if self.acknowledged:
            missed = self._acknowledgement_missed and self._acknowledgement in BAD
            return Outcome.ACKNOWLEDGEMENT_NOT_TAKEN if missed else Outcome.ADDRESS_ONLY
        if AddressStep.NAK in self._seen:
            return Outcome.REFUSED
        if not self.from_client or not self.had_time_to_react(end):
            return Outcome.UNFINISHED
        if AddressStep.OFFER not in self._seen or AddressStep.REQUEST in self._seen:
            return Outcome.NO_ANSWER
        # Complete offers don't clear the download that may follow: DHCP's answers may bypass the offload.
        waits = self._may_wait_for_more(end) if self.ignores_bad else not self.gave_up(end)
        return Outcome.UNFINISHED if waits else Outcome.OFFERS_NOT_REQUESTED

    def _may_wait_for_more(self, end: float) -> bool:
        """Return True if the client may only wait for further offers."""
        return self.retries <= _RETRIES_BEFORE_REQUEST and end - self.last < REACTION_SECONDS

    def _misses_acknowledgement(self, time: float) -> bool:
        """Return True if a request at that time, after an acknowledgement, shows that the client did not get it."""
        missed = time - self._acknowledged_at >= _REACTION and not self.gave_up(time)
        self._acknowledgement_missed = self._acknowledgement_missed or missed
        return missed

    def _requests_file(self, packet: Packet, *, server: bytes) -> None:
        """Take a request for the boot file to a proxy; a repeated one shows that the answer was not taken."""
        self.client_sent(packet, again=self._file_requested)
        if self._file_requested:
            self._acknowledgement_missed = True
        else:
            self.record_reaction_to_all()
            self._acknowledgement = None  # the address was acknowledged
        self._file_requested = True
        self._flow = server

    def _learn(self, message: Dhcp, server: bytes) -> None:
        if len(self._answers_seen) < _MOST_ANSWERS:
            self._answers_seen.add((message.step, server))
        self.server = server
        self.next_server = message.next_server or self.next_server
        self.file = message.file or self.file


def _is_without_address(packet: Packet, message: Dhcp) -> bool:
    """Return True for a complete offer without an address, as proxies make: the client can't request it.

    A partial one still counts as ignored: the client may have waited for it beside the offers of others.
    """
    return message.step is AddressStep.OFFER and message.address is None and packet.checksum() in COMPLETE
