"""The sentences for gaps and warnings: the subject of each, and its cause."""

from virtscan.views.wording.gaps.sentences import item_words, reason, subject

__all__ = ["item_words", "reason", "subject"]
