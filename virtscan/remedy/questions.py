"""The missing facts that leave interfaces unknown, and how to find out each."""

from collections import Counter
from collections.abc import Iterator

from virtscan.model import Finding, Report
from virtscan.model.reasons import NeedsKernel, Reason
from virtscan.remedy.plan import Question
from virtscan.views.wording.reasons import Wording


def questions(report: Report) -> tuple[Question, ...]:
    """Return every fact that would settle unknown verdicts, the one that settles most of them first.

    A fixed kernel clears interfaces at risk as well.
    """
    wording = Wording(report.inventory)
    counts = Counter(missing for finding in report.findings for missing in _missing_facts(finding))
    unordered = (
        Question(
            where=where,
            missing=(wording.sentence(reason),),
            how=wording.how(reason) or "",
            interfaces=count,
        )
        for (where, reason), count in counts.items()
    )
    return tuple(sorted(unordered, key=lambda question: (-question.interfaces, question.where, question.missing)))


def _missing_facts(finding: Finding) -> Iterator[tuple[str, Reason]]:
    for reason in finding.missing:
        if isinstance(reason, NeedsKernel) and (finding.is_unknown or finding.is_at_risk):
            yield finding.hypervisor, reason
        elif finding.is_unknown:
            yield finding.server or finding.hypervisor, reason
