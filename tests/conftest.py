"""Fixtures that the tests of every part share."""

import os
from pathlib import Path

from hypothesis import HealthCheck, settings

pytest_plugins = ("tests.harness.postgresql", "tests.harness.shared", "tests.harness.sshd")

PROJECT = Path(__file__).parents[1]

# Some tests become another user, who has to read files that they made.
os.umask(0o022)

# No test asserts a time: on a busy machine one example, or the first text ever made, may take long. Every run plays the
# same examples; VIRTSCAN_EXPLORE=1 looks for new ones.
settings.register_profile(
    "virtscan",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize="VIRTSCAN_EXPLORE" not in os.environ,
)
settings.load_profile("virtscan")
