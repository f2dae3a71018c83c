"""Judgement of a boot: whether it failed because of its server's partial checksums.

A bad checksum proves nothing before the sender's NIC has filled it in: there every frame has one. A partial checksum
does not prove the fault even at the VM's own macvtap, where a fixed kernel fills it in after the capture. A complete
checksum clears the server at any capture point. Otherwise, the answers that the client took decide: complete ones
beside ignored partial ones show the fault. A partial one that the client took was filled in after this point, which
clears no other answer: the members of a sender's bond may differ in offload. All this holds only once either side has
repeated a packet after the answer: some ROMs don't acknowledge the last block of a file, and a capture may lack the
reaction.
"""

from enum import Enum
from typing import assert_never

import msgspec

from virtscan.model import Confidence
from virtscan.trace.boots.boot import Boot, Outcome, Side
from virtscan.views.wording.phrases.quantity import quantity


class Failed(Enum):
    """Answer to whether a boot failed because of partial checksums."""

    YES = "yes"
    NO = "no"
    UNCLEAR = "unclear"


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """The answer for one boot, with its reasons and missing facts."""

    failed: Failed
    confidence: Confidence
    because: tuple[str, ...]
    missing: tuple[str, ...] = ()


_WORDS = {
    Outcome.COMPLETE: "the file was downloaded",
    Outcome.LAST_BLOCK_NOT_ACKNOWLEDGED: "the whole file was sent, and neither side repeated its last block",
    Outcome.OFFERS_NOT_REQUESTED: "the client was offered an address, and never requested it",
    Outcome.ACKNOWLEDGEMENT_NOT_TAKEN: "the server acknowledged a request, and the client repeated it",
    Outcome.OPTIONS_NOT_ACKNOWLEDGED: "the server sent option acknowledgements, and the client acknowledged none",
    Outcome.DATA_NOT_ACKNOWLEDGED: "the server sent data that the client did not acknowledge",
    Outcome.CONNECTION_NOT_ACKNOWLEDGED: "the server accepted the connection, and the client never continued",
    Outcome.NO_ANSWER: "no answer was captured",
    Outcome.REFUSED: "the server refused",
    Outcome.TFTP_ERROR: "the transfer ended with an error",
    Outcome.HTTP_ERROR: "the server answered with an error",
    Outcome.ADDRESS_ONLY: "the client got an address, and no request for a file was captured",
    Outcome.UNFINISHED: "the capture ends before the outcome, or shows one side only",
}  # fmt: skip

_NO_FILTER = (
    "a capture of all ports (TFTP answers from a port of the server's choice), where the client's traffic passes"
)


def judge(boot: Boot) -> Judgement:
    """Judge one boot by the frames of its last server.

    A capture that dropped frames shows only what happened: an acknowledged file, an error of the client, or more
    ignored answers than dropped frames. Each of those may have been the reaction to one answer.
    """
    what = _WORDS[boot.outcome]
    was_sent = boot.outcome is Outcome.LAST_BLOCK_NOT_ACKNOWLEDGED and not boot.dropped
    if boot.outcome is Outcome.COMPLETE or was_sent:
        return Judgement(failed=Failed.NO, confidence=Confidence.HIGH, because=(what,))
    judgement = _by_the_frames(boot, what)
    has_refused = boot.error is not None and boot.error.by_client
    shows_fault = judgement.failed is Failed.YES and boot.ignored.bad > boot.dropped
    if not boot.dropped or has_refused or shows_fault:
        return judgement
    lacks = f"the capture dropped {quantity(boot.dropped, 'frame')}, perhaps the client's reaction"
    missing = f"a capture that drops nothing (a larger buffer: tcpdump -B); {_NO_FILTER}"
    return Judgement(
        failed=Failed.UNCLEAR, confidence=Confidence.LOW, because=(*judgement.because, lacks), missing=(missing,)
    )


def _by_the_frames(boot: Boot, what: str) -> Judgement:
    """Judge a boot that did not get its file, as if the capture had all frames."""
    if boot.outcome in {Outcome.UNFINISHED, Outcome.ADDRESS_ONLY} or boot.ignored.total == 0:
        return _without_evidence(boot, what)
    return _by_the_ignored(boot, what)


def _without_evidence(boot: Boot, what: str) -> Judgement:
    """Judge a boot whose client ignored nothing, or had no time to react."""
    partial = boot.ignored.partial
    match boot.outcome:
        case Outcome.REFUSED | Outcome.TFTP_ERROR | Outcome.HTTP_ERROR:
            reached = "the client did not repeat the request: the answer reached it"
            return Judgement(failed=Failed.NO, confidence=Confidence.MEDIUM, because=(what, reached))
        case Outcome.UNFINISHED | Outcome.ADDRESS_ONLY:
            missing = f"a longer capture; {_NO_FILTER}"
        case (
            Outcome.COMPLETE
            | Outcome.LAST_BLOCK_NOT_ACKNOWLEDGED
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
    because = (what, f"the client ignored {_answers(partial)} with a partial checksum before") if partial else (what,)
    return Judgement(failed=Failed.UNCLEAR, confidence=Confidence.LOW, because=because, missing=(missing,))


def _by_the_ignored(boot: Boot, what: str) -> Judgement:
    """Judge a boot by the answers that the client did not react to."""
    ignored, total = boot.ignored, boot.ignored.total
    partial = f"{ignored.partial} of {_answers(total)} that the client ignored had a partial checksum"
    if not boot.is_repeated:
        missing = f"the client's reaction: neither side repeated a packet after the answer; {_NO_FILTER}"
        return Judgement(failed=Failed.UNCLEAR, confidence=Confidence.LOW, because=(what,), missing=(missing,))
    if ignored.complete and not ignored.bad:
        complete = f"{ignored.complete} of {_answers(total)} that the client ignored had a complete checksum"
        confidence = Confidence.MEDIUM if ignored.unknown else Confidence.HIGH
        return Judgement(failed=Failed.NO, confidence=confidence, because=(what, complete))
    if ignored.complete:
        mixed = f"the client also ignored {_answers(ignored.complete)} with a complete checksum"
        return Judgement(
            failed=Failed.UNCLEAR, confidence=Confidence.LOW, because=(what, partial, mixed), missing=(_NO_FILTER,)
        )
    if ignored.bad and boot.side is Side.RECEIVER:
        return _at_the_client(boot, what)
    if ignored.partial:
        return _by_the_accepted(boot, what, partial)
    if ignored.wrong:
        damaged = f"{ignored.wrong} of {_answers(total)} had a checksum that is wrong, but not partial"
        missing = "a capture at the VM's own device, to see if they arrive that way"
    else:
        damaged = (
            "the answers' checksums can't be computed: frames that the capture cuts off, fragments, "
            "or packets that offload merged or has yet to split"
        )
        missing = "whole frames (tcpdump -s 0), captured at the VM's own device"
    return Judgement(failed=Failed.UNCLEAR, confidence=Confidence.LOW, because=(what, damaged), missing=(missing,))


def _by_the_accepted(boot: Boot, what: str, partial: str) -> Judgement:
    """Judge a boot that ignored partial answers by those that it accepted."""
    taken = boot.taken
    if taken.partial:
        completed = f"the client accepted {_answers(taken.partial)} with a partial checksum, completed after this point"
        missing = "a capture at the VM's own device: a bond's members, or a firewall's rules, may complete only some"
        return Judgement(
            failed=Failed.UNCLEAR, confidence=Confidence.LOW, because=(what, partial, completed), missing=(missing,)
        )
    if taken.complete:
        contrast = f"the client accepted {quantity(taken.complete, 'complete answer')} of the same server"
        missing = "a capture at the VM's own device: upstream of it, a firewall that drops answers looks the same"
        return Judgement(
            failed=Failed.YES, confidence=Confidence.MEDIUM, because=(what, partial, contrast), missing=(missing,)
        )
    # A boot that works may show partial checksums too; at the sender's side they prove nothing.
    failed = Failed.UNCLEAR if boot.side is Side.SENDER else Failed.YES
    missing = "a capture at the VM's own device: at the sender, each checksum is partial until the NIC fills it in"
    return Judgement(failed=failed, confidence=Confidence.LOW, because=(what, partial), missing=(missing,))


def _at_the_client(boot: Boot, what: str) -> Judgement:
    """Judge a boot with bad checksums at the client's own device, to which the client did not react."""
    total = _answers(boot.ignored.total)
    arrived = f"at the client's own device, {boot.ignored.bad} of {total} arrived with a bad checksum"
    if boot.ignored.wrong or boot.taken.complete:
        return Judgement(failed=Failed.YES, confidence=Confidence.HIGH, because=(what, arrived))
    # A fixed kernel fills in partial ones between this point and the VM: successful boots look the same.
    missing = "the hypervisor's kernel: a fixed kernel completes partial checksums after this point"
    return Judgement(failed=Failed.YES, confidence=Confidence.MEDIUM, because=(what, arrived), missing=(missing,))


def _answers(count: int) -> str:
    return quantity(count, "answer")
