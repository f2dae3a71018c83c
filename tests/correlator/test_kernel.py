import pytest

from virtscan.correlator.kernel import Fix, read_kernel

FIXED = [
    "2.6.32-504.30.3.el6.x86_64",
    "2.6.32-504.30.3.el6",
    "2.6.32-504.30.3.el6.x86_64.debug",
    "2.6.32-504.30.5.el6.i686",
    "2.6.32-504.64.4.el6.x86_64",
    "2.6.32-573.el6.x86_64",
    "2.6.32-642.6.2.el6.x86_64",
    "2.6.32-754.35.1.el6.x86_64",
    "3.10.0-514.el7.x86_64",
    "3.10.0-514.26.2.el7.x86_64",
    "3.10.0-1160.el7.x86_64",
    "3.15.0",
    "3.15.5",
    "3.16.0-4-amd64",
    "4.0",
    "4.14.0-115.el7a.aarch64",
    "4.18.0-553.el8_10.x86_64",
    "5.15.0-105-generic",
    "6.1.0-18-amd64",
    "6.1",
    "6.18.0",
    "6.18.0-rc2",
    "6.18.0+",
    "10.0.1",
]

UNFIXED = [
    "2.6.32-71.el6.x86_64",
    "2.6.32-279.el6.x86_64",
    "2.6.32-358.el6.x86_64",
    "2.6.32-431.el6.x86_64",
    "2.6.32-431.61.2.el6.x86_64",
    "2.6.32-504.el6.x86_64",
    "2.6.32-504.16.2.el6.x86_64",
    "2.6.32-504.30.2.el6.x86_64",
    "2.6.32-504.9.9.el6.x86_64",
    "3.6.5",
    "3.9.11",
    "2.6.38",
]

UNKNOWN = [
    # Builds that may carry the fix, or may not.
    "3.10.0-327.el7.x86_64",
    "3.10.0-513.99.el7.x86_64",
    "3.10.0-123.el7",
    "3.10.108",
    "3.14.1",
    "3.13.0-24-generic",
    "3.12.28-4-default",
    "3.15.0-rc1",
    "3.15.0-0.rc3.git1.1.fc21.x86_64",
    # Other vendors' builds of old kernels, some of which look like Red Hat's.
    "2.6.32-300.3.1.el6uek.x86_64",
    "2.6.32-696.el6.centos.plus.x86_64",
    "2.6.32-642.el6.local.x86_64",
    "2.6.32-042stab120.16",
    "2.6.32-48-pve",
    "2.6.39-400.17.1.el6uek.x86_64",
    "2.6.32-696.xen.el6.x86_64",
    "3.10.0-514.el7.centos.plus.x86_64",
    "3.10.0-514.rt56.420.el7.x86_64",
    "3.10.0-862.el7uek",
    "3.0.101-63-default",
    "3.2.0-4-amd64",
    "3.6.5-1.fc17.x86_64",
    "3.6.5+",
    # No Linux version at all.
    "13.2-RELEASE",
    "14.0-CURRENT",
    "",
    " ",
    "6",
    "61",
    "6.x",
    "v6.1",
    "Linux 6.1.0",
    "6.1.0 something",
    "6.1.0\n3.6.5",
    "6..1",
    "-6.1",
    "6.1foo",
    "\u0666.\u0661.0",
    "2.6.32-\u0666\u0664\u0662.el6.x86_64",
    "2.6.32-.el6",
    "2.6.32-" + "9" * 5000 + ".el6.x86_64",
    "9" * 5000 + ".1",
    "6." + "1" * 5000,
    "\x1b[31m6.1",
    "kernel-6.1.0",
]


@pytest.mark.parametrize("release", FIXED)
def test_a_kernel_with_the_fix_is_fixed(release: str) -> None:
    assert read_kernel(release).fix is Fix.FIXED


@pytest.mark.parametrize("release", UNFIXED)
def test_a_kernel_known_to_lack_the_fix_is_unfixed(release: str) -> None:
    assert read_kernel(release).fix is Fix.UNFIXED


@pytest.mark.parametrize("release", UNKNOWN, ids=lambda release: repr(release)[:40])
def test_any_other_kernel_is_unknown(release: str) -> None:
    assert read_kernel(release).fix is Fix.UNKNOWN


def test_space_around_a_release_does_not_matter() -> None:
    assert read_kernel(" 3.6.5\n").fix is Fix.UNFIXED


@pytest.mark.parametrize("release", ["2.6.32-279.el6.x86_64", "3.10.0-327.el7.x86_64", "6.1.0", "nonsense"])
def test_every_judgement_says_why(release: str) -> None:
    assert read_kernel(release).why
