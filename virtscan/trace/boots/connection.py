"""Files by HTTP, on one TCP connection."""

from virtscan.trace.boots.boot import Outcome
from virtscan.trace.boots.exchange import Download
from virtscan.trace.capture.packets import Packet
from virtscan.trace.protocols import http

_FIN, _SYN, _RST, _ACK = 1, 2, 4, 16
_FLOW = "connection"


class Connection(Download):
    """From the client's SYN on; the file is the one that was asked for last."""

    def __init__(self, packet: Packet) -> None:
        super().__init__(packet)
        self._answered_at_all = False
        self._established = False
        self._refused = False
        self._closed = False
        self._request: http.Request | None = None
        self._asked_up_to: int | None = None
        self._answer: http.Answer | None = None
        self._begun = 0
        self._sent = 0
        self._acknowledged = 0

    def from_its_client(self, packet: Packet) -> None:
        """A segment from the client."""
        flags, sequence, acknowledged, payload, length = _fields(packet)
        if flags & _SYN:
            self.asked(packet, again=bool(self.from_client))
            return
        request = http.request(payload) if payload else None
        end = (sequence + length) % (1 << 32)
        again = length > 0 and self._asked_up_to is not None and not _after(end, self._asked_up_to)
        self.asked(packet, again=again, quiet=not again and length == 0)
        if length:
            self._asked_up_to = end
        if flags & (_FIN | _RST):
            self._closed = True
        if (
            flags & _ACK
            and self._answered_at_all
            and (not self._established or _after(acknowledged, self._acknowledged))
        ):
            self._established = True
            self._acknowledged = acknowledged
            self.took(_FLOW, cumulative=True)
        if request is not None and not again:
            self._request, self._answer = request, None
            self.file = request.path

    def from_its_server(self, packet: Packet) -> None:
        """A segment to the client."""
        flags, sequence, _, payload, length = _fields(packet)
        if flags & _SYN:
            self.answered(packet, _FLOW, again=self._answered_at_all)
            self._answered_at_all = True
            self._sent = (sequence + 1) % (1 << 32)
            return
        end = (sequence + length + bool(flags & _FIN)) % (1 << 32)
        forward = _after(end, self._sent)
        occupies = length > 0 or bool(flags & _FIN)
        self.answered(packet, _FLOW, again=occupies and not forward, quiet=not occupies)
        if flags & _RST and not self._established:
            self._refused = True
        if flags & (_FIN | _RST):
            self._closed = True
        if forward:
            self._sent = end
        if payload and self._request is not None and self._answer is None:
            self._answer = http.answer(payload, body=self._request.body)
            self._begun = sequence

    def settle(self) -> None:
        """See `Download`."""
        if not self.resent:
            self.took_all()

    def ended(self, end: float) -> tuple[Outcome, str | None]:
        """See `Download`."""
        outcome = self._outcome(end)
        if outcome is Outcome.HTTP_ERROR and self._answer is not None:
            return outcome, f"{self._answer.status} {self._answer.reason}"
        return outcome, None

    def _outcome(self, end: float) -> Outcome:
        if not self._answered_at_all:
            unanswered = Outcome.NO_ANSWER if self.stood(end) else Outcome.UNFINISHED
            outcome = Outcome.REFUSED if self._refused else unanswered
        elif self._answer is not None and self._answer.status >= 400:
            outcome = Outcome.HTTP_ERROR
        elif self._has_all():
            outcome = Outcome.COMPLETE
        elif not self.stood(end) or (self._established and self._closed):
            outcome = Outcome.UNFINISHED
        elif not self._established:
            outcome = Outcome.CONNECTION_NOT_ACKNOWLEDGED
        elif self.ignored:
            outcome = Outcome.DATA_NOT_ACKNOWLEDGED
        else:
            outcome = Outcome.NO_ANSWER if self._request and self._answer is None else Outcome.UNFINISHED
        return outcome

    def _has_all(self) -> bool:
        """Does the client have the whole answer? Of one that says no length, and of TLS, the end is the end."""
        if self._answer is not None and self._answer.length is not None:
            return not _after(self._begun + self._answer.length, self._acknowledged)
        return self._closed and self._established and not self.ignored and self._sent != 0


def _fields(packet: Packet) -> tuple[int, int, int, bytes, int]:
    """Flags, sequence and acknowledgement number, the payload as captured, and its length by the headers."""
    segment = packet.segment
    head = (segment[12] >> 4) * 4
    sequence, acknowledged = int.from_bytes(segment[4:8]), int.from_bytes(segment[8:12])
    return segment[13], sequence, acknowledged, segment[head:], max(packet.length - head, 0)


def _after(left: int, right: int) -> bool:
    """Is one sequence number later than another? They wrap around (RFC 1982)."""
    return 0 < (left - right) % (1 << 32) < 1 << 31
