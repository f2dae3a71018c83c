"""Downloads by HTTP, on one TCP connection."""

from virtscan.trace.boots.boot import BootError, Outcome
from virtscan.trace.boots.exchange import Download
from virtscan.trace.capture.packets import Packet
from virtscan.trace.protocols import http, tcp

_FLOW = "connection"


class Connection(Download):
    """A connection, from the client's SYN on; `file` is the last one requested.

    `is_download` is False until the connection is known to belong to a boot: an installed system also connects to other
    ports.
    """

    def __init__(self, packet: Packet, *, is_download: bool) -> None:
        super().__init__(packet)
        self.is_download = is_download
        self.started = False
        self._opened_with = tcp.parse(packet).sequence
        self._answered_at_all = False
        self._refused = False
        self._closed = False
        self._sent_all = False
        self._request: http.HttpRequest | None = None
        self._requested_up_to: int | None = None
        self._answer: http.Response | None = None
        self._begun = 0
        self._sent: int | None = None
        self._acknowledged: int | None = None

    def opens(self, packet: Packet) -> bool:
        """Return True if a SYN is one of this connection: another one from the same port has another number."""
        return tcp.parse(packet).sequence == self._opened_with

    def from_its_client(self, packet: Packet) -> None:
        """Take a segment from the client."""
        segment = tcp.parse(packet)
        flags, acknowledged, payload, length = segment.flags, segment.acknowledged, segment.payload, segment.length
        if flags & tcp.SYN:
            self.client_sent(packet, again=bool(self.from_client))
            return
        request = http.request(payload) if payload else None
        end = segment.end
        again = length > 0 and self._requested_up_to is not None and not tcp.is_after(end, self._requested_up_to)
        self.client_sent(packet, again=again, quiet=not again and length == 0)
        if length:
            self._requested_up_to = end
        if flags & (tcp.FIN | tcp.RST):
            self._closed = True
        # A client without a SYN ACK acknowledges nothing. A reset answers a verified segment: its abort sends none.
        reacts = self._answered_at_all if flags & tcp.RST else flags & tcp.ACK
        if reacts and (self._acknowledged is None or tcp.is_after(acknowledged, self._acknowledged)):
            self._acknowledged = acknowledged
            self.record_reaction(_FLOW, cumulative=True)
        if request is not None and not again:
            self._request, self._answer = request, None
            self.file = request.path
            self.is_download = True

    def from_its_server(self, packet: Packet) -> None:
        """Take a segment to the client; the capture may show the client's acknowledgement first."""
        segment = tcp.parse(packet)
        flags, payload = segment.flags, segment.payload
        occupies = segment.length > 0 or bool(flags & (tcp.SYN | tcp.FIN))
        end = tcp.following(segment.end) if flags & (tcp.SYN | tcp.FIN) else segment.end
        forward = self._sent is None or tcp.is_after(end, self._sent)
        refuses = bool(flags & tcp.RST) and not self._established
        again = refuses and self._refused
        self.answered(packet, _FLOW, again=again or (occupies and not forward), quiet=not (occupies or refuses))
        self._refused = self._refused or refuses
        self._answered_at_all = self._answered_at_all or not flags & tcp.RST
        self._closed = self._closed or bool(flags & tcp.RST)
        self._sent_all = self._sent_all or bool(flags & tcp.FIN)
        if flags & tcp.SYN:
            # Any port may be that of a boot: ignored answers with a bad checksum are the sign of the fault.
            self.is_download = self.is_download or (self.resent > 0 and self.ignores_bad)
        if forward:
            self._sent = end
            if self._acknowledged is not None and not tcp.is_after(end, self._acknowledged):
                self.record_reaction(_FLOW, cumulative=True)
        if payload and self._request is not None and self._answer is None:
            self._answer = http.answer(payload, body=self._request.body)
            self._begun = segment.sequence

    @property
    def _established(self) -> bool:
        return self._acknowledged is not None

    def settle(self, end: float) -> None:  # noqa: ARG002 the base's signature
        """See `Download`; only the client's next segment would show that it took the server's first, or a refusal."""
        if (self._established or self._refused) and not self.resent and not self._passed_over:
            self.record_reaction_to_all()

    def ended(self, end: float) -> tuple[Outcome, BootError | None]:
        """See `Download`."""
        outcome = self._outcome(end)
        if outcome is Outcome.HTTP_ERROR and self._answer is not None:
            return outcome, BootError(code=self._answer.status, text=self._answer.reason)
        return outcome, None

    def _outcome(self, end: float) -> Outcome:
        if not (self._answered_at_all or self._established):
            unanswered = Outcome.NO_ANSWER if self.had_time_to_react(end) else Outcome.UNFINISHED
            outcome = Outcome.REFUSED if self._refused else unanswered
        elif self._answer is not None and self._answer.status >= 400:
            outcome = Outcome.HTTP_ERROR
        elif self._has_all():
            outcome = Outcome.COMPLETE
        elif not self.had_time_to_react(end) or (self._established and (self._is_closed() or self._lacks_segments())):
            outcome = Outcome.UNFINISHED
        elif not self._established:
            outcome = Outcome.CONNECTION_NOT_ACKNOWLEDGED
        elif self.ignored:
            outcome = Outcome.DATA_NOT_ACKNOWLEDGED
        else:
            outcome = Outcome.NO_ANSWER if self._request and self._answer is None else Outcome.UNFINISHED
        return outcome

    def _lacks_segments(self) -> bool:
        """Return True if the client acknowledged more than was captured."""
        return self._acknowledged is not None and (self._sent is None or tcp.is_after(self._acknowledged, self._sent))

    def _is_closed(self) -> bool:
        """Return True if nothing more is to come: data that the server sends again with its FIN is still to come."""
        return self._closed or (self._sent_all and not self.resent)

    def _has_all(self) -> bool:
        """Return True if the client has the whole response, which ends with the server's FIN if it states no length."""
        if self._request is None or self._sent is None or self._acknowledged is None:
            return False
        if self._answer is not None and self._answer.length is not None:
            return not tcp.is_after(self._begun + self._answer.length, self._acknowledged)
        return self._sent_all and not tcp.is_after(self._sent, self._acknowledged)
