"""The languages and settings in which a remedy is written."""

from collections.abc import Mapping

from virtscan.remedy.forms import ansible, ifcfg, nmcli, shell, systemd
from virtscan.remedy.forms.form import Form, in_shell

__all__ = ["FORMS", "Form"]

FORMS: Mapping[str, Form] = {
    "shell": in_shell(shell.setting),
    "nmcli": in_shell(nmcli.setting),
    "ifcfg": in_shell(ifcfg.setting),
    "systemd": in_shell(systemd.setting),
    "ansible": Form(steps=ansible.steps, write=ansible.playbook, use=ansible.USE),
}
"""By name on the command line, the default first."""
