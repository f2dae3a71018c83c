"""Gaps and warnings as a section: sentences for people, codes and facts for documents."""

from collections.abc import Iterable
from datetime import datetime

from virtscan.model import Gap, GapAbout
from virtscan.model.codes import code
from virtscan.model.gaps import AnyCause, AnyItem
from virtscan.views.document import Audience, Column, Field, Section, one_of, record, section, word
from virtscan.views.wording.gaps import reason, subject


def gap_section(gaps: Iterable[Gap], taken_at: datetime | None = None) -> Section:
    """List the gaps in their order; ages are counted from `taken_at`; without it, dates are given."""
    return section("gaps", _gap_fields(taken_at), gaps)


def _gap_fields(taken_at: datetime | None) -> tuple[Field[Gap], ...]:
    return (
        Field(Column("subject"), subject),
        Field(Column("reason", wraps=True), lambda gap: reason(gap, taken_at)),
        Field(one_of(GapAbout, "about", audience=Audience.DOCUMENTS), lambda gap: word(gap.about)),
        Field(Column("hypervisor", audience=Audience.DOCUMENTS), lambda gap: gap.hypervisor),
        Field(Column("code", audience=Audience.DOCUMENTS), lambda gap: code(gap.cause)),
        Field(Column("item", audience=Audience.DOCUMENTS, holds=AnyItem), lambda gap: record(gap.item)),
        Field(Column("cause", audience=Audience.DOCUMENTS, holds=AnyCause), lambda gap: record(gap.cause)),
    )
