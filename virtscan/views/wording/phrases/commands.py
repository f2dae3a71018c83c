"""Commands for people to run."""

import re

_DEBIAN = r"-(?:amd64|686(?:-pae)?|i386|arm64|armhf|generic|lowlatency|server|virtual)$"


def look_for_the_fix(kernel: str) -> str:
    """Return the command that looks through the changelog of a running kernel whose name is not conclusive.

    Source:
        Debian's and Ubuntu's names end in a flavour (-amd64, -generic), their packages are linux-image-RELEASE; the
        package of any other kernel is looked up by its file, for SUSE calls it kernel-default and Red Hat kernel.
    """
    if re.search(_DEBIAN, kernel):
        changelog = "apt-get changelog linux-image-$(uname -r)"
    else:
        changelog = "rpm -q --changelog -f /boot/vmlinuz-$(uname -r)"
    return f"{changelog} | grep -iE 'macvlan|macvtap'"
