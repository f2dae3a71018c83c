"""An Ansible playbook of built-in modules: one play for each server; `--tags undo` reverts it."""

import json
import re
import textwrap

import msgspec

from virtscan.remedy.forms import shell
from virtscan.remedy.forms.check import FUNCTIONS, call
from virtscan.remedy.forms.steps import features
from virtscan.remedy.plan import Change, Remedy, Steps, SwitchedDevice
from virtscan.remedy.wording import about, afterwards, comment, opening

USE = "The tasks belong in a play for the named server, with become: true; --tags undo reverts the change."
_READ = "Read this playbook before running it; --tags undo reverts the change."
_NOTHING = "- name: Change nothing\n  hosts: localhost\n  gather_facts: false\n  tasks: []"
_HOST = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,252}")
_GROUPS = frozenset({"all", "ungrouped", "localhost"})
_IS_ON = "search('tx-checksum(ming|-ipv4|-ip-generic): on')"
_UNDO = "tags: [never, undo]"


def steps(change: Change) -> Steps:
    """Write the change as tasks: by ethtool and a udev rule, as in the shell form."""
    devices = [_templated(device) for device in change.devices]
    lasting = [device for device in devices if device.lasting]
    undone = "".join(_forget(device) for device in lasting)
    return Steps(
        now="".join(_off(device) for device in devices if device.now) or None,
        lasting="".join(_keep_off(device) for device in lasting) or None,
        means="a udev rule" if lasting else "",
        check=_check(change),
        undo=undone + "".join(_on(device) for device in reversed(devices) if device.now),
    )


def playbook(remedy: Remedy) -> str:
    """Write the playbook; if there is nothing to change, with a play without tasks, because a playbook needs a play."""
    lines = ["---", *comment(opening(remedy, _READ))]
    plays = 0
    for change in remedy.changes:
        lines += ["", *comment(about(change))]
        if not change.fixed:
            lines += [*comment(afterwards(change)), *_play(change).splitlines()]
            plays += 1
    return "\n".join([*lines, *([] if plays else [_NOTHING])]) + "\n"


def _play(change: Change) -> str:
    written = steps(change)
    # A host pattern can be more than a name (groups, lists, templates): anything else must be given by the user.
    plain = _HOST.fullmatch(change.server) and change.server not in _GROUPS
    hosts = change.server if plain else "name-the-host-here"
    check = written.check if written.now is not None else ""
    tasks = ["" if change.is_named else _named(), written.now or "", check, written.lasting or "", written.undo]
    head = (
        f"- name: Turn TX checksum offload off\n  hosts: {_quoted(hosts)}\n  become: true\n  gather_facts: false\n"
        f"  tasks:\n"
    )
    return head + textwrap.indent("".join(tasks), "    ")


def _off(device: SwitchedDevice) -> str:
    read = _task(
        f"Read the offload settings of {device.text}",
        _command("ethtool", "-k", device.text),
        "register: before",
        "changed_when: false",
        "check_mode: false",
    )
    return read + _task(
        f"Turn off TX checksum offload of {device.text}",
        _command("ethtool", "-K", device.text, "tx", "off"),
        f"when: {_quoted(f'before.stdout is {_IS_ON}')}",
    )


def _keep_off(device: SwitchedDevice) -> str:
    return _task(
        f"Keep TX checksum offload of {device.text} off after the next reboot",
        f"ansible.builtin.copy:\n"
        f"  dest: {_quoted(shell.rule_path(device))}\n"
        f"  content: |\n"
        f"    {shell.rule(device)}\n"
        f'  mode: "0644"',
    )


def _check(change: Change) -> str:
    """Write the task that checks the result in shell; ethtool may exit with 0 and change nothing."""
    word = change.top or "{{ interface | quote }}"
    return _task(
        "Check that each path out has a device with offload off",
        "ansible.builtin.shell:\n  cmd: |\n" + textwrap.indent(FUNCTIONS + call(word), "    "),
        "changed_when: false",
        "when: not ansible_check_mode",
    )


def _forget(device: SwitchedDevice) -> str:
    path = _quoted(shell.rule_path(device))
    return _task(
        f"Remove the persistent setting of {device.text}",
        f"ansible.builtin.file:\n  path: {path}\n  state: absent",
        _UNDO,
    )


def _on(device: SwitchedDevice) -> str:
    return _task(
        f"Turn TX checksum offload of {device.text} on again",
        _command("ethtool", "-K", device.text, *features(device)),
        _UNDO,
    )


def _named() -> str:
    return _task(
        "Require the serving interface",
        "ansible.builtin.assert:\n  that: interface is defined\n"
        '  fail_msg: "no serving interface named; add -e interface=DEVICE"',
        "tags: [always]",
    )


def _templated(device: SwitchedDevice) -> SwitchedDevice:
    """Return the device as Ansible writes it: a variable when it is not named."""
    return device if device.interface is not None else msgspec.structs.replace(device, interface="{{ interface }}")


def _task(name: str, *parts: str) -> str:
    lines = [line for part in parts for line in part.splitlines()]
    return "".join([f"- name: {_quoted(name)}\n", *(f"  {line}".rstrip() + "\n" for line in lines)])


def _command(*words: str) -> str:
    return f"ansible.builtin.command:\n  argv: [{', '.join(map(_quoted, words))}]"


def _quoted(text: str) -> str:
    """Quote a string: one of JSON is one of YAML as well."""
    return json.dumps(text)
