"""An Ansible playbook of built-in modules: a play a server; `--tags undo` takes it back."""

import json
import re

from virtscan.remedy import shell
from virtscan.remedy.plan import Change, Remedy, Sender, Steps
from virtscan.remedy.wording import about, afterwards, comment, opening

_READ = "Read it before ansible-playbook runs it; --tags undo takes it back."
_NOTHING = "- name: Change nothing\n  hosts: localhost\n  gather_facts: false\n  tasks: []"
_HOST = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,252}")
_GROUPS = frozenset({"all", "ungrouped", "localhost"})
_IS_ON = "search('tx-checksum(ming|-ipv4|-ip-generic): on')"


def steps(change: Change) -> Steps:
    """The change as tasks: by ethtool and a udev rule, as in the shell form."""
    device = _templated(change.sender)
    name = device.text
    before = _task(
        "Read the offload settings",
        _command("ethtool", "-k", name),
        "register: before",
        "changed_when: false",
        "check_mode: false",
    )
    turn_off = _task(
        "Turn TX checksum offload off",
        _command("ethtool", "-K", name, "tx", "off"),
        f"when: {_quoted(f'before.stdout is {_IS_ON}')}",
    )
    return Steps(
        now=None if shell.off(change) is None else before + turn_off,
        lasting=None
        if change.lasts
        else _task(
            "Keep it off after the next boot",
            f"ansible.builtin.copy:\n"
            f"  dest: {_quoted(shell.rule_path(device))}\n"
            f"  content: |\n"
            f"    {shell.rule(device)}"
            f'  mode: "0644"',
        ),
        means=None if change.lasts else "a udev rule",
        check=_task(
            "See that it is off, for ethtool may end with 0 and change nothing",
            _command("ethtool", "-k", name),
            "register: after",
            "changed_when: false",
            f"failed_when: {_quoted(f'after.rc != 0 or after.stdout is {_IS_ON}')}",
            "when: not ansible_check_mode",
        ),
        undo=_undo(change, device),
    )


def playbook(remedy: Remedy) -> str:
    """The whole playbook; with a play of no task when there is nothing to change, for without a play it is none."""
    lines = ["---", *comment(opening(remedy, _READ))]
    plays = 0
    for change in remedy.changes:
        lines += ["", *comment(about(change))]
        if not change.fixed:
            lines += [*comment(afterwards(change)), *_play(change).splitlines()]
            plays += 1
    return "\n".join([*lines, *([] if plays else [_NOTHING])]) + "\n"


def _play(change: Change) -> str:
    made = steps(change)
    # A host pattern can be more than a name (groups, lists, templates): what is not just a name is asked for.
    plain = _HOST.fullmatch(change.server) and change.server not in _GROUPS
    hosts = change.server if plain else "name-the-host-here"
    tasks = [
        "" if change.sender.interface is not None else _named(),
        made.now or "",
        made.check,
        made.lasting or "",
        made.undo,
    ]
    head = (
        f"- name: Turn TX checksum offload off\n  hosts: {_quoted(hosts)}\n  become: true\n  gather_facts: false\n"
        f"  tasks:\n"
    )
    return head + "".join("".join(f"    {line}\n" for line in task.splitlines()) for task in tasks)


def _undo(change: Change, device: Sender) -> str:
    path = _quoted(shell.rule_path(device))
    features = [word for name in device.switched_on for word in (name, "on")] or ["tx", "on"]
    tags = "tags: [never, undo]"
    rule = _task("Undo what keeps it off", f"ansible.builtin.file:\n  path: {path}\n  state: absent", tags)
    if not shell.on(change):
        return rule
    return ("" if change.lasts else rule) + _task(
        "Turn it on again", _command("ethtool", "-K", device.text, *features), tags
    )


def _named() -> str:
    return _task(
        "Know the device that serves",
        'ansible.builtin.assert:\n  that: interface is defined\n  fail_msg: "name it: -e interface=…"',
        "tags: [always]",
    )


def _templated(device: Sender) -> Sender:
    """The device as Ansible writes it: a variable when nobody named it."""
    if device.interface is not None:
        return device
    return Sender(interface="{{ interface }}", switched_on=device.switched_on)


def _task(name: str, *parts: str) -> str:
    lines = [line for part in parts for line in part.splitlines()]
    return "".join([f"- name: {name}\n", *(f"  {line}\n" for line in lines)])


def _command(*words: str) -> str:
    return f"ansible.builtin.command:\n  argv: [{', '.join(map(_quoted, words))}]"


def _quoted(text: str) -> str:
    """A string of JSON is one of YAML as well."""
    return json.dumps(text)
