"""Red Hat's ifcfg files, up to RHEL 8."""

from virtscan.remedy.plan import Change, Steps
from virtscan.remedy.script import check
from virtscan.remedy.shell import off, on


def steps(change: Change) -> Steps:
    """The change by ethtool, and ETHTOOL_OPTS in the device's file; one that says something else is left alone.

    Source:
        initscripts, sysconfig.txt and network-functions: what in ETHTOOL_OPTS begins with a dash is given to ethtool as
        it is, several commands are separated by `;`.
    """
    name = change.sender.text
    return Steps(
        now=off(change),
        lasting=(
            f'file="/etc/sysconfig/network-scripts/ifcfg-{name}"\n'
            f'if ! [ -f "$file" ]; then\n'
            f'    echo "there is no $file: use another form" >&2\n'
            f"    exit 1\n"
            f"elif ! grep -q '^ETHTOOL_OPTS=' \"$file\"; then\n"
            f'    printf \'\\n%s\\n\' "{_line(name)}" >>"$file"\n'
            f'elif ! grep -q "^ETHTOOL_OPTS=.*-K {name} tx off" "$file"; then\n'
            f"    echo \"ETHTOOL_OPTS is in $file: add to its value '; -K {name} tx off'\" >&2\n"
            f"    exit 1\n"
            f"fi\n"
        ),
        means="ETHTOOL_OPTS of its ifcfg file",
        check=check(change.sender.word),
        undo=(f'sed -i "/^{_line(name)}\\$/d" "/etc/sysconfig/network-scripts/ifcfg-{name}"\n{on(change)}'),
    )


def _line(name: str) -> str:
    r"""The line inside a double-quoted word."""
    return f'ETHTOOL_OPTS=\\"-K {name} tx off\\"'
