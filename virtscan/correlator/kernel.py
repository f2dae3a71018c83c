"""State of a hypervisor's kernel: whether it fills in the checksums of frames between macvtaps."""

import re
from collections.abc import Iterator
from datetime import date

import msgspec

from virtscan.model import Fix, Hypervisor, KernelBasis, Machine


class KernelState(msgspec.Struct, frozen=True, kw_only=True):
    """State of a kernel, fixed or not, and the basis of that conclusion."""

    fix: Fix
    basis: KernelBasis


_FIXED = {
    KernelBasis.RHEL6_SINCE,
    KernelBasis.RHEL7_SINCE,
    KernelBasis.MAINLINE_SINCE,
    KernelBasis.STABLE_3_14_SINCE,
    KernelBasis.STABLE_3_12_SINCE,
    KernelBasis.INFERRED_FROM_DAEMON,
}
_UNFIXED = {
    KernelBasis.RHEL6_BEFORE,
    KernelBasis.MAINLINE_BEFORE,
    KernelBasis.STABLE_BEFORE,
    KernelBasis.BUILT_BEFORE_FIX,
}

# Patterns are compiled by the functions of re, and kept: most fleets have the kernels of one vendor.
# Numbers are limited to five digits: int() refuses strings of thousands of them.
_NUMBERS = r"[0-9]{1,5}(?:\.[0-9]{1,5}){0,7}"
_ARCHITECTURE = r"(?:\.(?:x86_64|i[3-6]86|ppc64|ppc64le|s390x|aarch64|armv7hl))?(?:[.+](?:debug|PAE|PAEdebug))?"
# Whole names only: el6uek, el6.centos.plus or el7a are other builds, with other patches.
_EL6 = rf"2\.6\.32-({_NUMBERS})\.el6{_ARCHITECTURE}"
_EL7 = rf"3\.10\.0-({_NUMBERS})(?:\.rt{_NUMBERS})?\.el7{_ARCHITECTURE}"
_KERNEL_ORG = r"(?:2\.6(?:\.[0-9]{1,5}){0,2}|[0-9]{1,3}\.[0-9]{1,3}(?:\.[0-9]{1,5})?)"
# Fedora, ELRepo and Xen4CentOS keep the numbers of kernel.org.
_KEEPS = r"(?:fc[0-9]{1,3}|el[5-9]\.elrepo|el[5-9]\.centos\.alt)"
_KEPT = rf"({_KERNEL_ORG})(?:-[0-9A-Za-z.]{{1,64}}\.{_KEEPS}{_ARCHITECTURE})?"
_ANY = r"([0-9]{1,3})\.([0-9]{1,3})(?:[.+_~-][0-9A-Za-z.+_~-]*)?"
# FreeBSD, where bhyve runs, counts its own versions in the same form.
_FOREIGN = r"-(?:RELEASE|STABLE|CURRENT|BETA|ALPHA|RC[0-9]|PRERELEASE)"
_CANDIDATE = r"-?rc[0-9]"

_EL6_LAST_UNFIXED = (504, 16, 2)
_EL6_FIXED = (504, 30, 3)  # ELSA-2015-1221, bugs 1215914 and 1123697
_EL7_FIXED = (514,)

# `uname -v`. mkcompile_h of the kernel prints the date in the C locale, Debian that of its changelog.
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_CLOCK = r"[0-9]{2}:[0-9]{2}:[0-9]{2}(?: [A-Za-z0-9:+-]{1,8})?"
_C_DATE = rf"\b({'|'.join(_MONTHS)}) {{1,2}}([0-9]{{1,2}}) {_CLOCK} ([0-9]{{4}})\b"
_ISO_DATE = r"\(([0-9]{4})-([0-9]{2})-([0-9]{2})\)"
_DEBIAN = r"\bDebian ([0-9]{1,3})\.([0-9]{1,3})\.([0-9]{1,5})-([0-9]{1,5})(\S*)"
_FIX_EXISTS = date(2014, 5, 1)
# Releases of 3.0 to 3.14: an earlier build date is not a date, but a wrong clock or a reproducible build.
_RELEASED = (
    date(2011, 7, 21), date(2011, 10, 24), date(2012, 1, 4), date(2012, 3, 18), date(2012, 5, 20),
    date(2012, 7, 21), date(2012, 9, 30), date(2012, 12, 10), date(2013, 2, 18), date(2013, 4, 28),
    date(2013, 6, 30), date(2013, 9, 2), date(2013, 11, 3), date(2014, 1, 19), date(2014, 3, 30),
)  # fmt: skip
# Debian 7 names no date; 3.2.57-3 of April 2014 (Debian 7.5) is its last kernel before the fix existed.
_DEBIAN_7_BEFORE_FIX = (57, 3)

_FIRST_INFERRED = 6_007_000


def read_kernel(release: str, build: str | None = None) -> KernelState:
    """Judge a kernel by its name and, where that leaves a doubt, by its build.

    The mainline fix (tap_handle_frame computes the sum for receivers that did not request offload) is in 3.15. Of older
    versions, only builds are judged whose source was read, or that are older than the fix.

    Args:
        release: Output of `uname -r`, or the configuration's value in its place.
        build: Output of `uname -v`, where it is known.

    Returns:
        FIXED only for names that leave no doubt.

    Source:
        Linux commits cbdb04279cca and f114890cdf84 (2014); kernels that were booted and measured: 2.6.32-279.el6,
        3.6.5 and 3.14.1 (unfixed), 2.6.32-642.6.2.el6, 3.15.5, 6.1 and 6.18 (fixed).
    """
    return _state(_basis(release.strip(), build or ""))


def read_daemon(version: int) -> KernelState:
    """Infer a hypervisor's kernel from the version of its libvirt, the weakest of all sources.

    Since 6.7.0 libvirt is built with Meson only, and it needs glib 2.48. No distribution with a kernel that is
    unfixed or unknown has both among its own packages:

    - glib 2.48 is of March 2016. SLES 11, SLES 12 before SP2, Debian 7 and 8 and Ubuntu 14.04 have older ones; SLES
      12 SP2 and Ubuntu 16.04, the oldest with 2.48, have Linux 4.4.
    - RHEL 7 and its rebuilds alone raised glib (2.50, 2.56) under a kernel 3.10. They have no Meson of their own.

    Before 6.7.0 nothing can be inferred: libvirt was built with autotools, and RHEL 7 could build it.

    Args:
        version: Result of `virConnectGetLibVersion`: 1,000,000 * major + 1,000 * minor + release.

    Source:
        libvirt NEWS.rst, 6.7.0: "Libvirt abandoned autotools and switched to Meson build system". libvirt m4/virt-
        glib.m4 at 16121a88a7ef (GLIB_REQUIRED=2.48.0). QEMU commit 00f2cfbbec63: glib of RHEL 7 2.50.3, of SLES 12 SP2
        2.48.2, of Ubuntu 16.04 2.48.0; it drops Debian 8 and Ubuntu 14.04. openslide issue 199: Debian 7 2.32, Debian 8
        2.42, Ubuntu 14.04 2.40, RHEL 6 2.28, SLES 11 2.22. libvir-list, September 2019, message 190866: Debian 9 has
        Meson 0.37.1, and CentOS 7 needs one from pip. libvirt commit 9386eada, later than 7.0.0, raises glib to 2.56
        and still lists RHEL 7 (2.56.1): glib alone would prove nothing.
    """
    return _state(KernelBasis.INFERRED_FROM_DAEMON if version >= _FIRST_INFERRED else KernelBasis.DAEMON_TOO_OLD)


def _state(basis: KernelBasis) -> KernelState:
    fix = Fix.FIXED if basis in _FIXED else Fix.UNFIXED if basis in _UNFIXED else Fix.UNKNOWN
    return KernelState(fix=fix, basis=basis)


NOT_READ = _state(KernelBasis.NOT_READ)


def _basis(release: str, build: str) -> KernelBasis:
    if ".el6" in release and (match := re.fullmatch(_EL6, release)):
        return _rhel6(_numbers(match[1]))
    if ".el7" in release and (match := re.fullmatch(_EL7, release)):
        return KernelBasis.RHEL7_SINCE if _numbers(match[1]) >= _EL7_FIXED else KernelBasis.RHEL7_BEFORE
    match = re.fullmatch(_ANY, release)
    if match is None or re.search(_FOREIGN, release):
        return KernelBasis.UNREADABLE
    version = (int(match[1]), int(match[2]))
    if version == (3, 15) and re.search(_CANDIDATE, release):
        return KernelBasis.MAINLINE_CANDIDATE
    return KernelBasis.MAINLINE_SINCE if version >= (3, 15) else _before_mainline(version, release, build)


def _before_mainline(version: tuple[int, int], release: str, build: str) -> KernelBasis:
    kept = re.fullmatch(_KEPT, release)
    basis = _upstream(_numbers(kept[1])) if kept else _debian(version, build)
    if _state(basis).fix is Fix.UNKNOWN and _is_older_than_the_fix(version, build):
        return KernelBasis.BUILT_BEFORE_FIX
    return basis


def _rhel6(numbers: tuple[int, ...]) -> KernelBasis:
    if numbers >= _EL6_FIXED:
        return KernelBasis.RHEL6_SINCE
    return KernelBasis.RHEL6_BEFORE if numbers <= _EL6_LAST_UNFIXED else KernelBasis.RHEL6_UNCLEAR


def _upstream(numbers: tuple[int, ...]) -> KernelBasis:
    """Judge a version of kernel.org below 3.15; a bare 3.12 or 3.14 names a series, not a kernel."""
    match numbers:
        case (3, 12) | (3, 14):
            return KernelBasis.STABLE_UNCLEAR
        case (3, 12, patch):
            if patch >= 24:
                return KernelBasis.STABLE_3_12_SINCE
            return KernelBasis.STABLE_UNCLEAR if patch >= 18 else KernelBasis.STABLE_BEFORE
        case (3, 14, patch):
            return KernelBasis.STABLE_3_14_SINCE if patch >= 5 else KernelBasis.STABLE_BEFORE
    return KernelBasis.MAINLINE_BEFORE if numbers < (3, 10) else KernelBasis.STABLE_BEFORE


def _debian(version: tuple[int, int], build: str) -> KernelBasis:
    """Judge another vendor's kernel by the version of kernel.org that Debian names in its build."""
    match = re.search(_DEBIAN, build)
    if match is None or (int(match[1]), int(match[2])) != version:
        return KernelBasis.VENDOR_UNKNOWN
    patch, revision, rest = int(match[3]), int(match[4]), match[5]
    if version == (3, 2) and not any(_dates(build)) and (patch, revision, bool(rest)) <= (*_DEBIAN_7_BEFORE_FIX, False):
        return KernelBasis.BUILT_BEFORE_FIX
    basis = _upstream((*version, patch))
    return basis if _state(basis).fix is Fix.FIXED else KernelBasis.VENDOR_UNKNOWN


def _is_older_than_the_fix(version: tuple[int, int], build: str) -> bool:
    """Return True if a kernel from 3.0 to 3.14 was built before May 2014; of several dates the latest counts."""
    if version < (3, 0):
        return False
    built = max(_dates(build), default=None)
    return built is not None and _RELEASED[version[1]] <= built < _FIX_EXISTS


def _dates(build: str) -> Iterator[date]:
    dates = [(year, _MONTHS.index(month) + 1, day) for month, day, year in re.findall(_C_DATE, build)]
    for year, month, day in [*dates, *re.findall(_ISO_DATE, build)]:
        try:
            yield date(int(year), int(month), int(day))
        except ValueError:
            continue


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split("."))


def kernel_state(hypervisor: Hypervisor) -> KernelState:
    """Judge a hypervisor's kernel: observed before declared, and the daemon's version where neither is known."""
    if hypervisor.kernel is not None:
        known = read_kernel(hypervisor.kernel.value, hypervisor.kernel_build)
    elif hypervisor.declared_kernel is not None:
        known = read_kernel(hypervisor.declared_kernel)
    else:
        known = NOT_READ
        # A daemon in a container shows nothing of the host's distribution.
        if hypervisor.daemon is not None and hypervisor.machine is not Machine.CONTAINER:
            known = read_daemon(hypervisor.daemon.value)
    return known


def is_known_fixed(hypervisor: Hypervisor) -> bool:
    """Return True if the kernel is fixed as observed or declared, not as inferred."""
    known = kernel_state(hypervisor)
    return known.fix is Fix.FIXED and known.basis is not KernelBasis.INFERRED_FROM_DAEMON
