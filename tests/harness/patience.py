"""The end of every wait that only a defect reaches."""

LONG = 600.0
"""Seconds. A machine under load needs many times as long as an idle one, and no test's result may depend on that."""
