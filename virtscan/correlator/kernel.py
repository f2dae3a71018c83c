"""Does a hypervisor's kernel fill in the checksums of frames that go from one macvtap to another?"""

import re
from enum import Enum

import msgspec


class Fix(Enum):
    """Is the fix in the kernel? UNKNOWN when nobody said which kernel it is, or its name does not tell."""

    FIXED = "fixed"
    UNFIXED = "unfixed"
    UNKNOWN = "unknown"


class KernelState(msgspec.Struct, frozen=True):
    """Whether a kernel is fixed, and what that was read from, as the rest of a sentence about the kernel."""

    fix: Fix
    why: str


# Numbers are limited to five digits: int() refuses strings of thousands of them.
_NUMBERS = r"[0-9]{1,5}(?:\.[0-9]{1,5}){0,7}"
_ARCHITECTURE = r"(?:\.(?:x86_64|i[3-6]86|ppc64|ppc64le|s390x|aarch64|armv7hl))?(?:[.+]debug)?"
# Whole names only: el6uek, el6.centos.plus or el7a are other builds, with other patches.
_EL6 = re.compile(rf"2\.6\.32-({_NUMBERS})\.el6{_ARCHITECTURE}")
_EL7 = re.compile(rf"3\.10\.0-({_NUMBERS})\.el7{_ARCHITECTURE}")
_MAINLINE = re.compile(_NUMBERS)
_ANY = re.compile(r"([0-9]{1,3})\.([0-9]{1,3})(?:[.+_~-][0-9A-Za-z.+_~-]*)?")
# FreeBSD, where bhyve runs, counts its own versions in the same form.
_FOREIGN = re.compile(r"-(?:RELEASE|STABLE|CURRENT|BETA|ALPHA|RC[0-9]|PRERELEASE)", re.ASCII)
_CANDIDATE = re.compile(r"-?rc[0-9]")

_EL6_FIXED = (504, 30, 3)  # ELSA-2015-1221, bugs 1215914 and 1123697
_EL7_FIXED = (514,)

NOBODY_SAID = KernelState(Fix.UNKNOWN, "was not read")


def read_kernel(release: str) -> KernelState:
    """Judge a kernel by its name.

    The mainline fix (tap_handle_frame computes the sum for receivers that did not ask for offload) is in 3.15. Below
    it only those vendors' builds are judged whose source was read; every other vendor may have carried the fix back.

    Args:
        release: What `uname -r` prints, or what somebody wrote in its place.

    Returns:
        FIXED only for names that leave no doubt.

    Source:
        Linux commits cbdb04279cca and f114890cdf84 (2014); kernels that were booted and measured: 2.6.32-279.el6,
        3.6.5 and 3.14.1 (unfixed), 2.6.32-642.6.2.el6, 3.15.5, 6.1 and 6.18 (fixed).
    """
    release = release.strip()
    if match := _EL6.fullmatch(release):
        if _numbers(match[1]) >= _EL6_FIXED:
            return KernelState(Fix.FIXED, "RHEL 6 has the fix since 2.6.32-504.30.3.el6")
        return KernelState(Fix.UNFIXED, "RHEL 6 has the fix only since 2.6.32-504.30.3.el6")
    if match := _EL7.fullmatch(release):
        if _numbers(match[1]) >= _EL7_FIXED:
            return KernelState(Fix.FIXED, "RHEL 7 has the fix since 3.10.0-514.el7")
        return KernelState(Fix.UNKNOWN, "RHEL 7 before 3.10.0-514.el7 may lack the fix")
    match = _ANY.fullmatch(release)
    if match is None or _FOREIGN.search(release):
        return KernelState(Fix.UNKNOWN, "this is no kernel version that can be read")
    return _by_version((int(match[1]), int(match[2])), release)


def _by_version(version: tuple[int, int], release: str) -> KernelState:
    if version == (3, 15) and _CANDIDATE.search(release):
        return KernelState(Fix.UNKNOWN, "the fix came during the release candidates of 3.15")
    if version >= (3, 15):
        return KernelState(Fix.FIXED, "Linux has the fix since 3.15")
    if version >= (3, 10):
        return KernelState(Fix.UNKNOWN, "from 3.10 to 3.14 some builds have the fix and some have not")
    if _MAINLINE.fullmatch(release):
        return KernelState(Fix.UNFIXED, "Linux has the fix only since 3.15")
    return KernelState(Fix.UNKNOWN, "it is not known whether its vendor added the fix")


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split("."))
