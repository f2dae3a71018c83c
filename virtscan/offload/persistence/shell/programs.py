"""Properties of common programs: which succeed, run others, or rename a device."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence

from virtscan.offload.persistence.shell.language.words import SOME_TEXT, Word

SHELLS = frozenset({"sh", "bash", "dash", "ash", "ksh", "zsh"})
# The kernel passes all words after `env` as one argument.
SHEBANG = re.compile(
    r"#![ \t]*(?:/usr)?/bin/(?:busybox[ \t]+|env[ \t]+(?!\w+[ \t]+\S))?(sh|bash|dash|ash|ksh)\b(?!.*\r)"
)
WRAPPERS = frozenset(
    {"sudo", "nice", "ionice", "nohup", "exec", "command", "env", "time", "setsid", "timeout", "busybox", "builtin"}
)
RUN_NOTHING = frozenset(
    {":", "true", "echo", "printf", "logger", "cat", "grep", "wall", "cd", "ls", "cp", "mv", "rm", "ln", "chmod"}
    | {"chown", "mkdir", "touch", "install", "stat", "tee", "cut", "head", "tail", "uniq", "tr", "wc", "egrep", "fgrep"}
    | {"column", "less", "more", "paste", "join", "comm", "tac", "rev", "nl", "fold", "fmt", "od", "xxd", "hexdump"}
    | {"jq", "diff", "cmp", "iconv", "base64", "strings", "gzip", "gunzip", "zcat", "bzip2", "xz", "zstd", "cpio"}
    | {"md5sum", "sha1sum", "sha256sum", "sha512sum", "cksum", "basename", "dirname", "readlink", "realpath", "du"}
)
"""Commands that execute neither their arguments nor their input."""
_RUN_NO_SCRIPT = RUN_NOTHING | {
    # Text and files
    *("mail", "mailx", "sendmail", "dd", "mktemp", "mknod", "mkfifo", "rmdir", "seq", "expr", "sync", "df", "file"),
    # The shell
    *("read", "set", "shift", "unset", "export", "local", "declare", "typeset", "readonly", "getopts", "let", "wait"),
    *("umask", "ulimit", "type", "hash", "which", "test", "[", "sleep", "exit", "return", "mapfile", "readarray"),
    "alias",
    # The system
    *("kill", "killall", "pkill", "pgrep", "pidof", "ps", "id", "whoami", "uname", "hostname", "date", "hwclock"),
    *("sysctl", "mount", "umount", "swapon", "swapoff", "modprobe", "insmod", "rmmod", "depmod", "lsmod", "udevadm"),
    *("chgrp", "setfacl", "chattr", "passwd", "useradd", "usermod", "lspci", "dmesg", "dmidecode", "getent", "stty"),
    *("yum", "dnf", "apt", "apt-get", "zypper", "rpm", "dpkg", "journalctl", "systemd-notify", "restorecon"),
    # The network
    *("ifconfig", "route", "arp", "brctl", "bridge", "vconfig", "tc", "iptables", "ip6tables", "iptables-restore"),
    *("iptables-save", "ip6tables-restore", "nft", "ebtables", "arptables", "ipset", "ethtool", "mii-tool", "ifup"),
    *("ifdown", "dhclient", "nmcli", "ovs-vsctl", "ping", "ping6", "arping", "host", "dig", "nslookup", "curl", "wget"),
    *("virsh", "docker", "ntpdate", "tunctl", "ss", "netstat", "nc", "iw", "iwconfig", "ifenslave", "firewall-cmd"),
}
"""Programs that execute no script that an unknown argument may name, and nothing that they read."""
RUN_SOME = {
    "ip": r"\0e(x(ec?)?)?\0|\0-b",
    "rsync": r"\0-\w*e|--rs",
    "sort": r"--compress-program",
    "tar": r"\0-?\w*[IF]|--(to-command|use-compress|checkpoint-action|info-script|new-volume|rsh)",
    "sed": r"[^\w\s][0-9gpiImM]*e[0-9gpiImM]*\s*([;}\n\0'\"]|$)|([\0;{}/0-9$!]|\0['\"])\s*e\s",
    **dict.fromkeys(("awk", "gawk", "mawk"), r"system|[|@]|\0-[fEi]|\0--(file|exec|incl|load)|^(?!.*[{/]|.*\$\d)"),
    "systemd-cat": r"^(\0-[tp]\0[^\0]*|\0-(?![tp]\0)[^\0]*)*\0[^-]",
}
"""Programs that execute nothing else, unless their arguments, each after a NUL, have such a part."""
RUNNERS = frozenset(
    {"xargs", "parallel", "flock", "su", "runuser", "doas", "pkexec", "chroot", "unshare", "nsenter", "setpriv"}
    | {"chrt", "taskset", "numactl", "stdbuf", "setarch", "prlimit", "cgexec", "systemd-run", "watch", "script", "ssh"}
    | {"run-parts", "start-stop-daemon", "daemon", "daemonize", "at", "batch", "coproc", "make", "expect", "crontab"}
    | {"python", "python3", "perl", "ruby", "strace", "ltrace", "logsave", "sg", "chpst", "setuidgid", "softlimit"}
)
"""Programs that run what their arguments name, other than `WRAPPERS`: an unknown argument may be any program."""
_READERS: dict[str, Sequence[Word]] = {"parallel": ["sh"], "at": ["sh"], "batch": ["sh"]}
"""Programs that run commands from their standard input, with what runs them."""
_EXEC = frozenset({"-exec", "-execdir", "-ok", "-okdir"})
_MANAGERS = frozenset({"systemctl", "service", "invoke-rc.d", "rc-service"})
_MANAGES = re.compile(r"start|stop|load|--now|isolate")
_SERVICE = re.compile(r".*/systemd/system/([^/@]+)@?\.service|/etc/(?:rc\.d/)?init\.d/(.+)")
_COMMANDS = re.compile(r"^(ExecSt\w+)=[-@:+!|]*((?:.*\\\n)*.*)", re.MULTILINE)
_OF_XARGS = re.compile(
    r"-[0rtpx]+|--(?:null|no-run-if-empty|verbose|max-\w+=\d+|arg-file=.*|delimiter=.*)|-([adEILnPs])(.*)"
)
"""Options of xargs; those with a letter may have their value in the next word."""
KNOWN_OPTIONS = re.compile(r"--?|-[EHknbi]|-[cn]?\d+|--(login|preserve-env|foreground|preserve-status)")
"""Options of `WRAPPERS` without a value in the next word, other than a number."""
OF_BASH = frozenset(
    {"source", "declare", "typeset", "let", "shopt", "mapfile", "readarray", "builtin", "pushd", "popd"}
)
"""Commands that dash does not have."""
SPECIAL = frozenset(
    {".", "source", "eval", "exec", ":", "set", "export", "readonly", "local", "unset", "shift", "trap"}
)
"""Special builtins: an assignment before one remains in effect after it (POSIX 2.14). For dash, `local` is one."""
HARMLESS_OPTIONS = frozenset(
    {
        "-s",
        "-u",
        "-q",
        "nullglob",
        "extglob",
        "expand_aliases",
        "checkwinsize",
        "inherit_errexit",
    }
)
"""Arguments of `shopt` that have no effect on the commands that are followed."""
# Function libraries of distributions, which neither change a script's variables nor end it.
LIBRARIES = re.compile(r"(/usr)?/lib/.*|/etc/(rc\.d/)?init\.d/functions(\.sh)?|/etc/rc\.(status|subr)")
INPUT = re.compile(r"/dev/(stdin|fd/)|/proc/[^/]+/fd/")
PARTIAL = re.compile(r"/etc/sysconfig/network(-scripts)?/ifcfg-.*")
"""Shell files of which the lines about offload alone are read."""
_DEVICES = re.compile(r"/(dev|proc|sys)/.+")
REBINDS = re.compile(r"/sys/.*/(unbind|bind|remove|rescan|new_id|delete)")
"""Files of the kernel that give a device another driver, or remove it."""
_WRITABLE = re.compile(rf"{_DEVICES.pattern}|/(var/log|var/tmp|var/run|run|tmp|etc|root)/[^/]+")

_DURATION = re.compile(r"(\d*\.?\d+|inf|infinity)([smhd]?)")
_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
_PRESENT, _MADE = "\2", "\3"
"""Placeholders for devices that exist, and for those that the commands may make."""
_DEVICE = f"[{_PRESENT}{_MADE}]"
_PROPERTY = (
    r"(up|down|nomaster|(promisc|multicast|allmulticast|arp)\0(on|off)|mtu\0\d{2,4}|(txqueuelen|txqlen)\0\d+"
    rf"|(name|alias)\0[^\0]+|address\0([\da-fA-F]{{2}}:){{5}}[\da-fA-F]{{2}}|master\0{_DEVICE})\0"
)
_ADDRESS = rf"({SOME_TEXT}|default|(\d{{1,3}}\.){{3}}\d{{1,3}}(/\d\d?)?|[\da-f]*:[\da-f:.]*(/\d+)?)\0"
_DETAIL = (
    rf"(((via|src|from|to|brd|broadcast|peer)\0{_ADDRESS})|(table|metric|priority|pref|lookup)\0(\d+|main|default)\0"
    rf"|label\0[^\0]+\0|scope\0(global|link|host)\0|proto\0static\0|dev\0{_DEVICE}\0)"
)
_IP = "|".join(
    (
        rf"l(i|ink?)?\0s(et?)?\0({_PROPERTY})*(dev\0)?{_DEVICE}\0({_PROPERTY})*",
        rf"l(i|ink?)?\0a(dd?)?\0(link\0{_DEVICE}\0)?(name\0|dev\0)?(?!{_PRESENT})[^\0]+\0type\0(?!help)[^\0]+\0([^\0]+\0)*",
        rf"a(d|ddr|ddress)?\0(a(dd?)?|replace)\0{_ADDRESS}(?=.*dev\0)({_DETAIL})+",
        rf"(r|ro|route)\0(a(dd?)?|replace|append)\0{_ADDRESS}(?=.*(dev|via)\0)({_DETAIL})+",
        rf"ru(le)?\0a(dd?)?\0({_DETAIL})+",
        rf"(l(i|ink?)?|a(d|ddr|ddress)?)\0(sh(ow?)?|ls|list)\0(dev\0)?{_DEVICE}\0",
    )
)
_NAME = r"[A-Za-z_]\w*"
_FOLDERS = (
    r"/|/(dev|proc|sys|var|usr|run|tmp|etc|root)|/usr/(s?bin|lib|share)|/var/(lib|log|tmp)|/etc/network|/sys/class"
)
_SIGNALS = r"EXIT|HUP|INT|QUIT|PIPE|ALRM|TERM|USR[12]|0|1|2|3|13|14|15"
_ACCEPTED = {
    "ip": rf"(-[46os]\0)*({_IP})",
    ":": ".*",
    "true": ".*",
    "echo": ".*",
    "printf": r"(--\0)?(?!-)([^%\0\1]|%[sb%])*\0.*",
    "logger": r"((-[is]+|-t\0[^\0]+|-t[^\0]+)\0)*((--\0)?[^-\0].*)?",
    "touch": rf"(({_WRITABLE.pattern})\0)+",
    "umask": r"([0-7]{1,4}\0)?",
    "date": r"(-u\0)?(\+[^\0\1]+\0)?",
    "mkdir": r"-p\0(/(?!dev/|proc/|sys/)[^\0]+\0)+",
    "cd": rf"({_FOLDERS})/?\0",
    "wait": "",
    "trap": rf"((--\0)?[^\0]*\0(({_SIGNALS})\0)+)?",
    "unset": rf"(-[fv]\0)?({_NAME}\0)*",
    "unalias": r"-a\0",
    "alias": r"([^-=\0\1][^=\0\1]*=[^\0\1]*\0)*",
    **dict.fromkeys(("export", "local", "declare", "typeset", "readonly"), rf"(-[arx]+\0)*({_NAME}(=[^\0]*)?\0)*"),
}
"""The arguments, each followed by a NUL, with which a command is assumed to succeed."""


def given(name: str, fields: Sequence[Word]) -> Iterator[Sequence[Word]]:
    """Yield the commands that a program may run because its arguments contain them."""
    if name in _READERS:
        yield _READERS[name]
    if name == "find":
        words = [None if "{}" in (word or "") else word for word in fields]
        yield from (words[place:] for place, word in enumerate(words, 1) if word in _EXEC)
    elif name == "xargs":
        yield _with_input(fields)
    elif name == "ip":
        yield fields[fields.index("exec") + 2 :] if "exec" in fields else ()
    else:
        yield from contained(fields, is_runner=name in RUNNERS)


def contained(fields: Sequence[Word], *, is_runner: bool) -> Iterator[Sequence[Word]]:
    """Yield the command in the arguments of a program, if there is one; of one that runs others it may be unknown."""
    runs = SHELLS | WRAPPERS | RUNNERS
    for place, word in enumerate(fields):
        is_last = not fields[place + 1 :]
        if is_runner if word is None else word.rpartition("/")[2] in runs and (is_runner or not is_last):
            yield fields[place:]
            break


def managed(name: str, fields: Sequence[Word], scripts: Mapping[str, str]) -> Iterator[str]:
    """Yield the commands of services that a manager of services may start or stop, from the scripts and units read."""
    known = [word for word in fields if word is not None]
    if name not in _MANAGERS or not any(map(_MANAGES.search, known)):
        return
    names = {re.sub(r"(@.*)?(\.service)?$", "", word) for word in known}
    for path, text in scripts.items():
        found = _SERVICE.fullmatch(path)
        if found is not None and (None in fields or not names.isdisjoint(found.groups())):
            commands = sorted(_COMMANDS.findall(text), key=lambda each: not each[0].startswith("ExecStop"))
            yield text if found[2] else "\n".join(command for _, command in commands)


def runs_nothing(name: str, fields: Sequence[Word]) -> bool:
    """Return True if a command executes neither its arguments nor its input."""
    if name == "find":
        return all(
            command[:1] and command[0] != "find" and runs_nothing(command[0] or "", command[1:])
            for command in given(name, fields)
        )
    text = "".join(f"\0{SOME_TEXT if word is None else word}" for word in fields)
    part = RUN_SOME.get(name)
    return name in RUN_NOTHING or (part is not None and re.search(part, text, re.DOTALL) is None)


def is_filter(words: Sequence[Word]) -> bool:
    """Return True if a command executes neither what it reads nor a script that an unknown argument may name."""
    if words[:1] == ("xargs",):
        words = _with_input(words[1:])
    name = (words[0] or "").rpartition("/")[2] if words else ""
    return not words or name in _RUN_NO_SCRIPT or runs_nothing(name, words[1:])


def _with_input(fields: Sequence[Word]) -> Sequence[Word]:
    """Return the command of xargs, where an unknown word stands for what it reads; unknown after unknown options."""
    words, replaced = list(fields), "{}"
    while words and (words[0] or "").startswith("-"):
        option = _OF_XARGS.fullmatch(words.pop(0) or "")
        if option is None:
            return [None]
        value = option[2] or (words.pop(0) if option[1] and words else "")
        replaced = (value or replaced) if option[1] == "I" else replaced
    return [*(None if replaced in (word or "") else word for word in words), *([None] if words else ())]


def finds_ethtool(path: str) -> bool:
    """Return False if a PATH lacks the folders of ethtool."""
    return not {"/usr/sbin", "/sbin"}.isdisjoint(path.split(":"))


def opens(operator: str, path: Word) -> bool:
    """Return True if a redirection is assumed to succeed.

    That holds for a device, a file in a folder that every machine has, and the number of a descriptor that every script
    has. It also holds for commands, whose operator has a bracket.
    """
    if "(" in operator or ("&" in operator and re.fullmatch(r"[012]-?|-", path or "")):
        return True
    return path is not None and (_DEVICES if operator == "<" else _WRITABLE).fullmatch(path) is not None


def may_rename(name: str, words: Sequence[Word]) -> bool:
    """Return True if a command gives a device another name or network namespace; `ip link add` names a new one."""
    moves = "set" in words and not {"name", "netns"}.isdisjoint(words)
    return name in {"nameif", "ifrename"} or (name == "ip" and moves)


def is_taken_to_succeed(
    name: str, words: Sequence[Word], device: str, others: Collection[str], made: Collection[str]
) -> bool:
    """Return True if a command is assumed to succeed: every machine has it, and it accepts these arguments.

    `brctl` may be missing, but not where it has made the device. `ip` fails for a device that does not exist, and to
    add one that does, except for those in `made`.
    """
    if name == "brctl":
        return words[1:2] == [device]
    accepted = _ACCEPTED.get(name)
    if name == "ip":
        present = {*others, device}
        words = [_MADE if word in made else _PRESENT if word in present else word for word in words]
    text = "".join(f"{SOME_TEXT if word is None else word}\0" for word in words)
    return accepted is not None and re.fullmatch(accepted, text, re.DOTALL) is not None


def seconds(words: Sequence[Word]) -> float | None:
    """Return the time that `sleep` waits; None if its words are unknown, or at an invalid one it fails."""
    found = [_DURATION.fullmatch(word or "") for word in words]
    if not found or not all(found):
        return None
    return sum(float(one[1]) * _UNITS[one[2]] for one in found if one is not None)


def removes_device(name: str, words: Sequence[Word], device: str) -> bool:
    """Return True if a command removes the device, so that one of its name is a new one."""
    return device in words and name in {"ip", "brctl"} and not {"del", "delete", "delbr"}.isdisjoint(words)


def removes(options: Sequence[Word]) -> bool:
    """Return True if options of `modprobe` remove a module."""
    return any(option is None or re.fullmatch(r"-[a-z]*r[a-z]*|--remove", option) for option in options)
