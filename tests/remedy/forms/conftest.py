"""Fixtures that the tests of remedies share."""

from tests.remedy.forms.machine import machine

__all__ = ["machine"]
