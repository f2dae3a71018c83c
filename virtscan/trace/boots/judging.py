"""Did a boot fail because its server's checksums were left open? What may be concluded, and what must not be.

A bad checksum proves nothing where the sender's card still has to fill it in: there every frame shows one. An open one
is no proof by itself even at the VM's own macvtap, where a fixed kernel fills it in after a capture has seen it. A
complete one proves much everywhere: it has nothing left to lose on the way. In between decides what the client took.
"""

from enum import Enum
from typing import assert_never

import msgspec

from virtscan.model import Confidence
from virtscan.trace.boots.boot import Boot, Outcome, Side


class Failed(Enum):
    """Did the boot fail in this way?"""

    YES = "yes"
    NO = "no"
    UNCLEAR = "unclear"


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """The answer for one boot, what it rests on, and what would settle it."""

    failed: Failed
    confidence: Confidence
    because: tuple[str, ...]
    missing: tuple[str, ...] = ()


_WORDS = {
    Outcome.COMPLETE: "the file was downloaded",
    Outcome.OFFERS_NOT_REQUESTED: "the client asked again and again, and never requested what it was offered",
    Outcome.ACKNOWLEDGEMENT_NOT_TAKEN: "the client got an acknowledgement of its address, and requested it again",
    Outcome.OPTIONS_NOT_ACKNOWLEDGED: "the server's option acknowledgements were sent again, and never acknowledged",
    Outcome.DATA_NOT_ACKNOWLEDGED: "the server's data was sent again, and never acknowledged",
    Outcome.CONNECTION_NOT_ACKNOWLEDGED: "the server accepted the connection, and the client never went on",
    Outcome.NO_ANSWER: "no answer was captured",
    Outcome.REFUSED: "the server refused",
    Outcome.TFTP_ERROR: "the transfer ended with an error",
    Outcome.HTTP_ERROR: "the server answered with an error",
    Outcome.ADDRESS_ONLY: "the client got an address, and no request for a file was captured",
    Outcome.UNFINISHED: "the capture ends, or shows one side only, before that can be told",
}  # fmt: skip

_NO_FILTER = (
    "a capture of all ports (TFTP answers from a port of the server's choice), where the client's traffic passes"
)


def judge(boot: Boot) -> Judgement:
    """Judge one boot by the frames of the server that it ended with."""
    what = _WORDS[boot.outcome]
    if boot.outcome is Outcome.COMPLETE:
        return Judgement(failed=Failed.NO, confidence=Confidence.HIGH, because=(what,))
    if boot.taken.partial:
        filled = (
            f"the client took {boot.taken.partial} answers with a partial checksum: a NIC behind this point fills it in"
        )
        return Judgement(failed=Failed.NO, confidence=Confidence.HIGH, because=(what, filled))
    if boot.outcome in {Outcome.UNFINISHED, Outcome.ADDRESS_ONLY} or boot.ignored.total == 0:
        return _without_evidence(boot, what)
    return _by_the_ignored(boot, what)


def _without_evidence(boot: Boot, what: str) -> Judgement:
    """Nothing of the server's was ignored, or nobody had the time to."""
    match boot.outcome:
        case Outcome.REFUSED | Outcome.TFTP_ERROR | Outcome.HTTP_ERROR:
            reached = "the client did not ask again: the answer reached it"
            return Judgement(failed=Failed.NO, confidence=Confidence.MEDIUM, because=(what, reached))
        case Outcome.UNFINISHED | Outcome.ADDRESS_ONLY:
            missing = f"a longer capture; {_NO_FILTER}"
        case (
            Outcome.COMPLETE
            | Outcome.NO_ANSWER
            | Outcome.OFFERS_NOT_REQUESTED
            | Outcome.ACKNOWLEDGEMENT_NOT_TAKEN
            | Outcome.OPTIONS_NOT_ACKNOWLEDGED
            | Outcome.DATA_NOT_ACKNOWLEDGED
            | Outcome.CONNECTION_NOT_ACKNOWLEDGED
        ):
            missing = _NO_FILTER
        case _:
            assert_never(boot.outcome)
    return Judgement(failed=Failed.UNCLEAR, confidence=Confidence.LOW, because=(what,), missing=(missing,))


def _by_the_ignored(boot: Boot, what: str) -> Judgement:
    """Answers came, and the client did not react to them: could it?"""
    ignored, total = boot.ignored, boot.ignored.total
    open_ones = f"checksum left open in {ignored.partial} of {total} answers that the client never took"
    if ignored.complete and not ignored.bad:
        complete = (
            f"the checksums of the answers that the client never took are complete ({ignored.complete} of {total})"
        )
        confidence = Confidence.MEDIUM if ignored.unknown else Confidence.HIGH
        return Judgement(failed=Failed.NO, confidence=confidence, because=(what, complete))
    if ignored.complete:
        mixed = f"{ignored.complete} answers with a complete checksum were not taken either"
        return Judgement(
            failed=Failed.UNCLEAR, confidence=Confidence.LOW, because=(what, open_ones, mixed), missing=(_NO_FILTER,)
        )
    if ignored.bad and boot.side is Side.RECEIVER:
        return _at_the_client(boot, what)
    if ignored.partial and boot.taken.complete:
        contrast = f"it took {boot.taken.complete} of the same server's that were complete"
        missing = "a capture at the VM's own device: before it, a firewall that drops such answers looks the same"
        return Judgement(
            failed=Failed.YES, confidence=Confidence.MEDIUM, because=(what, open_ones, contrast), missing=(missing,)
        )
    if ignored.partial:
        # Alone, an open checksum says as much of a boot that works; at the sender's own side it says nothing.
        failed = Failed.UNCLEAR if boot.side is Side.SENDER else Failed.YES
        missing = "a capture at the VM's own device: at the sender's, sums that are still to be filled look the same"
        return Judgement(failed=failed, confidence=Confidence.LOW, because=(what, open_ones), missing=(missing,))
    if ignored.wrong:
        damaged = f"{ignored.wrong} of {total} answers have a checksum that is wrong, but was not left open"
        missing = "a capture at the VM's own device, to see whether they arrive so"
    else:
        damaged = "the answers' checksums can't be computed: the capture holds only the start of each frame"
        missing = "whole frames: tcpdump -s 0"
    return Judgement(failed=Failed.UNCLEAR, confidence=Confidence.LOW, because=(what, damaged), missing=(missing,))


def _at_the_client(boot: Boot, what: str) -> Judgement:
    """Bad checksums at the client's own device, and it did not react."""
    arrived = (
        f"at the client's own device {boot.ignored.bad} of {boot.ignored.total} answers arrive with a bad checksum"
    )
    if boot.ignored.wrong or boot.taken.complete:
        return Judgement(failed=Failed.YES, confidence=Confidence.HIGH, because=(what, arrived))
    # A fixed kernel fills open ones in between this point and the VM: boots that work look like this as well.
    missing = "the hypervisor's kernel: one that has the fix completes open checksums behind this point"
    return Judgement(failed=Failed.YES, confidence=Confidence.MEDIUM, because=(what, arrived), missing=(missing,))
