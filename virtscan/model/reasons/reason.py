"""The bases of all reasons."""

import msgspec

from virtscan.model.codes import code_of


class Reason(msgspec.Struct, frozen=True, kw_only=True, tag_field="code", tag=code_of):
    """A fact that a finding rests on, or that it lacks."""


class Because(Reason, frozen=True):
    """A fact that a finding rests on."""


class Missing(Reason, frozen=True):
    """A fact that a finding lacks, and that would settle it."""
