"""The output of `uname -srv`."""

import pytest

from virtscan.hostnet import RunningKernel, read_uname


@pytest.mark.parametrize(
    ("printed", "release", "build"),
    [
        (
            "Linux 2.6.32-279.el6.x86_64 #1 SMP Wed Jun 13 18:24:36 EDT 2012\n",
            "2.6.32-279.el6.x86_64",
            "#1 SMP Wed Jun 13 18:24:36 EDT 2012",
        ),
        ("Linux 6.1.0", "6.1.0", None),
    ],
)
def test_a_kernel_has_its_release_and_its_build(printed: str, release: str, build: str | None) -> None:
    assert read_uname(printed) == RunningKernel(release=release, build=build)


@pytest.mark.parametrize("printed", ["", "6.1.0", "FreeBSD 14.0-RELEASE", "Linux", "Linux 6.1\n Welcome", "Linux ü"])
def test_anything_else_is_not_a_kernel(printed: str) -> None:
    assert read_uname(printed) is None
