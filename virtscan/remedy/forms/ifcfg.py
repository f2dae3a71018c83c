"""Red Hat's ifcfg files, up to RHEL 8."""

from virtscan.remedy.forms.steps import SettingCommands
from virtscan.remedy.plan import SwitchedDevice


def setting(device: SwitchedDevice) -> SettingCommands:
    """Keep a device off by ETHTOOL_OPTS in its file; a different value is left alone.

    Source:
        initscripts, sysconfig.txt and network-functions: parts of ETHTOOL_OPTS that begin with a dash go to ethtool as
        they are, several commands are separated by `;`.
    """
    name = device.text
    return SettingCommands(
        write=(
            f'file="/etc/sysconfig/network-scripts/ifcfg-{name}"\n'
            f'if ! [ -f "$file" ]; then\n'
            f'    echo "$file: not found; use another form" >&2\n'
            f"    exit 1\n"
            f"elif ! grep -q '^ETHTOOL_OPTS=' \"$file\"; then\n"
            f'    printf \'\\n%s\\n\' "{_line(name)}" >>"$file"\n'
            f'elif ! grep -q "^ETHTOOL_OPTS=.*-K {name} tx off" "$file"; then\n'
            f"    echo \"$file: ETHTOOL_OPTS has another value; append '; -K {name} tx off' to it\" >&2\n"
            f"    exit 1\n"
            f"fi\n"
        ),
        remove=f'sed -i "/^{_line(name)}\\$/d" "/etc/sysconfig/network-scripts/ifcfg-{name}"\n',
        means="ETHTOOL_OPTS of its ifcfg file",
    )


def _line(name: str) -> str:
    r"""Write the line inside a double-quoted word."""
    return f'ETHTOOL_OPTS=\\"-K {name} tx off\\"'
