import pytest
from hypothesis import given
from hypothesis import strategies as st

from virtscan.correlator.kernel import read_daemon, read_kernel
from virtscan.model import Fix, KernelBasis

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
    "3.10.0-514.rt56.420.el7.x86_64",
    "3.10.0-1160.11.1.rt56.1145.el7.x86_64",
    "3.12.24",
    "3.12.74",
    "3.14.5",
    "3.14.79",
    "3.14.5-200.fc20.x86_64",
    "3.14.7-1.el6.elrepo.x86_64",
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
    "2.6.32-504.9.9.el6.x86_64",
    "2.6.32-504.16.2.el6.x86_64",
    "2.6.32.71",
    "2.6.38",
    "3.2.102",
    "3.6.5",
    "3.9.11",
    "3.10.0",
    "3.10.108",
    "3.11.10",
    "3.12.17",
    "3.13.11",
    "3.14.0",
    "3.14.1",
    "3.14.4",
    "3.6.5-1.fc17.x86_64",
    "3.6.5-1.fc17.i686.PAE",
    "3.14.4-200.fc20.x86_64",
    "3.10.108-1.el6.elrepo.x86_64",
    "3.10.68-11.el6.centos.alt.x86_64",
]

UNKNOWN = [
    # Builds that may carry the fix, or may not.
    "2.6.32-504.16.2.1.el6.x86_64",
    "2.6.32-504.23.4.el6.x86_64",
    "2.6.32-504.30.2.el6.x86_64",
    "3.10.0-327.el7.x86_64",
    "3.10.0-513.99.el7.x86_64",
    "3.10.0-123.el7",
    "3.10.0-327.rt56.204.el7.x86_64",
    "3.12.18",
    "3.12.23",
    "3.13.0-24-generic",
    "3.12.28-4-default",
    "3.14-2-amd64",
    "3.14.5-hardened",
    "3.14.5-rc1",
    "3.15.0-rc1",
    "3.15.0-0.rc3.git1.1.fc21.x86_64",
    # The name of a series says nothing of the kernel.
    "3.12",
    "3.14",
    # Other vendors' builds of old kernels, some of which look like Red Hat's.
    "2.6.32-300.3.1.el6uek.x86_64",
    "2.6.32-696.el6.centos.plus.x86_64",
    "2.6.32-642.el6.local.x86_64",
    "2.6.32-042stab120.16",
    "2.6.32-48-pve",
    "2.6.39-400.17.1.el6uek.x86_64",
    "2.6.32-696.xen.el6.x86_64",
    "3.10.0-514.el7.centos.plus.x86_64",
    "3.10.0-514.rt56.231.el6rt.x86_64",
    "3.10.0-862.el7uek",
    "3.10.0-1127.8.2.vz7.151.14",
    "3.14.5-200.fc20.local.x86_64",
    "3.0.101-63-default",
    "3.2.0-4-amd64",
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

BUILT_BEFORE_THE_FIX = [
    ("3.2.0-58-generic", "#88-Ubuntu SMP Tue Dec 3 17:37:58 UTC 2013"),
    ("3.13.0-24-generic", "#46-Ubuntu SMP Thu Apr 10 19:11:08 UTC 2014"),
    ("3.13.0-24-generic", "#46~precise1-Ubuntu SMP Wed Apr 30 23:59:59 UTC 2014"),
    ("3.0.101-0.8-default", "#1 SMP Fri Nov  1 16:22:12 UTC 2013 (ea5d2c8)"),
    ("3.8.13-16.2.1.el6uek.x86_64", "#1 SMP Thu Nov 7 17:01:44 PST 2013"),
    ("3.10.0-1-pve", "#1 SMP Tue Dec 17 13:12:13 CET 2013"),
    ("3.6.5+", "#2 SMP PREEMPT Tue Jan 29 11:47:41 2013"),
    ("3.4.60-rt", "#1 SMP PREEMPT RT Sun Sep 8 09:00:00 +03 2013"),
    ("3.12-0.bpo.1-amd64", "#1 SMP Debian 3.12.9-1~bpo70+1 (2014-02-07)"),
    ("3.13-1-amd64", "#1 SMP PREEMPT_DYNAMIC Debian 3.13.10-1 (2014-04-15)"),
    ("3.12.18", "#1 SMP Fri Apr 18 12:00:00 UTC 2014"),
    ("3.14-trunk-amd64", "#1 SMP Debian 3.14-1~exp1 (2014-04-08)"),
    # Debian 7 names no date.
    ("3.2.0-4-amd64", "#1 SMP Debian 3.2.41-2"),
    ("3.2.0-4-amd64", "#1 SMP Debian 3.2.54-2+deb7u1"),
    ("3.2.0-4-amd64", "#1 SMP Debian 3.2.57-3"),
]

BUILDS_THAT_TELL_NOTHING = [
    ("3.2.0-4-amd64", "#1 SMP Debian 3.2.57-3+deb7u1"),
    ("3.2.0-4-amd64", "#1 SMP Debian 3.2.60-1+deb7u3"),
    ("3.2.0-4-amd64", "#1 SMP Debian 3.2.41-2 (2014-08-09)"),
    ("3.2.0-4-amd64", "#1 SMP Debian 3.14.15-2"),
    ("3.14-1-amd64", "#1 SMP Debian 3.14.4-1 (2014-05-13)"),
    ("3.13.0-27-generic", "#50-Ubuntu SMP Thu May 1 00:00:00 UTC 2014"),
    ("3.13.0-24-generic", "#46-Ubuntu SMP Thu Jan  1 00:00:00 UTC 1970"),
    ("3.13.0-24-generic", "#46-Ubuntu SMP Tue Jan 1 00:00:00 UTC 1980"),
    ("3.13.0-24-generic", "#46-Ubuntu SMP Sat Jan 18 00:00:00 UTC 2014"),
    ("3.13.0-24-generic", "#46-Ubuntu SMP Sun Feb 30 00:00:00 UTC 2014"),
    ("3.13.0-24-generic", "#46-Ubuntu SMP Thu Apr 10 19:11:08 UTC 2014 rebuilt (2016-01-01)"),
    ("3.13.0-24-generic", "#46-Ubuntu SMP Thu \u0661\u0660 Apr 2014"),
    ("3.13.0-24-generic", "#46-Ubuntu SMP"),
    ("3.13.0-24-generic", ""),
    # What the date can't tell: RHEL's own rows, 2.6 vendors, other systems.
    ("3.10.0-123.el7.x86_64", "#1 SMP Mon Dec 16 09:00:00 EST 2013"),
    ("2.6.32-300.3.1.el6uek.x86_64", "#1 SMP Fri Dec 9 18:57:35 EST 2011"),
    ("2.6.39-400.17.1.el6uek.x86_64", "#1 SMP Fri Feb 22 18:16:18 PST 2013"),
    ("3.15.0-rc1", "#1 SMP Mon Apr 14 09:00:00 UTC 2014"),
    ("3.2-RELEASE", "FreeBSD 3.2-RELEASE #0: Tue Dec 3 17:37:58 UTC 2013"),
]

VENDOR_SUFFIXES = [
    "-generic",
    "-4-amd64",
    ".el6uek",
    ".el7uek.x86_64",
    "-5-pve",
    "-63-default",
    ".local",
    ".vz7.151",
    "+",
]

releases = st.one_of(
    st.text(),
    st.sampled_from([*FIXED, *UNFIXED, *UNKNOWN]),
    st.builds("{}.{}.{}".format, st.integers(2, 4), st.integers(0, 20), st.integers(0, 120)),
    st.builds("3.{}.0-{}-generic".format, st.integers(0, 14), st.integers(0, 99)),
)
builds = st.one_of(
    st.text(),
    st.sampled_from([build for _, build in [*BUILT_BEFORE_THE_FIX, *BUILDS_THAT_TELL_NOTHING]]),
    st.dates().map("#1 SMP {:%a %b %d 11:47:41 EST %Y}".format),
    st.dates().map("#1 SMP Debian 3.12.9-1 ({})".format),
)


@pytest.mark.parametrize("release", FIXED)
def test_a_kernel_with_the_fix_is_fixed(release: str) -> None:
    assert read_kernel(release).fix is Fix.FIXED


@pytest.mark.parametrize("release", UNFIXED)
def test_a_kernel_known_to_lack_the_fix_is_unfixed(release: str) -> None:
    assert read_kernel(release).fix is Fix.UNFIXED


@pytest.mark.parametrize("release", UNKNOWN, ids=lambda release: repr(release)[:40])
def test_any_other_kernel_is_unknown(release: str) -> None:
    assert read_kernel(release).fix is Fix.UNKNOWN


@pytest.mark.parametrize(("release", "build"), BUILT_BEFORE_THE_FIX)
def test_a_kernel_built_before_the_fix_existed_is_unfixed(release: str, build: str) -> None:
    assert read_kernel(release).fix is Fix.UNKNOWN
    assert read_kernel(release, build).basis is KernelBasis.BUILT_BEFORE_FIX
    assert read_kernel(release, build).fix is Fix.UNFIXED


@pytest.mark.parametrize(("release", "build"), BUILDS_THAT_TELL_NOTHING)
def test_a_build_that_reports_nothing_changes_nothing(release: str, build: str) -> None:
    assert read_kernel(release, build) == read_kernel(release)
    assert read_kernel(release, build).fix is Fix.UNKNOWN


@pytest.mark.parametrize(
    ("release", "build"),
    [
        ("3.14-2-amd64", "#1 SMP Debian 3.14.15-2 (2014-08-09)"),
        ("3.14-0.bpo.1-amd64", "#1 SMP Debian 3.14.7-1~bpo70+1 (2014-06-21)"),
        ("3.12-1-amd64", "#1 SMP Debian 3.12.24-1 (2014-07-12)"),
    ],
)
def test_debian_names_the_version_of_kernel_org_that_has_the_fix(release: str, build: str) -> None:
    assert read_kernel(release, build).fix is Fix.FIXED


@pytest.mark.parametrize(
    ("release", "basis"),
    [
        ("2.6.32-504.30.3.el6.x86_64", KernelBasis.RHEL6_SINCE),
        ("2.6.32-279.el6.x86_64", KernelBasis.RHEL6_BEFORE),
        ("2.6.32-504.23.4.el6.x86_64", KernelBasis.RHEL6_UNCLEAR),
        ("3.10.0-514.el7.x86_64", KernelBasis.RHEL7_SINCE),
        ("3.10.0-327.el7.x86_64", KernelBasis.RHEL7_BEFORE),
        ("3.15.5", KernelBasis.MAINLINE_SINCE),
        ("3.15.0-rc1", KernelBasis.MAINLINE_CANDIDATE),
        ("3.6.5", KernelBasis.MAINLINE_BEFORE),
        ("3.14.5", KernelBasis.STABLE_3_14_SINCE),
        ("3.12.24", KernelBasis.STABLE_3_12_SINCE),
        ("3.10.108", KernelBasis.STABLE_BEFORE),
        ("3.12.18", KernelBasis.STABLE_UNCLEAR),
        ("3.13.0-24-generic", KernelBasis.VENDOR_UNKNOWN),
        ("nonsense", KernelBasis.UNREADABLE),
    ],
)
def test_every_judgement_names_its_basis(release: str, basis: KernelBasis) -> None:
    assert read_kernel(release).basis is basis


def test_space_around_a_release_does_not_matter() -> None:
    assert read_kernel(" 3.6.5\n").fix is Fix.UNFIXED


@given(releases, st.none() | builds)
def test_a_build_only_ever_turns_unknown_into_something(release: str, build: str | None) -> None:
    alone, together = read_kernel(release), read_kernel(release, build)

    assert alone == together or alone.fix is Fix.UNKNOWN


@given(releases, builds.filter(lambda build: "Debian" not in build))
def test_a_build_date_never_makes_a_kernel_fixed(release: str, build: str) -> None:
    assert read_kernel(release).fix is Fix.FIXED or read_kernel(release, build).fix is not Fix.FIXED


@given(releases.map(str.strip), st.sampled_from(VENDOR_SUFFIXES))
def test_a_vendors_suffix_never_makes_a_kernel_fixed(release: str, suffix: str) -> None:
    assert read_kernel(release).fix is Fix.FIXED or read_kernel(release + suffix).fix is not Fix.FIXED


@pytest.mark.parametrize("version", [6_007_000, 7_000_000, 8_000_005, 11_009_000])
def test_a_daemon_that_no_unfixed_distribution_can_build_means_fixed(version: int) -> None:
    state = read_daemon(version)

    assert (state.fix, state.basis) == (Fix.FIXED, KernelBasis.INFERRED_FROM_DAEMON)


@pytest.mark.parametrize("version", [-1, 0, 10_002, 1_002_008, 4_005_000, 5_010_000, 6_000_000, 6_006_999])
def test_an_older_daemon_reports_nothing(version: int) -> None:
    assert read_daemon(version).fix is Fix.UNKNOWN
