"""Reasons why a kernel counts as fixed, unfixed or unknown."""

from virtscan.model import KernelBasis

_WORDS = {
    KernelBasis.RHEL6_SINCE: "RHEL 6 has had the fix since 2.6.32-504.30.3.el6",
    KernelBasis.RHEL6_BEFORE: "RHEL 6 got the fix in 2.6.32-504.30.3.el6",
    KernelBasis.RHEL6_UNCLEAR: "RHEL 6 has had the fix since 2.6.32-504.30.3.el6; 2.6.32-504.16.2.el6 lacks it",
    KernelBasis.RHEL7_SINCE: "RHEL 7 has had the fix since 3.10.0-514.el7",
    KernelBasis.RHEL7_BEFORE: "RHEL 7 before 3.10.0-514.el7 may lack the fix",
    KernelBasis.MAINLINE_SINCE: "Linux has had the fix since 3.15",
    KernelBasis.MAINLINE_CANDIDATE: "the fix came during the release candidates of 3.15",
    KernelBasis.MAINLINE_BEFORE: "Linux got the fix in 3.15",
    KernelBasis.STABLE_3_14_SINCE: "Linux 3.14 has had the fix since 3.14.5",
    KernelBasis.STABLE_3_12_SINCE: "Linux 3.12 has had the fix since 3.12.24",
    KernelBasis.STABLE_BEFORE: "of the stable series, only 3.12.24, 3.14.5 and their successors have the fix",
    KernelBasis.STABLE_UNCLEAR: "the fix came to Linux 3.12 between 3.12.18 and 3.12.24, and to 3.14 in 3.14.5",
    KernelBasis.BUILT_BEFORE_FIX: "it was built before May 2014, before the fix existed",
    KernelBasis.VENDOR_UNKNOWN: "it is unknown whether its vendor backported the fix",
    KernelBasis.UNREADABLE: "its name is not a Linux version",
    KernelBasis.NOT_READ: "it was not read",
    KernelBasis.INFERRED_FROM_DAEMON: "inferred: no distribution ships its libvirt with an unfixed kernel",
    KernelBasis.DAEMON_TOO_OLD: "it was not read, and its libvirt also runs on unfixed kernels",
}


def kernel_basis(basis: KernelBasis) -> str:
    """Return the basis of a kernel's state, as the rest of a sentence about the kernel."""
    return _WORDS[basis]
