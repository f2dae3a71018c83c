"""What the tests of remedies share."""

from tests.remedy.machine import machine

__all__ = ["machine"]
