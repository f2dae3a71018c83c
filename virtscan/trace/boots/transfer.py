"""Downloads by TFTP, identified by the client's address and port: the server chooses another port for each."""

from virtscan.trace.boots.boot import BootError, Outcome
from virtscan.trace.boots.exchange import CROSSING_SECONDS, MOST_FLOWS, Download
from virtscan.trace.capture.packets import Packet
from virtscan.trace.protocols.tftp import (
    BLOCK_SIZE,
    Acknowledgement,
    Data,
    Error,
    Message,
    OptionAcknowledgement,
    Read,
    Write,
)

_LONGEST_RETRY = 60.0
"""Seconds within which a request may be a retry: waits of 4, 8, 16 and 32 (PXE 2.1), of which some may be missing."""

_NUMBERS = 1 << 16


class Transfer(Download):
    """A read request and the packets that follow it."""

    def __init__(self, packet: Packet, request: Read) -> None:
        super().__init__(packet)
        self.file = request.file
        self.refused = False
        self._block_sizes: dict[int, int] = {}  # by the server's port: another request may have other options
        self._requests = 0
        self._error: BootError | None = None
        self._has_options = False
        self._last_block: int | None = None
        self._final_block: tuple[int, int] | None = None  # with its port
        self._final_missed = False
        self._acknowledged: int | None = None
        self._acknowledged_unseen: tuple[int, int] | None = None  # with its port
        self._complete = False

    def is_repeated_by(self, request: Read, time: float) -> bool:
        """Return True if a request from the same port is a retry; False if it begins another transfer."""
        is_another = self.gave_up(time) and time - self._last_request > _LONGEST_RETRY
        return request.file == self.file and not self._complete and not is_another

    def requested(self, packet: Packet) -> None:
        """Take a read request. After an error, it shows that the error did not reach the client."""
        self.client_sent(packet, again=self._requests > 0)
        self.insisted = self.insisted or self._error is not None
        self._requests += 1

    def retried(self, time: float) -> bool:
        """See `Download`; a client that reacts to an error requests the file again immediately, if at all."""
        is_retry = self._error is None or time - self._answered >= CROSSING_SECONDS
        self.insisted = self.insisted or (is_retry and self._error is not None and self.ignores_bad)
        return is_retry

    def from_its_client(self, packet: Packet, message: Message) -> None:
        """Take a packet from the client to the port that the server chose."""
        match message:
            case Acknowledgement(block):
                again = block == self._acknowledged
                if again and packet.time - self._answered >= CROSSING_SECONDS:
                    self._final_missed = self._final_block is not None
                self.client_sent(packet, again=again)
                self._acknowledged = block
                if not again or block == self._last_block:  # else the next block did not reach the client
                    self.record_reaction(packet.destination_port)
                if not again:
                    self._acknowledged_unseen = (packet.destination_port, block) if self._is_ahead(block) else None
                self._complete = self._complete or (packet.destination_port, block) == self._final_block
            case Error(code, text):
                self.client_sent(packet)
                self.record_reaction(packet.destination_port)
                self._fail(BootError(code=code, text=text, by_client=True))
            case _:
                self.client_sent(packet, quiet=True)

    def from_its_server(self, packet: Packet, message: Message) -> None:
        """Take a packet to the client's port."""
        flow = packet.source_port
        self.server = packet.source
        match message:
            case OptionAcknowledgement(block_size):
                again = self._has_options
                self.answered(packet, flow, again=again)
                self._has_options = True
                if len(self._block_sizes) < MOST_FLOWS:
                    self._block_sizes[flow] = block_size
                if not again:
                    self._take_late(flow, 0)
            case Data(block, size):
                self.answered(packet, flow, again=self._last_block is not None and not self._is_ahead(block))
                self._last_block = block
                if size < self._block_sizes.get(flow, BLOCK_SIZE):
                    self._final_missed = self._final_block is not None
                    self._final_block = flow, block
                    self.may_be_whole = True
                self._take_late(flow, block)
            case Error(code, text):
                self.answered(packet, flow, again=self._error is not None)
                self._fail(BootError(code=code, text=text))
            case Read() | Write() | Acknowledgement():
                self.answered(packet, flow, quiet=True)

    def closed(self, time: float, server_port: int) -> None:
        """Record that the client refused a packet from that port of the server, because its own port is closed.

        The client verified the checksum first (RFC 1122, 4.1.3.4). After the client gave up, another program may have
        refused the packet.
        """
        if not self.gave_up(time):
            self.record_reaction(server_port)
            self._fail(BootError(code=3, text="port unreachable (ICMP)", by_client=True))

    def settle(self, end: float) -> None:
        """See `Download`."""
        if self._error is not None and not self.insisted and not self._may_have_missed_the_error(end):
            self.record_reaction_to_all()

    def ended(self, end: float) -> tuple[Outcome, BootError | None]:
        """See `Download`."""
        outcome = self._outcome(end)
        return outcome, self._error if outcome is Outcome.TFTP_ERROR else None

    def _outcome(self, end: float) -> Outcome:
        was_final = self._final_block is not None and not self._final_missed and self._acknowledged is not None
        if self._complete:
            outcome = Outcome.COMPLETE
        elif was_final and (self.gave_up(end) or self.had_time_to_react(end)):
            outcome = Outcome.LAST_BLOCK_NOT_ACKNOWLEDGED
        elif self._error is not None:
            outcome = Outcome.UNFINISHED if self._may_have_missed_the_error(end) else Outcome.TFTP_ERROR
        elif self.refused and not self.from_server:
            outcome = Outcome.REFUSED
        elif not self.had_time_to_react(end):
            outcome = Outcome.UNFINISHED
        elif not self.from_server:
            outcome = Outcome.NO_ANSWER
        elif not self.ignored or self._acknowledged_unseen is not None:
            outcome = Outcome.UNFINISHED
        else:
            outcome = Outcome.OPTIONS_NOT_ACKNOWLEDGED if self._last_block is None else Outcome.DATA_NOT_ACKNOWLEDGED
        return outcome

    def _is_ahead(self, block: int) -> bool:
        """Return True if the capture lacks a block, or shows it later; the numbers wrap around."""
        last = 0 if self._has_options and self._last_block is None else self._last_block
        return last is None or 0 < (block - last) % _NUMBERS < _NUMBERS // 2

    def _take_late(self, flow: int, block: int) -> None:
        """Take a block that the capture shows after its acknowledgement."""
        if self._acknowledged_unseen == (flow, block):
            self._acknowledged_unseen = None
            self.record_reaction(flow)
            self._complete = self._complete or self._final_block == (flow, block)

    def _may_have_missed_the_error(self, end: float) -> bool:
        """Return True if the client may still request again after the error, or has requested for the last time."""
        may_be_the_last = self._acknowledged is None and (self.is_retry or self._requests > 1)
        return self.ignores_bad and not self.insisted and (may_be_the_last or not self.gave_up(end))

    def _fail(self, error: BootError) -> None:
        if not self._complete:
            self._error = self._error or error
