"""A line counts only if it runs; one that may concern the device and is not understood leaves the outcome open."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from virtscan.model import Feature, State
from virtscan.offload.persistence import Evidence, forecast

ON, OFF, UNKNOWN = State.ON, State.OFF, State.UNKNOWN
MAC = "52:54:00:aa:bb:cc"
VIRTIO = {
    "tx-checksum-ipv4": Feature(state=OFF, fixed=True),
    "tx-checksum-ip-generic": Feature(state=OFF),
}
RC_LOCAL = "/etc/rc.local"
MAIN = "/etc/network/interfaces"
UNIT = "/etc/systemd/system/tx.service"
RULES = "/etc/udev/rules.d/50-tx.rules"
TOKENS = (
    *[
        "ethtool",
        "-K",
        "eth0",
        "tx",
        "off",
        "$1",
        "if",
        "then",
        "fi",
        "for",
        "in",
        "do",
        "done",
        "case",
        "esac",
        "{",
        "}",
        "(",
        ")",
        ";",
        "&&",
        "||",
        "|",
    ],
    *("\n", "'", '"', "`", "$(", "${", "\\", "<<E", ">", "[", "[[", "]]"),
)
COMMAND = "ethtool -K eth0 tx off"
TRIGGERS = {"/etc/default/networkd-dispatcher": 'networkd_dispatcher_args="--run-startup-triggers"\n'}
"""The file of Debian's package, and its only line."""
OTHER = "multi-user.target.wants/other.service"
NETWORK_MANAGER = "multi-user.target.wants/NetworkManager.service"


def planned(text: str) -> dict[str, str]:
    """Return a file of netplan, and those that it writes."""
    files = {"/etc/netplan/50-a.yaml": text}
    for name, body in re.findall(r'^ {4}"?([^ ":]+)"?:\n((?: {6}.*(?:\n|$))*)', text, re.MULTILINE):
        lines = [f"TransmitChecksumOffload={value}" for value in re.findall(r"transmit-checksum-offload: (\w+)", body)]
        lines += [f"Name={value}" for value in re.findall(r"set-name: (\w+)", body)]
        files[f"/run/systemd/network/10-netplan-{name}.link"] = "\n".join(("[Link]", *lines))
    return files


def state(files: dict[str, str], device: str = "eth0", **more: Any) -> State:
    facts: dict[str, Any] = {"executable": frozenset(files), "udev": 252} | more
    evidence = Evidence(files=TRIGGERS | files, **facts)
    return forecast(evidence, device=device, macs=(MAC,), features=VIRTIO, now=OFF).tx_checksum


# ------------------------------------------------------------------ shell


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("ethtool -K eth0 gso off tx off", OFF),
        ("/usr/local/sbin/ethtool --offload eth0 tx off", OFF),
        ("ethtool --features eth0 tx-checksumming off", OFF),
        ("ethtool -K eth0 tx-checksum-ip-generic off", OFF),
        ("ethtool -K eth0 tx-checksum-ipv4 off", ON),
        ("ethtool -K eth0 tx-checksum-ipv6 off sg off tso off", ON),
        ("ethtool -K eth0 \\\n  gso off \\\n  tx off", OFF),
        ("ethtool -G eth0 rx 4096; ethtool -K eth0 tx off; echo done", OFF),
        ("ip link set eth0 up && ethtool -K eth0 tx off", OFF),
        ("ethtool -K eth0 tso off && ethtool -K eth0 tx off || true", OFF),
        ("sudo nice -n 10 ethtool -K eth0 tx off", OFF),
        ("timeout 10 ethtool -K eth0 tx off &", OFF),
        ("sh -c 'ethtool -K eth0 tx off'", OFF),
        ("(ethtool -K eth0 tx off)", OFF),
        ("{ ethtool -K eth0 tx off; } >/dev/null 2>&1", OFF),
        ("ethtool -K eth0 tx off | logger", OFF),
        # ethtool takes pairs with on and off alone, and else does nothing.
        ("ethtool -K eth0 tx no", UNKNOWN),
        ("ethtool -K eth0 tx OFF", UNKNOWN),
        ("ethtool -K eth0 tx off rx", UNKNOWN),
        ("ethtool -K eth0 tx off\nethtool -K eth0 tx on", ON),
        ("ethtool -K eth0 tx on\nethtool -K eth0 tx off", OFF),
        # Lines that do not run.
        ("# ethtool -K eth0 tx off", ON),
        ("exit 0\nethtool -K eth0 tx off", ON),
        ("exit\nethtool -K eth0 tx off", ON),
        ("true && exit 0\nethtool -K eth0 tx off", ON),
        ("exec true\nethtool -K eth0 tx off", ON),
        ("false && ethtool -K eth0 tx off", ON),
        ("true || ethtool -K eth0 tx off", ON),
        ("if false; then\n ethtool -K eth0 tx off\nfi", ON),
        ("off() {\n ethtool -K eth0 tx off\n}", ON),
        ("echo ethtool -K eth0 tx off", ON),
        (": ethtool -K eth0 tx off", ON),
        ("cat <<EOF\nethtool -K eth0 tx off\nEOF", ON),
        ("ethtool -k eth0 | grep tx", ON),
        ("ethtool -K eth1 tx off", ON),
        # Variables, functions and loops that can be followed.
        ("DEV=eth0\nethtool -K $DEV tx off", OFF),
        ('DEV="eth0"; OPTS="tso off tx off"; ethtool -K "$DEV" $OPTS', OFF),
        ("ETHTOOL=$(which ethtool)\n$ETHTOOL -K eth0 tx off", OFF),
        ("off() { ethtool -K $1 tx off; }\noff eth0", OFF),
        ("off() { ethtool -K $1 tx off; }\noff eth1", ON),
        ("for d in eth0 eth1; do ethtool -K $d tx off; done", OFF),
        ("for d in eth1 eth2; do ethtool -K $d tx off; done", ON),
        ("for f in rx tx sg; do\n  ethtool -K eth0 $f off\ndone", OFF),
        ("for f in rx sg tso; do\n  ethtool -K eth0 $f off\ndone", ON),
        ("#!/bin/bash\nNICS=(eth0 eth1)\nfor d in ${NICS[@]}; do ethtool -K $d tx off; done", OFF),
        ('#!/bin/bash\ndeclare -a NICS=(eth0 eth1)\nfor d in "${NICS[@]}"; do ethtool -K $d tx off; done', OFF),
        ("#!/bin/bash\ntypeset -a A=( # eth1\n eth0 )\nfor d in ${A[@]}; do ethtool -K $d tx off; done", OFF),
        ("#!/bin/bash\nA=(\n eth1 # eth0\n eth2\n)\nfor d in ${A[@]}; do ethtool -K $d tx off; done", ON),
        ('#!/bin/bash\nreadonly NICS=("eth1" "eth2")\nfor d in "${NICS[@]}"; do ethtool -K $d tx off; done', ON),
        ('#!/bin/bash\nf() { local -a o=(tx rx); for x in "${o[@]}"; do ethtool -K $1 $x off; done; }\nf eth0', OFF),
        ('#!/bin/bash\ndeclare -A N=([eth0]=tx)\nfor d in "${!N[@]}"; do ethtool -K $d ${N[$d]} off; done', UNKNOWN),
        ("for d in lo eth0; do [ $d = lo ] && continue; ethtool -K $d tx off; done", OFF),
        ("[ -x /sbin/ethtool ] || exit 0\nethtool -K eth0 tx off", OFF),
        ("if command -v ethtool >/dev/null; then ethtool -K eth0 tx off; fi", OFF),
        ("if [ -d /sys/class/net/eth0 ]; then ethtool -K eth0 tx off; fi", OFF),
        ("DEV=eth0\ncase $DEV in eth*|en*) ethtool -K $DEV tx off;; *) exit 1;; esac", OFF),
        ('set -- eth1 eth0\nwhile [ $# -gt 0 ]; do ethtool -K "$1" tx off; shift; done', OFF),
        ('set -- eth1 eth2\nwhile [ $# -gt 0 ]; do ethtool -K "$1" tx off; shift; done', ON),
        ('set -- off on\nuntil [ $# = 0 ]; do ethtool -K eth0 tx "$1"; shift; done', ON),
        ('set -- off\nwhile [ $# -gt 0 ]; do some-check && shift; ethtool -K eth0 tx "$1"; done', UNKNOWN),
        ("while true; do ethtool -K eth0 tx off; sleep 60; done", OFF),
        ("ethtool -K eth0 tx off\ntrue | ! true", UNKNOWN),
        ("DEV=eth0\nif [[ $DEV == en* ]]; then ethtool -K $DEV tx off; fi", ON),
        ("ethtool -K ${DEV:-eth0} tx off", UNKNOWN),
        # A device that is renamed.
        ("ip link set eth0 name lan0\nethtool -K lan0 tx off", UNKNOWN),
        ("ip link set dev eth0 down name lan0", UNKNOWN),
        ("ip link set eth0 name lan0\nethtool -K eth0 tx off", UNKNOWN),
        ("ethtool -K lan0 tx off\nip link set lan0 name eth0", UNKNOWN),
        ("ip link set lan0 name eth0\nethtool -K eth0 tx off", OFF),
        ("ip link set $DEV name $NEW", UNKNOWN),
        ("nameif eth0 00:11:22:33:44:55", UNKNOWN),
        ("ip link set eth1 name lan0", ON),
        ("ip link add link eth0 name eth0.5 type vlan id 5", ON),
        # After `set -f`, a pattern is a plain word.
        ("set -f\nfor d in *; do ethtool -K eth0 tx off; done", OFF),
        ("set -f\nx='a* b'\nset -- $x\n[ $# = 2 ] && ethtool -K eth0 tx off", OFF),
        ("set -f\nset +f\nset -- a*\n[ $# = 1 ] && ethtool -K eth0 tx off", UNKNOWN),
        ("some-check && set -f\nfor d in *; do ethtool -K eth0 tx off; done", UNKNOWN),
        ("set -f\nfor d in {a,b}; do ethtool -K eth0 tx off; done\n[ $d = b ] && ethtool -K eth0 tx on", UNKNOWN),
        ("f() { ethtool -K eth0 tx $1; }\nset -f\nfor d in [a]; do f off; done", OFF),
        # What can't be followed from here.
        (". $FILE", UNKNOWN),
        ("ethtool -K eth0 tx off\n. ./more", UNKNOWN),
        ("set -e\nfalse\nethtool -K eth0 tx off", ON),
        ("set -e\nwhile false; do :; done\nethtool -K eth0 tx off", OFF),
        ("set -e\nfalse && true\nethtool -K eth0 tx off", OFF),
        ("#!/bin/sh -e\nfalse\nethtool -K eth0 tx off", ON),
        # dash has no [[, and ends if it has too few arguments to shift.
        ("set -e\n[[ x == x ]]\nethtool -K eth0 tx off", UNKNOWN),
        ("#!/bin/bash -e\n[[ x == x ]]\nethtool -K eth0 tx off", OFF),
        ("#!/bin/sh -u\necho $NONE\nethtool -K eth0 tx off", UNKNOWN),
        ("#!/bin/bash -eu\necho done\nethtool -K eth0 tx off", OFF),
        ("#!/bin/sh -n\nethtool -K eth0 tx off", UNKNOWN),
        ("sh -uc 'echo $NONE; ethtool -K eth0 tx off'", UNKNOWN),
        ("set -o errexit\nfalse\nethtool -K eth0 tx off", ON),
        ("set -e\n! true\nethtool -K eth0 tx off", OFF),
        ("if [ a = b ] && true; then ethtool -K eth0 tx off; fi", ON),
        ("set -e\nset +e\nfalse\nethtool -K eth0 tx off", OFF),
        ("set -e\nfalse || true\nif false; then :; fi\nethtool -K eth0 tx off", OFF),
        ("ethtool -K eth0 tx off\nmodprobe -r virtio_net; modprobe virtio_net", UNKNOWN),
        ("ethtool -K eth0 tx off\nrmmod e1000", UNKNOWN),
        ("modprobe -r virtio_net; modprobe virtio_net\nethtool -K eth0 tx off", OFF),
        # A device that is made again, or gets its driver again, starts over.
        ("ethtool -K eth0 tx off\nip link del eth0\nip link add eth0 type bridge", UNKNOWN),
        ("ethtool -K eth0 tx off\nbrctl delbr eth0\nbrctl addbr eth0", UNKNOWN),
        ("ethtool -K eth0 tx off\nip link del eth1", OFF),
        ("ethtool -K eth0 tx off\necho 0:3.0 > /sys/bus/pci/drivers/virtio-pci/unbind", UNKNOWN),
        ("modprobe -r virtio_net; modprobe virtio_net", ON),
        ("ethtool -K $DEV tx off", UNKNOWN),
        ("ethtool -K $DEV gro off", ON),
        ("ethtool -K eth0 $OPTS", UNKNOWN),
        ("for d in /sys/class/net/*; do ethtool -K ${d##*/} tx off; done", UNKNOWN),
        ("for d in $(ls /sys/class/net); do ethtool -K $d tx off; done", UNKNOWN),
        ("ls /sys/class/net | xargs -I{} ethtool -K {} tx off", UNKNOWN),
        ("ls /sys/class/net | while read d; do ethtool -K $d tx off; done", UNKNOWN),
        ("DEV=eth1\nread DEV\nethtool -K $DEV tx off", UNKNOWN),
        ("if ping -c1 10.0.0.1; then ethtool -K eth0 tx off; fi", UNKNOWN),
        ("[ -f /etc/off ] && ethtool -K eth0 tx off", UNKNOWN),
        ("[ -f /etc/on ] && exit 0\nethtool -K eth0 tx off", UNKNOWN),
        ("some-check || exit 1\nethtool -K eth0 tx off", UNKNOWN),
        ("case a in a) [ -f /etc/on ] && exit 0; true;; esac && ethtool -K eth0 tx off", UNKNOWN),
        ("if true; then some-check || exit 1; true; fi && ethtool -K eth0 tx off", UNKNOWN),
        ("ethtool -K eth0 tx off\n[ -f /etc/on ] && ethtool -K eth0 tx on", UNKNOWN),
        ("ethtool -K eth0 tx off\n[ -f /etc/x ] && ethtool -K eth0 tx off", OFF),
        ('eval "ethtool -K $X tx off"', UNKNOWN),
        ("echo 'ethtool -K eth0 tx off' | sh", UNKNOWN),
        ("su -c 'ethtool -K eth0 tx off'", UNKNOWN),
        ("if [ x ; then\nethtool -K eth0 tx off", UNKNOWN),
        ("for ((i=0;i<2;i++)); do ethtool -K eth$i tx off; done", UNKNOWN),
        ("for d in eth{0,1}; do ethtool -K $d tx off; done", UNKNOWN),
        ("#!/usr/bin/python3\nsubprocess.run(['ethtool', '-K', 'eth0', 'tx', 'off'])", UNKNOWN),
        ("f() { f; ethtool -K eth0 tx off; }\nf", UNKNOWN),
        ('ethtool -K eth0 tx "off', UNKNOWN),
        # The ways that a script may take.
        ("set -e\nsome-check\nethtool -K eth0 tx off", UNKNOWN),
        ("set -e\nip link set eth0 up\nethtool -K eth0 tx off", OFF),
        ("set -e\n[ a = b ] && true\nethtool -K eth0 tx off", OFF),
        ("set -e\ntrue && false\nethtool -K eth0 tx off", ON),
        ("set -e\noff() { [ a = b ] && true; }\noff\nethtool -K eth0 tx off", ON),
        ("set -e\nX=$(some-check)\nethtool -K eth0 tx off", UNKNOWN),
        ("set -e\nethtool -K eth1 tx off\nethtool -K eth0 tx off", UNKNOWN),
        ("set -o pipefail -e\nfalse | cat\nethtool -K eth0 tx off", UNKNOWN),
        ("set -u\necho $X\nethtool -K eth0 tx off", UNKNOWN),
        ("set -u\necho ${X:-}\nethtool -K eth0 tx off", OFF),
        ("set -u\nN=$((N+1))\nethtool -K eth0 tx off", UNKNOWN),
        ("set -u\nN=0\nN=$((N+1))\nethtool -K eth0 tx off", OFF),
        ("set -n\nethtool -K eth0 tx off", UNKNOWN),
        # dash knows no pipefail, and ends.
        ("#!/bin/sh\nset -euo pipefail\nethtool -K eth0 tx off", UNKNOWN),
        ("#!/bin/bash\nset -euo pipefail\nethtool -K eth0 tx off", OFF),
        ("#!/bin/bash\nset -o pipefail\nethtool -K eth0 tx off", OFF),
        ("bash -c 'set -o pipefail; ethtool -K eth0 tx off'", OFF),
        ("bash -eo pipefail -c 'ethtool -K eth0 tx off'", OFF),
        ("env -S 'nice ethtool -K eth0 tx off'", OFF),
        ("while true; do sleep 60; done\nethtool -K eth0 tx off", ON),
        ("ethtool -K eth0 tx off\nwhile true; do sleep 60; done", OFF),
        ("until ping -c1 10.0.0.1; do sleep 1; done\nethtool -K eth0 tx off", OFF),
        ("while true; do ethtool -K eth0 tx off; break; done", OFF),
        # A loop ends with the status of its last command.
        ("set -- a\nwhile [ $# -gt 0 ]; do shift; false; done && ethtool -K eth0 tx off", ON),
        ("while ping -c1 10.0.0.1; do false; done && ethtool -K eth0 tx off", UNKNOWN),
        ("while ping -c1 10.0.0.1; do true; done && ethtool -K eth0 tx off", OFF),
        ("ls | while read d; do some-check; done || ethtool -K eth0 tx on\n", UNKNOWN),
        ("while ping -c1 10.0.0.1; do ethtool -K eth0 tx on; done\nethtool -K eth0 tx off", OFF),
        ("d=eth0\nwhile ping -c1 10.0.0.1; do d=eth1; done\nethtool -K $d tx off", UNKNOWN),
        ("for d in eth0 eth1; do break | cat; done\nethtool -K $d tx off", ON),
        ("for d in eth1 eth0; do (break); ethtool -K $d tx off; done", OFF),
        ("for a in 1 2; do for d in eth1 eth0; do break 2; done; done\nethtool -K $d tx off", ON),
        ("for d in eth1 eth0; do some-check && break; done\nethtool -K $d tx off", UNKNOWN),
        ("break\nethtool -K eth0 tx off", OFF),
        ("f() { some-check || return 1; ethtool -K eth0 tx off; }\nf || exit 1\nethtool -K eth0 tx off", UNKNOWN),
        ("f() { return 1; }\nf || exit 1\nethtool -K eth0 tx off", ON),
        ("if some-check; then f() { :; }; else f() { exit; }; fi\nf\nethtool -K eth0 tx off", UNKNOWN),
        ("exit &\nethtool -K eth0 tx off", OFF),
        ("(sleep 9; ethtool -K eth0 tx on) &\nethtool -K eth0 tx off", UNKNOWN),
        ("ethtool -K eth0 tx off &\nethtool -K eth0 tx off\nwait", OFF),
        ("ethtool -K eth0 tx on | ethtool -K eth0 tx off", UNKNOWN),
        ("#!/bin/bash\ncoproc ethtool -K eth0 tx on\nethtool -K eth0 tx off", UNKNOWN),
        ("trap 'ethtool -K eth0 tx on' EXIT\nethtool -K eth0 tx off", UNKNOWN),
        ("trap 'rm -f /run/x' EXIT\nethtool -K eth0 tx off", OFF),
        ("alias undo='ethtool -K eth0 tx on'\nethtool -K eth0 tx off\nundo", UNKNOWN),
        ("alias ls='ls -l'\nethtool -K eth0 tx off", OFF),
        ("alias ls='ls -l'\nls\nethtool -K eth0 tx off", OFF),
        ("alias ethtool='echo ethtool'\nethtool -K eth0 tx off", UNKNOWN),
        ("alias off='ethtool -K eth0'\noff tx off", UNKNOWN),
        ("alias ethtool=/opt/sbin/ethtool\nethtool -K eth0 tx off", OFF),
        ("alias x='if'\nethtool -K eth0 tx off", UNKNOWN),
        # No input chooses at boot, and dash has no `select`.
        ("select d in eth0; do ethtool -K $d tx off; done", UNKNOWN),
        # PATH decides whether a name is found.
        ("PATH=/usr/bin:/bin\nethtool -K eth0 tx off", UNKNOWN),
        ("PATH=/usr/bin:/bin\n/sbin/ethtool -K eth0 tx off", OFF),
        ("PATH=/opt/bin:$PATH\nethtool -K eth0 tx off", OFF),
        ("export PATH=/usr/sbin:/usr/bin:/sbin:/bin\nethtool -K eth0 tx off", OFF),
        ("PATH=/bin; sh -c 'ethtool -K eth0 tx off'", UNKNOWN),
        ("$RUN ethtool -K eth0 tx off", UNKNOWN),
        ('eval "$X"\nethtool -K eth0 tx off', UNKNOWN),
        # Commands inside of words.
        ("ethtool -K eth0 tx off\nX=$(ethtool -K eth0 tx on 2>&1)", ON),
        ('ethtool -K eth0 tx off\necho "now `ethtool -K eth0 tx on`"', ON),
        ("#!/bin/bash\nexec > >(logger -t tx) 2>&1\nethtool -K eth0 tx off", OFF),
        ("while read d; do ethtool -K $d tx off; done < <(ls /sys/class/net)", UNKNOWN),
        ("X=$(cat <<E\n:)\nethtool -K eth0 tx off\n(\nE\n)", UNKNOWN),
        ("X=$(echo x # don't :)\n)\nethtool -K eth0 tx off # don't", OFF),
        ("X=$((1<<2))\nethtool -K eth0 tx off", OFF),
        # dash ends where a read-only variable is set again, bash leaves the rest of the line out.
        ("readonly d=eth0\nd=eth0\nethtool -K $d tx off", UNKNOWN),
        ("readonly d=eth0\nunset d\nethtool -K $d tx off", UNKNOWN),
        ("f() { local -r d=eth0; }\nf\nd=eth0\nethtool -K $d tx off", UNKNOWN),
        ("(readonly d=eth1)\nd=eth0\nethtool -K $d tx off", OFF),
        ("readonly d=eth0\nethtool -K $d tx off", OFF),
        # Comments, here-documents and continued lines.
        ("# off \\\nethtool -K eth0 tx off", OFF),
        ("ethtool -K eth0 tx off # \\\nethtool -K eth0 tx on", ON),
        ("cat <<A\n\tA\nethtool -K eth0 tx off\nA", ON),
        ("cat <<-A\n\tA\nethtool -K eth0 tx off\nA", OFF),
        ("cat <<'A'\nexit \\\nA\nethtool -K eth0 tx off", OFF),
        ("cat <<A\nexit \\\nA\nethtool -K eth0 tx off\nA", ON),
        ('eth\\\ntool -K "eth\\\n0" tx off', OFF),
        ("xargs ethtool -K eth0 <<A\ntx off\nA", UNKNOWN),
        # A command whose file can't be opened does not run; a special one ends dash.
        ("ethtool -K eth0 tx off >/var/log/tx.log 2>&1", OFF),
        ("LOG=/var/log/tx.log\nethtool -K eth0 tx off >>$LOG", OFF),
        ('ethtool -K eth0 tx off >"$LOG"', UNKNOWN),
        ("ethtool -K eth0 tx off </opt/own/input", UNKNOWN),
        ("{ ethtool -K eth0 tx off; } >/opt/own/log", UNKNOWN),
        ("for d in eth0; do ethtool -K $d tx off; done >/opt/own/log", UNKNOWN),
        ("echo >/opt/own/log || ethtool -K eth0 tx off", UNKNOWN),
        ("echo >/opt/own/log\nethtool -K eth0 tx off", OFF),
        ("set -e\necho >/opt/own/log\nethtool -K eth0 tx off", UNKNOWN),
        ("exec >/opt/own/log\nethtool -K eth0 tx off", UNKNOWN),
        ("echo 'ethtool -K eth0 tx off' 2>/opt/own/log | sh >/opt/own/log", UNKNOWN),
        # A signal to itself.
        ("kill -9 $$\nethtool -K eth0 tx off", UNKNOWN),
        ("kill $PID\nethtool -K eth0 tx off", OFF),
        # A quoted pattern is a plain word.
        ("case start in 'st*') ;; *) ethtool -K eth0 tx off;; esac", UNKNOWN),
        ("case start in st\\*) exit;; esac\nethtool -K eth0 tx off", UNKNOWN),
        ("case start in [^a-s]*) exit;; esac\nethtool -K eth0 tx off", UNKNOWN),
        ('case start in "start") ethtool -K eth0 tx off;; esac', OFF),
        ('#!/bin/bash\n[[ start == "st*" ]] || ethtool -K eth0 tx off', UNKNOWN),
        # dash has no `==`.
        ("[ a == a ] && ethtool -K eth0 tx off", UNKNOWN),
        ("#!/bin/bash\n[ a == a ] && ethtool -K eth0 tx off", OFF),
        # A word of its own, which ethtool refuses; an interpreter that may be missing; all words as one.
        ("ethtool -K eth0 tx off\r", UNKNOWN),
        ("#!/opt/own/bash\nethtool -K eth0 tx off", UNKNOWN),
        ("#!/usr/bin/env bash -e\nethtool -K eth0 tx off", UNKNOWN),
        ("#!/usr/bin/env bash\nethtool -K eth0 tx off", OFF),
        # Errors at which dash ends.
        (": ${DEV:?}\nethtool -K eth0 tx off", UNKNOWN),
        ("DEV=eth0\n: ${DEV:?}\nethtool -K $DEV tx off", OFF),
        ("echo ${a b}\nethtool -K eth0 tx off", UNKNOWN),
        ("N=0\necho $((1/N))\nethtool -K eth0 tx off", UNKNOWN),
        ("N=9\necho $((N/2)) ${N%x} ${#N} ${N:-a b}\nethtool -K eth0 tx off", OFF),
        ("set -z\nethtool -K eth0 tx off", UNKNOWN),
        ("set -o errext\nethtool -K eth0 tx off", UNKNOWN),
        ("export A = b\nethtool -K eth0 tx off", UNKNOWN),
        ("nic-off() { ethtool -K eth0 tx off; }\nnic-off", UNKNOWN),
        ("#!/bin/bash\nnic-off() { ethtool -K eth0 tx off; }\nnic-off", OFF),
        # Folders and jobs that may be missing.
        ("cd /opt/own || exit 1\nethtool -K eth0 tx off", UNKNOWN),
        ("cd /etc/network || exit 1\nethtool -K eth0 tx off", OFF),
        ('cd "$DIR"\nethtool -K eth0 tx off', OFF),
        ('set -e\ncd "$DIR"\nethtool -K eth0 tx off', UNKNOWN),
        ("mkdir /run/own && ethtool -K eth0 tx off", UNKNOWN),
        ("mkdir -p /run/own && ethtool -K eth0 tx off", OFF),
        ("some-check &\nwait $! && ethtool -K eth0 tx off", UNKNOWN),
        # Words at which a command fails, and programs that not every machine has.
        ("sleep 5s && ethtool -K eth0 tx off", OFF),
        ("sleep foo && ethtool -K eth0 tx off", UNKNOWN),
        ("sleep && ethtool -K eth0 tx off", UNKNOWN),
        ("sleep infinity\nethtool -K eth0 tx off", ON),
        ("timeout 5 sh -c 'sleep 10; ethtool -K eth0 tx off'", UNKNOWN),
        ("timeout -k 5 1m sh -c 'sleep 10; ethtool -K eth0 tx off'", OFF),
        ("ethtool -K eth0 tx off\nsleep infinity", OFF),
        ("umask 999 && ethtool -K eth0 tx off", UNKNOWN),
        ("printf '%s %d' a b && ethtool -K eth0 tx off", UNKNOWN),
        ('printf "%s\n" "$X" && ethtool -K eth0 tx off', OFF),
        ("logger -t net 'TX offload off' && ethtool -K eth0 tx off", OFF),
        ("logger --nosuch a && ethtool -K eth0 tx off", UNKNOWN),
        ("date -d nonsense && ethtool -K eth0 tx off", UNKNOWN),
        ("date '+%F %T' && ethtool -K eth0 tx off", OFF),
        ("touch /var/lib/own/stamp && ethtool -K eth0 tx off", UNKNOWN),
        ("touch /run/stamp && ethtool -K eth0 tx off", OFF),
        ("trap : FOO && ethtool -K eth0 tx off", UNKNOWN),
        ("trap : EXIT && ethtool -K eth0 tx off", OFF),
        ("alias foo && ethtool -K eth0 tx off", UNKNOWN),
        ("export a-b=2\nethtool -K eth0 tx off", UNKNOWN),
        ("unset a-b\nethtool -K eth0 tx off", UNKNOWN),
        ("#!/bin/bash\nset -e\nexport a-b=2\nethtool -K eth0 tx off", UNKNOWN),
        ("#!/bin/bash\nset -e\ndeclare -f off\nethtool -K eth0 tx off", UNKNOWN),
        ("#!/bin/bash\nset -e\ndeclare -ar nics=(eth0)\nethtool -K eth0 tx off", OFF),
        ("set -e\nmodprobe bonding\nethtool -K eth0 tx off", UNKNOWN),
        ("modprobe bonding\nethtool -K eth0 tx off", OFF),
        ("set -e\nifconfig eth0 up\nethtool -K eth0 tx off", UNKNOWN),
        ("set -e\nsysctl -w net.bridge.bridge-nf-call-iptables=0\nethtool -K eth0 tx off", UNKNOWN),
        ("set -e\nbrctl addbr br7\nethtool -K eth0 tx off", UNKNOWN),
        ("set -e\nbrctl addbr eth0\nethtool -K eth0 tx off", OFF),
        ("DEV=eth0\nexport DEV=$(cat /etc/nic)\nethtool -K $DEV tx off", UNKNOWN),
        ("DEV=eth0\nexport PATH=$PATH:/opt/bin\nethtool -K $DEV tx off", OFF),
        ("DEV=eth0\nexport $NAMES\nethtool -K $DEV tx off", UNKNOWN),
        # Options of bash by which words are compared without regard to case.
        ("#!/bin/bash\nshopt -s nocasematch\ncase OFF in off) ethtool -K eth0 tx off;; esac", UNKNOWN),
        ("#!/bin/bash\nshopt -s nocasematch\n[[ YES = yes ]] && ethtool -K eth0 tx off", UNKNOWN),
        ("#!/bin/bash\nshopt -s nullglob\nethtool -K eth0 tx off", OFF),
        # Variables that change what they are given.
        ("#!/bin/bash\ndeclare -u d=eth0\nethtool -K $d tx off", UNKNOWN),
        ("#!/bin/bash\ndeclare -n r=d\nd=eth1\nr=eth0\nethtool -K $d tx off", UNKNOWN),
        ("env -i ethtool -K eth0 tx off", UNKNOWN),
        ("env -i PATH=/sbin ethtool -K eth0 tx off", OFF),
        ("PATH=/opt/usr/sbin:/bin\nethtool -K eth0 tx off", UNKNOWN),
        ("bash -n -c 'ethtool -K eth0 tx off'", ON),
        # Variables and arguments.
        ("d=\nethtool -K ${d-eth0} tx off", ON),
        ("d=\nethtool -K ${d:-eth0} tx off", OFF),
        ("unset d\nethtool -K ${d-eth0} tx off", OFF),
        ("set -- $X eth0\nethtool -K $2 tx off", UNKNOWN),
        ("set -- a b eth0\nshift 2\nethtool -K $1 tx off", OFF),
        ("set -e x eth0\nethtool -K $2 tx off", OFF),
        ("#!/bin/bash\nNICS=(eth1 eth0)\nethtool -K $NICS tx off", ON),
        ("#!/bin/bash\nNICS=(eth0)\nNICS[0]=eth1\nethtool -K $NICS tx off", UNKNOWN),
        ("N=0\n((N=1))\nethtool -K eth$N tx off", UNKNOWN),
        ("IFS=,\nNICS=eth0,eth1\nfor d in $NICS; do ethtool -K $d tx off; done", UNKNOWN),
        ("IFS=0\nd=eth0\nethtool -K $d tx off", UNKNOWN),
        ("IFS=t\nd=eth0\nethtool -K $d tx off", UNKNOWN),
        ("IFS=,\nd=eth0\nethtool -K $d tx off", OFF),
        ('IFS=0\nd=eth0\nethtool -K "$d" tx off', OFF),
        ('IFS=,\nset -- tx off\nsh -c "ethtool -K eth0 $*"', UNKNOWN),
        ('set -- tx off\nsh -c "ethtool -K eth0 $*"', OFF),
        ("IFS=,\nunset IFS\nfor d in eth0 eth1; do ethtool -K $d tx off; done", OFF),
        ("set -- a b\ncase $@ in a*) exit;; esac\nethtool -K eth0 tx off", UNKNOWN),
        ("d=eth1\nf() { local d=eth0; }\nf\nethtool -K $d tx off", ON),
        ("d=eth0\nd=eth1 some-check\nethtool -K $d tx off", OFF),
        ("d=eth0\nd=eth1 ethtool -K $d tx off", OFF),
        ("d=eth0\nunset d\nethtool -K $d tx off", ON),
        ("d=eth0\n. /etc/default/own\nethtool -K $d tx off", UNKNOWN),
        # It may end the script, or be missing, at which dash ends it.
        (". /etc/default/own\nethtool -K eth0 tx off", UNKNOWN),
        ("ethtool -K eth0 tx off\n. /etc/default/own", OFF),
        ("d=eth0\n. /lib/lsb/init-functions\nethtool -K $d tx off", OFF),
        ("local d=eth0\nethtool -K $d tx off", UNKNOWN),
        ("set -- eth0\nshift 2\nethtool -K eth0 tx off", UNKNOWN),
        ("[ $# -eq 1 ] && ethtool -K eth0 tx off", OFF),
        ("[ $# -gt 1 ] && ethtool -K eth0 tx off", ON),
    ],
)
def test_a_boot_script_counts_as_far_as_it_is_understood(script: str, expected: State) -> None:
    assert state({RC_LOCAL: script}) is expected


@given(st.lists(st.sampled_from(TOKENS) | st.text(max_size=5)).map(" ".join))
def test_any_text_may_stand_in_a_script(text: str) -> None:
    assert state({RC_LOCAL: text}) in State


def test_a_script_counts_only_if_it_may_be_executed() -> None:
    assert state({RC_LOCAL: COMMAND}, executable=frozenset()) is ON
    assert state({RC_LOCAL: COMMAND}, executable=None) is UNKNOWN


@pytest.mark.parametrize("line", ["sh < /root/on.sh", "cat /root/on.sh | sh", "at now <<E\n/root/on.sh\nE"])
def test_a_script_that_a_shell_reads_leaves_the_outcome_open(line: str) -> None:
    files = {RC_LOCAL: f"{COMMAND}\n{line}\n", "/root/on.sh": "ethtool -K eth0 tx on"}

    assert state(files) is UNKNOWN


def test_scripts_that_a_boot_script_runs_are_followed() -> None:
    script = "/usr/local/sbin/off"

    assert state({RC_LOCAL: f"{script} eth0", script: "ethtool -K $1 tx off"}) is OFF
    assert state({RC_LOCAL: f". {script}; echo ethtool", script: COMMAND}) is OFF
    assert state({RC_LOCAL: f"{script} eth1", script: "ethtool -K $1 tx off"}) is ON
    assert state({script: COMMAND}, calls={RC_LOCAL: (script,)}, executable=frozenset({RC_LOCAL})) is UNKNOWN
    assert state({script: COMMAND}, calls={RC_LOCAL: (script,)}) is ON


@pytest.mark.parametrize(
    ("ends", "expected"), [("false", ON), ("false\n", ON), ("false\n\n# end\n", ON), ("true\n", OFF)]
)
def test_a_script_ends_with_the_status_of_its_last_command(ends: str, expected: State) -> None:
    check = {"/opt/check": f"#!/bin/sh\n# ethtool\n{ends}"}

    assert state({RC_LOCAL: f"/opt/check && {COMMAND}", **check}) is expected
    assert state({RC_LOCAL: f"set -e\n/opt/check\n{COMMAND}\n", **check}) is expected
    assert state({RC_LOCAL: f"eval '{ends}' && {COMMAND}"}) is expected


def test_a_script_that_another_one_runs_has_its_own_variables_and_a_sourced_one_has_not() -> None:
    script = "/usr/local/sbin/off"
    off = {script: "ethtool -K $d tx off"}

    assert state({RC_LOCAL: f"export d=eth0\n{script}", **off}) is OFF
    assert state({RC_LOCAL: f"d=eth0 {script}", **off}) is OFF
    assert state({RC_LOCAL: f"d=eth0\n{script}", **off}) is UNKNOWN
    assert state({RC_LOCAL: f"d=eth0\n. {script}", **off}) is OFF
    assert state({RC_LOCAL: f"export d=eth0\nsudo {script}", **off}) is UNKNOWN


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("for f in {}/*; do for g in {}/*.sh; do sh $g $f; done; done", UNKNOWN),  # too many steps
        ("D={}\ncase a in a) ;& esac\nrun-all $D", UNKNOWN),
        ("D={}-old\ncase a in a) ;& esac\nrun-all $D", ON),
        ('D="{}/*.sh"; for f in $D; do sh $f; done', UNKNOWN),
        ('D="{}/[0-9]*"; set -- $D; sh $1', UNKNOWN),
        ('D="{}/*.sh"; echo "$D"; for f in "$D"; do sh "$f"; done', ON),
    ],
)
def test_scripts_in_a_folder_that_is_named_may_run(script: str, expected: State) -> None:
    folder = "/etc/rc.d/local.d"
    scripts = {f"{folder}/{number}-tx.sh": f"#!/bin/sh\n{COMMAND}\n" for number in range(10, 32)}
    files = {RC_LOCAL: f"#!/bin/bash\n{script.replace('{}', folder)}\n", **scripts}

    assert state(files) is expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("exec > >(/opt/own/on.sh)", UNKNOWN),
        ("echo a > >(sh /opt/own/on.sh)", UNKNOWN),
        ("echo a > >((sh /opt/own/on.sh))", UNKNOWN),
        ("exec > >(tee /run/log) 2>&1", OFF),
    ],
)
def test_commands_behind_a_redirection_run_at_the_same_time(line: str, expected: State) -> None:
    script = f"#!/bin/bash\n{line}\n{COMMAND}\n"

    assert state({RC_LOCAL: script, "/opt/own/on.sh": "ethtool -K eth0 tx on\n"}) is expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("export A=eth0", OFF),
        ("export A=(eth0)", UNKNOWN),
        ("A=(eth0); export A", UNKNOWN),
        ("export A; A[0]=eth0", UNKNOWN),
        ("declare -ax A=(eth0)", UNKNOWN),
        ("A=(eth0)", UNKNOWN),
    ],
)
def test_bash_exports_no_arrays(line: str, expected: State) -> None:
    assert state({RC_LOCAL: f"#!/bin/bash\n{line}\nsh -c 'ethtool -K $A tx off'"}) is expected


def test_a_local_array_ends_with_its_function() -> None:
    script = "A=eth1\nf() { local A=(eth0); ethtool -K ${A[0]} gso off; }\nf\nethtool -K $A tx off"

    assert state({RC_LOCAL: f"#!/bin/bash\n{script}"}) is ON
    assert state({RC_LOCAL: "#!/bin/bash\nA=eth0\nf() { local A=(eth1); }\nf\nethtool -K $A tx off"}) is OFF


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("/usr/local/sbin//on.sh", ON),
        ("D=/usr/local/sbin/; $D/on.sh", ON),
        ("sh /usr/local/./sbin//on.sh", ON),
        (". /usr/local/sbin//on.sh", ON),
        ("/usr/local/sbin/../sbin/on.sh", UNKNOWN),
        ("sh /usr/local/sbin/../sbin/on.sh", UNKNOWN),
        (". /usr/local/sbin/../sbin/on.sh", UNKNOWN),
        ("cd /usr/local; sbin/on.sh", UNKNOWN),
        ("cd /usr/local/share; ../sbin/on.sh", UNKNOWN),
        ("cd /usr/local/sbin; run-parts .", UNKNOWN),
        ('cd "$FOLDER"; run-parts .', UNKNOWN),
        ("cd /usr/local/sbin; sh -c 'run-parts .'", UNKNOWN),
        ("cd /etc/rc.d; run-parts local.d", UNKNOWN),
        ("cd /etc; cd rc.d; run-parts local.d", UNKNOWN),
        ("cd /etc/rc.d; find . -name '*.sh' -exec sh {} ';'", UNKNOWN),
        ("run-parts /etc/rc.d//local.d", UNKNOWN),
        ("run-parts /etc/rc.d/./local.d", UNKNOWN),
        ("run-parts /etc/rc.d/*.d", UNKNOWN),
        ("X=1 run-parts /etc/rc.d/*.d", UNKNOWN),
        ("for d in /etc/rc.d/*.d; do run-parts $d; done", UNKNOWN),
        # Neither the script nor its folder.
        ("cd /var/cache/own; find . -name '*.tmp' -delete", OFF),
        ("run-parts local.d", OFF),
        ("run-parts /etc/rc.d//other.d", OFF),
        ("run-parts /etc/rc.d/*.old", OFF),
        ("cd /opt/own; run-parts local.d", OFF),
        ("cd /opt/own; /opt/own/sbin/on", OFF),
    ],
)
def test_a_script_counts_however_its_path_is_written(line: str, expected: State) -> None:
    on = "#!/bin/sh\nethtool -K eth0 tx on\n"
    scripts = {"/usr/local/sbin/on.sh": on, "/etc/rc.d/local.d/on.sh": on}

    assert state({RC_LOCAL: f"#!/bin/sh\n{COMMAND}\n{line}\n", **scripts}) is expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("find /etc/rc.d -name '*.sh' -exec sh {} ';'", UNKNOWN),
        ("cd /etc/rc.d; run-parts local.d", UNKNOWN),
        ("cd /etc; run-parts rc.d/local.d", UNKNOWN),
        ("cd /etc; run-parts ./rc.d/local.d", UNKNOWN),
        ("run-parts /etc/rc.d//local.d", UNKNOWN),
        ("run-parts /etc/cron.d/../rc.d/local.d", UNKNOWN),
        ("for f in /etc/rc.d/*/*.sh; do sh $f; done", UNKNOWN),
        ("cd /tmp; local=1; ls /etc/rc.d/other.d; /opt/local.d/on.sh.old", OFF),
        ("run-parts local.d", OFF),
    ],
)
def test_a_script_that_is_not_followed_may_run_one_however_its_path_is_written(line: str, expected: State) -> None:
    files = {
        MAIN: f"auto eth0\niface eth0 inet dhcp\n  post-up {COMMAND}\n",
        RC_LOCAL: f"#!/bin/bash\ncase a in a) ;& esac\n{line}\n",
        "/etc/rc.d/local.d/on.sh": "#!/bin/sh\nethtool -K eth0 tx on\n",
    }

    assert state(files) is expected


@pytest.mark.parametrize("shell", ["sh", "bash"])
@pytest.mark.parametrize(
    ("line", "expected"),
    [
        # The name of the program is unknown.
        ("$X/on.sh", UNKNOWN),
        ('"$X" start', UNKNOWN),
        ("read c; $c", UNKNOWN),
        ("[ -x $X ] && $X", UNKNOWN),
        ("~/on.sh", UNKNOWN),
        ("cd /opt/own; for f in *.sh; do ./$f; done", UNKNOWN),
        ("for f in ./*; do $f; done", UNKNOWN),
        ("set -- /opt/own/*; $1", UNKNOWN),
        ("while read l; do $l; done </opt/list", UNKNOWN),
        ("PATH=$PATH:/opt/own; on.sh", UNKNOWN),
        # Programs that run others.
        ("echo /opt/own/* | xargs sh", UNKNOWN),
        ("cd /opt/own; ls | xargs -n 1 sh", UNKNOWN),
        ("cd /opt/own; ls | xargs -I % ./%", UNKNOWN),
        ("xargs -a /run/list nice sh", UNKNOWN),
        ("find $D -type f -exec {} ';'", UNKNOWN),
        ("find $D -type f -exec sh {} +", UNKNOWN),
        ("cd /opt/own; parallel sh ::: *", UNKNOWN),
        ("run-parts $D", UNKNOWN),
        ("nice $X", UNKNOWN),
        ("env A=b $X", UNKNOWN),
        ("flock /run/lock $X", UNKNOWN),
        ("flock /run/lock sh $X", UNKNOWN),
        ("flock /run/lock -c '/opt/own/on.sh start'", UNKNOWN),
        ("su -c '/opt/own/on.sh start'", UNKNOWN),
        ("su -c 'cd /opt/own; ./on.sh'", UNKNOWN),
        ("sudo -u nobody sh $X", UNKNOWN),
        ("start-stop-daemon --start --exec $X", UNKNOWN),
        ("at now -f $X", UNKNOWN),
        ("python3 $X", UNKNOWN),
        ("perl -e \"system('/opt/own/on.sh')\"", UNKNOWN),
        ('trap "cd /tmp; /opt/own/on.sh $X" EXIT', UNKNOWN),
        ("find $D -type f -exec chmod +x {} ';' -exec {} ';'", UNKNOWN),
        ("find $D -exec echo {} ';' -exec sh {} ';'", UNKNOWN),
        ("cd /opt/own; ls | xargs -rI % ./%", UNKNOWN),
        ("cd /opt/own; ls | xargs --replace=% ./%", UNKNOWN),
        ("cd /opt/own; ls | xargs -i% ./%", UNKNOWN),
        ("cd /opt/own; ls | xargs --max-procs 4 -I{} ./{}", UNKNOWN),
        ("echo eth0 tx on | xargs ethtool -K", UNKNOWN),
        ("cat $X | xargs -n3 ethtool -K", UNKNOWN),
        ("ip netns exec ns1 $X", UNKNOWN),
        ("env -u A $X", UNKNOWN),
        ("timeout -s KILL 10 $X", UNKNOWN),
        ("sudo -u root -g x $X", UNKNOWN),
        ("exec -a name $X", UNKNOWN),
        ("/usr/bin/time -f %e $X", UNKNOWN),
        ("bash -O extglob $X", UNKNOWN),
        ("awk '{system($0)}' $L", UNKNOWN),
        ("mawk -f $X", UNKNOWN),
        ("own-program --run $X", OFF),
        ("awk 'BEGIN { system(\"$X\") }'", UNKNOWN),
        ("echo a | awk '{ print | \"sh $X\" }'", UNKNOWN),
        ("cd /opt/own; sed '1e ./on.sh' list", UNKNOWN),
        ("bash -o pipefail -c 'sh $X'", UNKNOWN),
        ("bash -O extglob -c $X", UNKNOWN),
        ("env -S 'nice -n 5 sh $X'", UNKNOWN),
        ("env -S '/opt/own/${X} start'", UNKNOWN),
        ("stdbuf -oL sh <$X", UNKNOWN),
        ("env -u A sh <$X", UNKNOWN),
        ("timeout -s KILL 9 sh <$X", UNKNOWN),
        ("PATH=$PATH:/opt/own; setarch -R on.sh", UNKNOWN),
        ("PATH=$PATH:/opt/own; timeout -s KILL 9 on.sh", UNKNOWN),
        ("alias go=$X; go", UNKNOWN),
        ('alias go="$X start"; go', UNKNOWN),
        ("export x=~/on.sh; $x", UNKNOWN),
        ("BASH_ENV=/opt/own/on.sh bash -c :", UNKNOWN),
        ("BASH_ENV=$X bash -c :", UNKNOWN),
        ("crontab $X", UNKNOWN),
        ('trap -- "cd /tmp; /opt/own/on.sh $X" EXIT', UNKNOWN),
        ('command trap "cd /tmp; /opt/own/on.sh $X" EXIT', UNKNOWN),
        # What a program reads may be commands.
        ("cat $X | sh", UNKNOWN),
        ("sh <$X", UNKNOWN),
        ("cd /opt/own; cat *.sh | sh -s x", UNKNOWN),
        ("echo /opt/own/on.sh | sudo sh", UNKNOWN),
        ("echo /opt/own/on.sh | sh | cat", UNKNOWN),
        ("echo /opt/own/on.sh | (cd /; sh)", UNKNOWN),
        # Files that a pattern leaves out by default.
        ("shopt -s dotglob; for f in /opt/hidden/*; do $f; done", UNKNOWN),
        ("shopt -s globstar; for f in /opt/deep/**; do $f; done", UNKNOWN),
        # Commands with unknown words that run nothing.
        ("ip link set $X up; ifconfig $X mtu $Y; sysctl -w $X=$Y; kill $PID", OFF),
        ("echo /opt/own/on.sh $X; logger sh $X; apt-get install bash", OFF),
        ("ls /opt/own | xargs rm -f; find $D -name '*.tmp' -exec rm {} ';'", OFF),
        ("ip link show | grep $X | sort | while read a b; do echo $a; done", OFF),
        ("echo /opt/own/on.sh | tee /run/list | wc -l", OFF),
        ("cat /opt/own/on.sh | gzip; cat /opt/own/on.sh | sha256sum; cat /opt/own/on.sh | sed s/a/b/", OFF),
        ("ls -l /opt/own | awk '{print $1}'; find /opt/own | cpio -o; find $D -mtime +3 -exec rm {} ';'", OFF),
        ("mount $X /mnt; iptables -A INPUT -i $X -j ACCEPT; hostname $X; date +%s > /run/$X", OFF),
        ("tar cf /mnt/a.tar /opt/own $X; awk -v x=$X '{print x}' f; sed -i s/a/$X/ f; ip netns add $X", OFF),
        ('TMP=$(mktemp); trap "rm -f $TMP" EXIT', OFF),
        ("LOGGER=`which logger 2>/dev/null`; [ -n \"$LOGGER\" ] && $LOGGER 'sh /opt/own/on.sh'", OFF),
        ("$(command -v sh) $X", UNKNOWN),
    ],
)
def test_what_runs_an_unknown_program_may_run_any_script(line: str, expected: State, shell: str) -> None:
    on = "#!/bin/sh\nethtool -K eth0 tx on\n"
    scripts = dict.fromkeys(("/opt/own/on.sh", "/opt/hidden/.on.sh", "/opt/deep/er/on.sh"), on)

    assert state({RC_LOCAL: f"#!/bin/{shell}\n{COMMAND}\n{line}\n", **scripts}) is expected
    stanza = {MAIN: f"auto eth0\niface eth0 inet dhcp\n  post-up {COMMAND}\n"}
    assert state({RC_LOCAL: f"#!/bin/{shell}\n{line}\n", **stanza, **scripts}) is expected


@pytest.mark.parametrize(
    "line",
    [
        "python3 /opt/x.py --host $(hostname)",
        "ssh -i $KEY -fN tunnel@gw",
        "su - $U -c dbstart",
        "sudo -u $U /opt/app/start",
        "taskset -pc 0-3 $(pidof qemu)",
        "start-stop-daemon --start --exec /usr/sbin/own -- $OPTS",
        "zabbix_sender -s $(hostname) -k boot -o 1",
        "/usr/local/bin/backup.sh $ARG &",
    ],
)
def test_an_unknown_argument_undoes_no_setting(line: str) -> None:
    helper = {"/usr/local/sbin/tune.sh": f"#!/bin/sh\n{COMMAND}\n"}
    assert state({RC_LOCAL: f"{COMMAND}\n{line}\n"}) is OFF
    if line.startswith(("zabbix", "/usr")):
        assert state({RC_LOCAL: f"/usr/local/sbin/tune.sh\n{line}\n", **helper}) is OFF


def test_an_unknown_program_may_undo_a_setting_or_be_a_function() -> None:
    assert state({RC_LOCAL: f"{COMMAND}\n$X/more"}) is UNKNOWN
    assert state({RC_LOCAL: f"{COMMAND}\ntrap $X EXIT"}) is UNKNOWN
    assert state({RC_LOCAL: f"$X/more\n{COMMAND}"}) is OFF
    assert state({RC_LOCAL: f"tx_on() {{ ethtool -K eth0 tx on; }}\n{COMMAND}\ntx_$X"}) is UNKNOWN
    stanza = {MAIN: f"auto eth0\niface eth0 inet dhcp\n  post-up {COMMAND}\n"}
    assert state({RC_LOCAL: "$X/more", **stanza}) is OFF
    assert state({RC_LOCAL: f"f() {{ exit; }}\n$X\n{COMMAND}"}) is UNKNOWN
    assert state({RC_LOCAL: f"IP=$(which ip)\n[ -n $IP ] && {COMMAND}"}) is UNKNOWN
    assert state({RC_LOCAL: f"IP=$(which ip)\n$IP link set eth0 up && {COMMAND}"}) is UNKNOWN
    assert state({RC_LOCAL: f"f() {{ exit; }}\nIP=$(which ip)\n$IP link set eth0 up\n{COMMAND}"}) is OFF


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("$X", UNKNOWN),
        ("cd /opt/own; for f in ./*; do $f; done", UNKNOWN),
        ("if true; then ./$f; fi", UNKNOWN),
        ("sh /opt/own/*", UNKNOWN),
        ("/opt/own/o*", UNKNOWN),
        ("cat list | xargs -n 1 sh", UNKNOWN),
        ("curl example.org | sudo sh", UNKNOWN),
        ("trap $X EXIT", UNKNOWN),
        ("A=$X; echo $A; ls /opt/other/*; [ -n $A ]; ip link set $A up", OFF),
    ],
)
def test_a_script_that_is_not_followed_may_run_an_unknown_program(line: str, expected: State) -> None:
    files = {
        MAIN: f"auto eth0\niface eth0 inet dhcp\n  post-up {COMMAND}\n",
        RC_LOCAL: f"#!/bin/bash\ncase a in a) ;& esac\n{line}\n",
        "/opt/own/on.sh": "#!/bin/sh\nethtool -K eth0 tx on\n",
    }

    assert state(files) is expected


@pytest.mark.parametrize("shell", ["sh", "bash"])
@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("d=\n: ${d:=eth0}\nethtool -K $d tx off", OFF),
        ("d=eth0\n: ${d:=eth1}\nethtool -K $d tx off", OFF),
        ('unset d\n: "${d=eth0}"\nethtool -K $d tx off', OFF),
        ("d=\n: ${d=eth0}\nethtool -K $d tx off", ON),
        ("d=\n: ${d:=$X}\nethtool -K $d tx off", UNKNOWN),
        ("n=1\n: $((n=0))\nethtool -K eth$n tx off", UNKNOWN),
        ("n=1\nx=$((n -= 1))\nethtool -K eth$n tx off", UNKNOWN),
        ("n=1\nfor i in $((n <<= 1)); do :; done\nethtool -K eth$n tx off", UNKNOWN),
        ("n=1\ncase $((n=0)) in *) ;; esac\nethtool -K eth$n tx off", UNKNOWN),
        ("n=1\necho a >/tmp/$((n=0))\nethtool -K eth$n tx off", UNKNOWN),
        ('n=1\ncat <<E\n$((n=0)) "\nE\nethtool -K eth$n tx off', UNKNOWN),
        ("n=0\n: $((n == 1)) $((n <= 1))\nethtool -K eth$n tx off", OFF),
        ("ethtool -K eth0 tx off\necho a >/tmp/$(ethtool -K eth0 tx on)", ON),
    ],
)
def test_expansions_may_set_variables(script: str, expected: State, shell: str) -> None:
    assert state({RC_LOCAL: f"#!/bin/{shell}\n{script}"}) is expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("d=$'eth0'", OFF),
        ("d=$'\\145th0'", OFF),
        ("d=$'eth0\\n'", OFF),
        ("d=$'\\u0065th0'", UNKNOWN),
        ('d=$"eth0"', UNKNOWN),
        ("d=eth0; IFS=$'\\164'", UNKNOWN),
        ("d=eth0; IFS=$'\\n\\t'", OFF),
        ("d=eth0; x=$'\\''", UNKNOWN),
        ("d=eth0; x=$'$(:'; echo \"$'a\" '$'", OFF),
    ],
)
def test_bash_decodes_words_with_escapes(line: str, expected: State) -> None:
    assert state({RC_LOCAL: f"#!/bin/bash\n{line}\nethtool -K $d tx off"}) is expected
    assert state({RC_LOCAL: f"#!/bin/bash\n{line.replace('eth0', 'eth1')}\nethtool -K $d tx on"}) is not OFF


def test_a_word_with_escapes_of_bash_leaves_the_outcome_of_dash_open() -> None:
    assert state({RC_LOCAL: "#!/bin/sh\n[ $'on' = on ] && ethtool -K eth0 tx off"}) is UNKNOWN


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("sh <$X", UNKNOWN),
        ("cat $X | sh", UNKNOWN),
        ("curl http://192.0.2.1/a | bash", UNKNOWN),
        ("wget -qO- http://192.0.2.1/a | sudo sh -s -- x", UNKNOWN),
        ("bash /dev/stdin <$X", UNKNOWN),
        ("bash /dev/fd/3 3<$X", UNKNOWN),
        ("exec <$X; sh", UNKNOWN),
        ("(cd /; sh) <$X", UNKNOWN),
        (". /dev/stdin <$X", UNKNOWN),
        ("at now <$X", UNKNOWN),
        ("bash -O extglob $X", UNKNOWN),
        ("echo 'echo a' | sh", OFF),
        ("cat $X | grep a; echo 'echo a' | sh", OFF),
        ("grep a <$X; sh <<E\necho a\nE", OFF),
        ("curl http://192.0.2.1/a | grep b >/run/c", OFF),
        ("mysql <$X", OFF),
    ],
)
def test_a_shell_may_read_unknown_commands(line: str, expected: State) -> None:
    stanza = {MAIN: f"auto eth0\niface eth0 inet dhcp\n  post-up {COMMAND}\n"}
    assert state({RC_LOCAL: f"#!/bin/bash\n{line}\n", **stanza}) is expected


@pytest.mark.parametrize("trap", ["trap", "trap --", "command trap --"])
def test_commands_at_the_end_of_a_script_count(trap: str) -> None:
    assert state({RC_LOCAL: f"{COMMAND}\n{trap} 'ethtool -K eth0 tx on' EXIT"}) is UNKNOWN
    assert state({RC_LOCAL: f"{COMMAND}\n{trap} 'rm -f /run/lock' EXIT"}) is OFF


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("systemctl start own.service", UNKNOWN),
        ("systemctl --no-block restart own", UNKNOWN),
        ("systemctl start $X", UNKNOWN),
        ("service own start", UNKNOWN),
        ("invoke-rc.d own start", UNKNOWN),
        ("service $X restart", UNKNOWN),
        ("systemctl is-active own", OFF),
        ("service other start", OFF),
    ],
)
def test_a_service_that_a_script_starts_counts(line: str, expected: State) -> None:
    on, off = "ethtool -K eth0 tx on", "ethtool -K eth0 tx off"
    for path, text in (
        ("/etc/systemd/system/own.service", "[Service]\nExecStart=-/sbin/{}\n"),
        ("/etc/init.d/own", "#!/bin/sh\ncase $1 in *start) {};; esac\n"),
    ):
        assert state({RC_LOCAL: f"{COMMAND}\n{line}", path: text.format(on)}) is expected
        assert state({RC_LOCAL: f"{COMMAND}\n{line}", path: text.format(off)}) is OFF


def test_a_script_in_lib_may_be_called_but_a_unit_is_not() -> None:
    for path, expected in (("/usr/lib/own/on.sh", UNKNOWN), ("/usr/lib/systemd/system/own.service", OFF)):
        assert state({RC_LOCAL: f"{COMMAND}\ntaskset 1 $X", path: "ethtool -K eth0 tx on\n"}) is expected


def test_bash_chooses_the_number_of_a_descriptor() -> None:
    script = f"exec {{fd}}>/tmp/log\n{COMMAND}"

    assert state({RC_LOCAL: f"#!/bin/bash\n{script}"}) is OFF
    assert state({RC_LOCAL: f"#!/bin/sh\n{script}"}) is UNKNOWN
    is_same = f"{COMMAND}\nfd=1\nexec {{fd}}>/tmp/log\n[ $fd = 1 ] || ethtool -K eth0 tx on"
    assert state({RC_LOCAL: f"#!/bin/bash\n{is_same}"}) is UNKNOWN


def test_a_script_that_was_read_exists() -> None:
    off = {"/opt/off": "#!/bin/sh\nethtool -K eth0 tx off"}
    script = "[ -x /opt/off ] && /opt/off"

    assert state({RC_LOCAL: script, **off}) is OFF
    assert state({RC_LOCAL: script, **off}, executable=frozenset({RC_LOCAL})) is ON
    assert state({RC_LOCAL: "[ -x /opt/off ] || exit\nethtool -K eth0 tx off"}) is UNKNOWN


@pytest.mark.parametrize(
    "line",
    [
        "NICS=(eth0 eth1)",
        "function f { :; }",
        "function f() { :; }",
        "function f\n{ :; }",
        "cat <<< word",
        "d=eth0; echo ${d/0/1}",
        "d=eth0; echo ${d:0:3}",
        "d=eth0; echo ${d^^}",
        "d=eth0; echo ${!d}",
        "i=1; echo $((i++))",
        "echo $((2**3))",
        "echo $((a[0]))",
        "echo $(( 1, 2 ))",
        "echo $((10#5))",
        "readonly -a x",
        "export -x y=1",
        "f() { local -a x; }; f",
        "date >&/dev/null",
        "set -e; type -P ethtool",
        "E=$(type -p ethtool)",
        "set -e; declare d=eth0",
        "set -e; d=eth; d+=0",
        "set -e; typeset d=eth0",
    ],
)
def test_dash_may_not_reach_what_follows_syntax_of_bash(line: str) -> None:
    script = f"{line}\n{COMMAND}"

    assert state({RC_LOCAL: f"#!/bin/bash\n{script}"}) is OFF
    assert state({RC_LOCAL: f"#!/bin/sh\n{script}"}) is UNKNOWN
    assert state({RC_LOCAL: f"#!/bin/sh\n{script}"}, sh_is_bash=True) is OFF
    assert state({"/etc/cron.d/tx": f"@reboot root /bin/sh -c '{line}; /sbin/{COMMAND}'\n"}) is UNKNOWN


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("i=1; echo $((i+1)) $((-i)) $(( (i + 2) * 3 )) $((i <= 2 && i != 0)) $((i ? 2 : 3))", OFF),
        ("i=0; while [ $i -lt 3 ]; do i=$((i+1)); done", OFF),
        ("echo $((i += 2)) $((0x1f | ~010)) $((unset)) $(( $# + ${#x} ))", OFF),
        ("x=-3; echo $((x)) $(( $(date) - $x ))", OFF),
        ("x=1.5; echo $((x))", UNKNOWN),
        ("x=abc; echo $(( $x + 1 ))", UNKNOWN),
        ("x=08; echo $((x))", UNKNOWN),
        ("echo $(( 1 + ))", UNKNOWN),
        ("echo $((1 ? 2))", UNKNOWN),
        ("echo $((1 : 2))", UNKNOWN),
        ("echo $((1 : 2 ? 3))", UNKNOWN),
        ("echo $(((1 ? 2) : 3))", UNKNOWN),
        ("echo $((1 ? (2 : 3)))", UNKNOWN),
        ("echo $(( 1) + (2 ))", UNKNOWN),
        ("echo $(( (1)(2) ))", UNKNOWN),
        ("echo $((1 = 2))", UNKNOWN),
        ("echo $((1 + i = 2))", UNKNOWN),
        ("echo $((1 ? 2 : i = 3))", UNKNOWN),
        ("echo $(( (1) + (2 ) )) $((1 ? 2 ? 3 : +4 : 5)) $((1 ? 2 : 3 ? 4 : 5))", OFF),
        ("echo $((i = j = (1 ? k += 2 : 3))) $((i == 1)) $((i <<= 1))", OFF),
        ("exec 9>&1 3>&-; date >&2", OFF),
        ("exec 3>&1 1>&2 2>&3 3>&-", OFF),
        ("exec 9>/var/log/own; exec 1>&9; date 2>&9", OFF),
        ("exec 3>&1; exec 4>&3-", OFF),
        ("exec 3>&4", UNKNOWN),
        ("exec 3>&4-", UNKNOWN),
        ("exec 3>&3", UNKNOWN),
        ("x=4; exec 3>&$x", UNKNOWN),
        ("x=2; exec 3>&$x", OFF),
        ("echo > $((1.5))", UNKNOWN),
        ("exec 9<&foo", UNKNOWN),
        ("x=foo; exec 9<&$x", UNKNOWN),
    ],
)
def test_dash_ends_at_errors_of_arithmetic_and_descriptors(line: str, expected: State) -> None:
    assert state({RC_LOCAL: f"#!/bin/sh\n{line}\n{COMMAND}"}) is expected


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (f"x=1.5; echo $((x)); {COMMAND}", UNKNOWN),
        (f"echo $(( 1 + )); {COMMAND}", UNKNOWN),
        (f"echo $((08)); {COMMAND}", UNKNOWN),
        (f"f() {{ echo $((1.5)); }}; f; {COMMAND}", UNKNOWN),
        (f"if true; then\necho $((1.5))\n{COMMAND}\nfi", UNKNOWN),
        (f"{COMMAND}; S=on; echo $((1.5)); S=off\nethtool -K eth0 tx $S", UNKNOWN),
        (f"(echo $((1.5)); {COMMAND}\n{COMMAND})", UNKNOWN),
        (f"x=1.5; echo $((x)); S=on\n{COMMAND}", OFF),
        (f"set -e; echo $((1.5)); S=on\n{COMMAND}", OFF),
        (f"f() {{ echo $((1.5)); }}; f\n{COMMAND}", OFF),
        (f"(echo $((1.5)))\n{COMMAND}", OFF),
        (f"x=3; echo $((x + 1)) $((x++)) $((10#5)) $((2 ** x)) $((a[0])); {COMMAND}", OFF),
        (f"echo > $((1.5)); {COMMAND}", UNKNOWN),
        (f"x=abc; y=${{x:1.5}}; {COMMAND}", UNKNOWN),
        (f"x=abc; y=${{x:1:1.5}}; {COMMAND}", UNKNOWN),
        (f"a[1.5]=3; {COMMAND}", UNKNOWN),
        (f'echo "${{a[1.5]}}"; {COMMAND}', UNKNOWN),
        (f"echo $[1.5]; {COMMAND}", UNKNOWN),
        (f"echo $[2** -1]; {COMMAND}", UNKNOWN),
        (f"a[x y]=3; {COMMAND}", UNKNOWN),
        (f"a[-1]=3; {COMMAND}", UNKNOWN),
        (f"x=1.5; a[$x]=3; {COMMAND}", UNKNOWN),
        (f"[ $[1 + 1] = 2 ] || {COMMAND}", UNKNOWN),
        (f"echo $((2#3)); {COMMAND}", UNKNOWN),
        (f"echo $((2**-1)); {COMMAND}", UNKNOWN),
        (f"x=abc; echo ${{x:1}} ${{x: -1}} ${{x:0:$n}} ${{x:${{#y}}:1}} ${{@:2}} ${{x:-1.5}}; {COMMAND}", OFF),
        (f"a[0]=1; a[$i+1]=2; echo ${{a[0]}} ${{a[@]}} ${{#a[*]}} $[1 + 2] $((16#ff)) $((10#08)); {COMMAND}", OFF),
    ],
)
def test_bash_leaves_out_the_rest_of_a_line_with_invalid_arithmetic(lines: str, expected: State) -> None:
    assert state({RC_LOCAL: f"#!/bin/bash\n{lines}\n"}) is expected


@pytest.mark.parametrize(
    "line", ["cat <(echo word)", "exec > >(logger -t tx) 2>&1", "f-g() { :; }", "function f-g { :; }"]
)
def test_bash_as_sh_may_not_reach_what_follows_syntax_that_posix_mode_refuses(line: str) -> None:
    script = f"{line}\n{COMMAND}"

    assert state({RC_LOCAL: f"#!/bin/bash\n{script}"}) is OFF
    assert state({RC_LOCAL: f"#!/bin/sh\n{script}"}) is UNKNOWN
    assert state({RC_LOCAL: f"#!/bin/sh\n{script}"}, sh_is_bash=True) is UNKNOWN
    assert state({RC_LOCAL: f"#!/bin/bash\nset -o posix\n{script}"}) is UNKNOWN


@pytest.mark.parametrize("lines", ["d=eth\nd+=0", "declare d=eth0", "typeset d=eth0", "d=(eth0)"])
def test_dash_sets_no_variable_in_the_way_of_bash(lines: str) -> None:
    script = f"{lines}\nethtool -K $d tx off"

    assert state({RC_LOCAL: f"#!/bin/bash\n{script}"}) is OFF
    assert state({RC_LOCAL: f"#!/bin/sh\n{script}"}) is UNKNOWN


def test_only_bash_has_source() -> None:
    off = {"/opt/off": "ethtool -K eth0 tx off"}

    assert state({RC_LOCAL: "#!/bin/bash\nsource /opt/off", **off}) is OFF
    assert state({RC_LOCAL: "#!/bin/sh\n. /opt/off", **off}) is OFF
    assert state({RC_LOCAL: "#!/bin/sh\nsource /opt/off", **off}) is UNKNOWN


def test_a_sourced_file_that_only_sets_variables_ends_nothing() -> None:
    files = {RC_LOCAL: f". /etc/default/own\n{COMMAND}\n"}

    assert state(files, assigning=frozenset({"/etc/default/own"})) is OFF
    assert state(files) is UNKNOWN


def test_a_sourced_script_ends_the_one_that_sources_it() -> None:
    script = "/usr/local/sbin/more"

    assert state({RC_LOCAL: f". {script}\n{COMMAND}", script: "exit # ethtool"}) is ON
    assert state({RC_LOCAL: f". {script}\n{COMMAND}", script: "return # ethtool"}) is OFF
    assert state({RC_LOCAL: f"{script}\n{COMMAND}", script: "exit # ethtool"}) is OFF
    assert state({RC_LOCAL: f"{COMMAND}\n{script}", script: "if # ethtool -K eth0 tx on"}) is UNKNOWN
    assert state({RC_LOCAL: f"set -e\n. {script} || :\n{COMMAND}", script: "false # ethtool"}) is UNKNOWN
    sourced_by_a_function = f"f() {{ . {script} eth1; }}\nset -- eth0\nf eth2\nethtool -K $1 tx off"
    assert state({RC_LOCAL: sourced_by_a_function, script: ": ethtool"}) is OFF


# ------------------------------------------------------------------ hooks


@pytest.mark.parametrize(
    ("path", "script", "more", "expected"),
    [
        ("/sbin/ifup-local", 'ethtool -K "$1" tx off', {}, OFF),
        ("/sbin/ifup-local", '[ "$1" = eth1 ] && ethtool -K "$1" tx off', {}, ON),
        ("/sbin/ifup-local", 'case "$1" in eth0) ethtool -K $1 tx off;; esac', {}, OFF),
        ("/sbin/ifup-local", 'ethtool -K "$1" tx off', {"wanted": frozenset({NETWORK_MANAGER})}, UNKNOWN),
        ("/sbin/ifdown-local", 'ethtool -K "$1" tx off', {}, ON),
        ("/etc/network/if-up.d/tx", "ethtool -K $IFACE tx off", {}, OFF),
        ("/etc/network/if-up.d/tx.sh", "ethtool -K $IFACE tx off", {}, ON),
        ("/etc/network/if-down.d/tx", "ethtool -K $IFACE tx off", {}, ON),
        ("/etc/network/if-up.d/tx", '[ "$IFACE" = eth1 ] || exit 0\nethtool -K $IFACE tx off', {}, ON),
        ("/etc/network/if-up.d/ethtool", "gather_settings() { :; }\nethtool --offload $IFACE $SETTINGS", {}, ON),
        ("/etc/NetworkManager/dispatcher.d/10-tx", COMMAND, {}, OFF),
        ("/etc/NetworkManager/dispatcher.d/10-tx", 'ethtool -K "$1" tx off', {}, UNKNOWN),
        ("/etc/NetworkManager/dispatcher.d/10-tx~", COMMAND, {}, ON),
        ("/etc/NetworkManager/dispatcher.d/pre-down.d/10-tx", COMMAND, {}, ON),
        ("/etc/NetworkManager/dispatcher.d/10-tx", COMMAND, {"wanted": frozenset({OTHER})}, UNKNOWN),
        (
            "/etc/NetworkManager/dispatcher.d/10-tx",
            COMMAND,
            {"foreign": frozenset({"/etc/NetworkManager/dispatcher.d/10-tx"})},
            ON,
        ),
        ("/etc/networkd-dispatcher/routable.d/50-tx", "ethtool -K $IFACE tx off", {}, OFF),
        ("/etc/networkd-dispatcher/routable.d/50-tx", '[ "$STATE" = routable ] && ethtool -K $IFACE tx off', {}, OFF),
        ("/etc/networkd-dispatcher/configured.d/50-tx", COMMAND, {}, OFF),
        # A state before the service starts may be missed.
        *(
            (f"/etc/networkd-dispatcher/{name}.d/50-tx", COMMAND, {}, UNKNOWN)
            for name in ("off", "carrier", "degraded")
        ),
        ("/etc/networkd-dispatcher/own.d/50-tx", COMMAND, {}, ON),
    ],
)
def test_a_hook_counts_where_it_is_called(path: str, script: str, more: dict[str, Any], expected: State) -> None:
    assert state({path: f"#!/bin/sh\n{script}"}, **more) is expected


@pytest.mark.parametrize(
    ("services", "stanza", "expected"),
    [
        (("systemd-networkd",), "", OFF),
        ((), "", OFF),  # netplan starts networkd
        (("systemd-networkd", "NetworkManager"), "", UNKNOWN),
        (("systemd-networkd", "wicked"), "", UNKNOWN),
        (("systemd-networkd", "networking"), "auto eth0\niface eth0 inet dhcp\n", UNKNOWN),
        (("systemd-networkd", "networking"), "auto lo\niface lo inet loopback\n", OFF),
    ],
)
def test_only_a_device_of_networkd_becomes_configured(services: tuple[str, ...], stanza: str, expected: State) -> None:
    routable, configured = (f"/etc/networkd-dispatcher/{name}.d/50-tx" for name in ("routable", "configured"))
    wanted = frozenset(f"multi-user.target.wants/{name}.service" for name in ("networkd-dispatcher", *services))
    scripts = frozenset({routable, configured})
    masked = {"systemd-networkd.service": "null"}

    for hook, after_reboot in ((routable, OFF), (configured, expected)):
        files = {hook: f"#!/bin/sh\n{COMMAND}", MAIN: stanza}
        assert state(files, executable=scripts, wanted=wanted) is after_reboot
        assert state(files, executable=scripts, wanted=wanted, aliases=masked) is ON


@pytest.mark.parametrize("service", ["NetworkManager", "networking", "wicked"])
def test_hooks_of_networkd_need_networkd(service: str) -> None:
    hook = "/etc/networkd-dispatcher/routable.d/50-tx"
    wanted = frozenset(f"multi-user.target.wants/{name}.service" for name in ("networkd-dispatcher", service))

    assert state({hook: f"#!/bin/sh\n{COMMAND}"}, wanted=wanted) is UNKNOWN


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ('networkd_dispatcher_args="--run-startup-triggers"', OFF),
        ('networkd_dispatcher_args="-T"', OFF),
        ('networkd_dispatcher_args=""', UNKNOWN),
        ('networkd_dispatcher_args="-T -S /etc/own"', UNKNOWN),
        ('networkd_dispatcher_args="$ARGS"', UNKNOWN),
        ('networkd_dispatcher_args="-T', UNKNOWN),
        ("#networkd_dispatcher_args=-T", UNKNOWN),
        ("", UNKNOWN),
    ],
)
def test_without_startup_triggers_a_state_may_be_missed(arguments: str, expected: State) -> None:
    hook = {"/etc/networkd-dispatcher/routable.d/50-tx": f"#!/bin/sh\n{COMMAND}"}
    defaults = {"/etc/default/networkd-dispatcher": f"{arguments}\n"}

    assert state(hook | defaults) is expected


@pytest.mark.parametrize(("command", "expected"), [("ethtool -K $IFACE tx off", UNKNOWN), (COMMAND, OFF)])
def test_a_port_without_an_address_does_not_become_routable(command: str, expected: State) -> None:
    script = {"/etc/networkd-dispatcher/routable.d/50-tx": f"#!/bin/sh\n{command}"}
    evidence = Evidence(files=TRIGGERS | script, executable=frozenset(script))
    found = forecast(evidence, device="eth0", macs=(MAC,), features=VIRTIO, now=OFF, is_lower=True)

    assert found.tx_checksum is expected


@pytest.mark.parametrize(
    ("path", "more", "expected"),
    [
        ("/etc/network/if-up.d/tx", {}, UNKNOWN),
        ("/etc/networkd-dispatcher/routable.d/50-tx", {}, UNKNOWN),
        (RC_LOCAL, {}, OFF),
        (RC_LOCAL, {"wanted": frozenset({OTHER})}, UNKNOWN),
        ("/sbin/ifup-local", {}, OFF),
    ],
)
def test_a_script_that_no_shell_runs_needs_its_first_line(path: str, more: dict[str, Any], expected: State) -> None:
    assert state({path: COMMAND}, **more) is expected
    assert state({path: f"#!/bin/sh\n{COMMAND}"}, **more) is OFF


@pytest.mark.parametrize(
    ("path", "unit"),
    [
        (RC_LOCAL, "rc-local.service"),
        ("/etc/NetworkManager/dispatcher.d/10-tx", "NetworkManager-dispatcher.service"),
    ],
)
def test_a_masked_service_runs_no_scripts(path: str, unit: str) -> None:
    left_over = {f"/etc/systemd/system/{unit}.d/a.conf": "[Service]\nUser=nobody\n"}

    for files in ({}, left_over):
        assert state({path: f"#!/bin/sh\n{COMMAND}"} | files, aliases={unit: "null"}) is ON


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("[Unit]\nAfter=network-online.target\n", OFF),
        ("[Service]\nTimeoutStartSec=30\nUser=root\n", OFF),
        ("[Service]\nExecStartPre=/bin/sleep 10\nExecStartPre=-/usr/local/bin/check\n", OFF),
        ("[Service]\nExecStartPre=/usr/local/bin/check\n", UNKNOWN),
        ("[Service]\nExecStart=\nExecStart=/bin/true\n", UNKNOWN),
        ("[Service]\nUser=nobody\n", UNKNOWN),
        ("[Service]\nPrivateNetwork=yes\n", UNKNOWN),
        ("[Unit]\nConditionPathExists=/etc/missing\n", UNKNOWN),
        ("[Unit]\nAssertHost=another\n", UNKNOWN),
    ],
)
@pytest.mark.parametrize(
    ("path", "text", "service", "usual"),
    [
        (RC_LOCAL, f"#!/bin/sh\n{COMMAND}\n", "rc-local", "/etc/rc.local start"),
        (MAIN, f"auto eth0\niface eth0 inet dhcp\n  up {COMMAND}\n", "networking", "/sbin/ifup -a"),
        ("/etc/cron.d/tx", f"@reboot root /usr/sbin/{COMMAND}\n", "cron", "/usr/sbin/cron -f -P"),
        (
            "/etc/NetworkManager/system-connections/a",
            "[connection]\ntype=ethernet\ninterface-name=eth0\n[ethtool]\nfeature-tx=false\n",
            "NetworkManager",
            "/usr/sbin/NetworkManager --no-daemon",
        ),
    ],
)
def test_a_service_applies_settings_unless_its_own_files_keep_it_from_that(
    path: str, text: str, service: str, usual: str, lines: str, expected: State
) -> None:
    wanted = frozenset({OTHER, f"multi-user.target.wants/{service}.service"})
    unit = f"/etc/systemd/system/{service}.service"
    whole = f"[Service]\nExecStart={usual}\n"

    for files in ({f"{unit}.d/a.conf": lines}, {unit: f"{whole}{lines}"}, {unit: whole, f"{unit}.d/a.conf": lines}):
        assert state({path: text} | files, executable=frozenset({path}), wanted=wanted) is expected
    assert state({path: text, f"/usr/lib/systemd/system/{service}.service": lines}, wanted=wanted) is OFF


@pytest.mark.parametrize(
    ("lines", "runs", "expected"),
    [
        ("[Service]\nExecStart=\nExecStart={}\n", True, UNKNOWN),
        ("[Service]\nExecCondition={}\n", True, UNKNOWN),
        ("[Service]\nExecStartPre={}\n", True, UNKNOWN),
        ("[Service]\nRootDirectory={}\n", True, UNKNOWN),
        ("[Unit]\nConditionPathExists={}\n", True, OFF),
        ("[Unit]\nConditionPathExists=!{}\n", True, UNKNOWN),
        ("[Unit]\nConditionPathIsDirectory={}\n", True, UNKNOWN),
        ("[Unit]\nAssertFileNotEmpty={}\n", True, OFF),
        ("[Unit]\nConditionFileIsExecutable={}\n", True, OFF),
        ("[Unit]\nConditionFileIsExecutable={}\n", False, UNKNOWN),
    ],
)
def test_a_script_that_was_read_meets_conditions_but_is_not_the_usual_program(
    lines: str, runs: bool, expected: State
) -> None:
    script = "/usr/local/sbin/mynet"
    files = {
        MAIN: f"auto eth0\niface eth0 inet dhcp\n  up {COMMAND}\n",
        "/etc/systemd/system/networking.service.d/a.conf": lines.format(script),
        script: "#!/bin/sh\nexit 1\n",
    }
    wanted = frozenset({OTHER, "multi-user.target.wants/networking.service"})

    assert state(files, executable=frozenset({script} if runs else ()), wanted=wanted) is expected


@pytest.mark.parametrize(
    ("program", "expected"), [("/etc/rc.local", OFF), ("/etc/rc.d/rc.local", UNKNOWN), ("/opt/rc.local", UNKNOWN)]
)
def test_a_copied_unit_of_rc_local_runs_the_file_that_it_names(program: str, expected: State) -> None:
    unit = f"[Unit]\nConditionFileIsExecutable={RC_LOCAL}\n[Service]\nType=forking\nExecStart={program} start\n"
    files = {RC_LOCAL: f"#!/bin/sh\n{COMMAND}\n", "/etc/systemd/system/rc-local.service": unit}
    wanted = frozenset({OTHER, "multi-user.target.wants/rc-local.service"})

    assert state(files, executable=frozenset({RC_LOCAL}), wanted=wanted) is expected


@pytest.mark.parametrize("path", [RC_LOCAL, UNIT, RULES])
def test_a_command_for_a_nic_may_fail_if_nics_get_other_names(path: str) -> None:
    texts = {
        RC_LOCAL: f"#!/bin/sh\n{COMMAND}\n",
        UNIT: f"[Service]\nExecStart=/sbin/{COMMAND}\n",
        RULES: f'ACTION=="add", SUBSYSTEM=="net", ATTR{{address}}=="{MAC}", RUN+="/sbin/{COMMAND}"\n',
    }
    files = {path: texts[path]}

    assert state(files, wanted=BOOT) is OFF
    assert state(files, wanted=BOOT, renames_nics=True) is UNKNOWN
    assert Evidence(files=files, renames_nics=True).boots_services


def test_red_hat_runs_the_rc_local_in_rc_d_alone() -> None:
    off, in_rc_d = f"#!/bin/sh\n{COMMAND}\n", "/etc/rc.d/rc.local"

    assert state({RC_LOCAL: off, in_rc_d: ""}) is UNKNOWN
    assert state({RC_LOCAL: off, in_rc_d: ""}, aliases={"rc-local.service": "null"}) is ON
    assert state({RC_LOCAL: off, in_rc_d: off}) is OFF
    assert state({RC_LOCAL: "", in_rc_d: off}) is OFF


def test_a_dispatcher_gets_a_device_that_has_a_profile() -> None:
    files = {
        "/etc/NetworkManager/system-connections/a": "[connection]\ntype=ethernet\ninterface-name=eth0\n",
        "/etc/NetworkManager/dispatcher.d/10-tx": '[ "$2" = up ] && ethtool -K "$1" tx off',
    }

    assert state(files) is OFF
    assert state(files, device="eth1") is UNKNOWN


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ('ethtool -K "$DEVICE_IFACE" tx off', OFF),
        ('[ "$NM_DISPATCHER_ACTION" = up ] && ethtool -K "$DEVICE_IP_IFACE" tx off', OFF),
        # NetworkManager-dispatcher(8) does not list this variable.
        ('ethtool -K "$DEVICE" tx off', UNKNOWN),
        # It is called again as soon as an address is renewed.
        ('case "$2" in up) ethtool -K "$1" tx off;; dhcp4-change) ethtool -K "$1" tx on;; esac', UNKNOWN),
        ('case "$NM_DISPATCHER_ACTION" in up) ethtool -K "$1" tx off;; *) ethtool -K "$1" tx on;; esac', UNKNOWN),
        ('case "$2" in up) ethtool -K "$1" tx off;; down) ethtool -K "$1" tx on;; esac', OFF),
        ('case "$2" in up) ethtool -K "$1" tx off;; dhcp6-change) ethtool -K "$1" tx on;; esac', UNKNOWN),
        ('case "$2" in up) ethtool -K "$1" tx off;; hostname) ethtool -K eth0 tx on;; esac', UNKNOWN),
        ('case "$2" in up) ethtool -K "$1" tx off;; connectivity-change) ethtool -K eth0 tx on;; esac', UNKNOWN),
        ('case "$2" in up) ethtool -K "$1" tx off;; connectivity-change) ethtool -K eth1 tx on;; esac', OFF),
    ],
)
def test_a_dispatcher_gets_the_device_and_the_action(script: str, expected: State) -> None:
    profile = {"/etc/NetworkManager/system-connections/a": "[connection]\ntype=ethernet\ninterface-name=eth0\n"}
    action = '[ "$NM_DISPATCHER_ACTION" = up ] && ethtool -K "$1" tx off'

    assert state({**profile, "/etc/NetworkManager/dispatcher.d/10-tx": f"#!/bin/sh\n{script}"}) is expected
    assert state({**profile, "/etc/NetworkManager/dispatcher.d/10-tx": action}, udev=232) is UNKNOWN


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/etc/NetworkManager/dispatcher.d/10-tx", "$1"),
        ("/etc/networkd-dispatcher/routable.d/10-tx", "$IFACE"),
        ("/etc/network/if-up.d/tx", "$IFACE"),
        ("/sbin/ifup-local", "$1"),
    ],
)
@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ('[ "{}" = bond0 ] && ethtool -K eth0 tx off', UNKNOWN),
        ('case "{}" in bond*) for nic in eth0 eth1; do ethtool -K $nic tx off; done;; esac', UNKNOWN),
        ('ethtool -K eth0 tx off; [ "{}" = bond0 ] && ethtool -K eth0 tx on', UNKNOWN),
        ('ethtool -K eth0 tx off; [ "{}" = bond0 ] && ethtool -K bond0 tx on', OFF),
        ('ethtool -K eth0 tx off; [ "{}" = bond1 ] && ethtool -K eth0 tx on', OFF),
    ],
)
def test_a_hook_may_switch_the_device_when_another_comes_up(path: str, name: str, script: str, expected: State) -> None:
    files = {
        "/etc/NetworkManager/system-connections/a": "[connection]\ntype=ethernet\ninterface-name=eth0\n",
        MAIN: "auto eth0\niface eth0 inet dhcp\n",
        path: f"#!/bin/sh\n{script.format(name)}\n",
    }

    assert state(files, devices=frozenset({"lo", "eth0", "bond0"})) is expected


# ------------------------------------------------------------------ units

SERVICE = f"[Service]\nExecStart=/sbin/{COMMAND}\n"
BOOT = frozenset({"multi-user.target.wants/tx.service"})


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({"multi-user.target.wants/tx.service"}, OFF),
        ({"basic.target.requires/tx.service"}, OFF),
        # Targets that not every boot reaches.
        ({"network-online.target.requires/tx.service"}, UNKNOWN),
        ({"network-online.target.wants/tx.service", "multi-user.target.wants/network-online.target"}, OFF),
        ({"own.target.wants/tx.service", "own.target.wants/own.target"}, UNKNOWN),
        ({"sys-subsystem-net-devices-eth0.device.wants/tx.service"}, OFF),
        ({"sys-subsystem-net-devices-eth1.device.wants/tx.service"}, UNKNOWN),
        ({"multi-user.target.wants/a.service", "a.service.wants/tx.service"}, OFF),
        ({"a.service.wants/tx.service"}, UNKNOWN),
        ({"own.target.wants/tx.service"}, UNKNOWN),
        ({"timers.target.wants/tx.timer"}, UNKNOWN),
        ({"suspend.target.wants/tx.service", "rescue.target.wants/tx.service"}, ON),
        ({"multi-user.target.wants/other.service"}, ON),
        (set(), ON),
    ],
)
def test_a_service_counts_if_something_starts_it_at_boot(wanted: set[str], expected: State) -> None:
    assert state({UNIT: SERVICE}, wanted=frozenset(wanted)) is expected


@pytest.mark.parametrize(
    ("wanted", "path", "expected"),
    [
        ({"multi-user.target.wants/other.service"}, "/usr/lib/systemd/system/other.service", UNKNOWN),
        ({"multi-user.target.wants/other.service"}, "/etc/systemd/system/other.service.d/a.conf", UNKNOWN),
        (set(), "/usr/lib/systemd/system/other.service", OFF),
        (set(), "/usr/lib/systemd/system/rescue.target", OFF),
        ({"multi-user.target.wants/other@1.service"}, "/usr/lib/systemd/system/other@.service", UNKNOWN),
        ({"multi-user.target.wants/other@1.service"}, "/etc/systemd/system/other@1.service.d/a.conf", UNKNOWN),
        ({"multi-user.target.wants/other@1.service"}, "/etc/systemd/system/other@2.service.d/a.conf", OFF),
        (set(), "/usr/lib/systemd/system/other@.service", OFF),
    ],
)
def test_a_service_may_give_way_to_one_that_excludes_it(wanted: set[str], path: str, expected: State) -> None:
    files = {UNIT: SERVICE, path: "[Unit]\nConflicts=a.service tx.service\n"}

    assert state(files, wanted=frozenset({"multi-user.target.wants/tx.service", *wanted})) is expected


@pytest.mark.parametrize(
    ("service", "expected"),
    [
        ("ExecStart=/bin/sh -c 'ethtool -K eth0 tx off'", OFF),
        ("Type=oneshot\nExecStart=-/sbin/ethtool -K eth0 tx off ; /bin/true", OFF),
        # A key of another section is ignored.
        ("[Unit]\nType=oneshot\n[Service]\nExecStart=/sbin/ethtool -K eth0 tx off\nExecStart=/bin/true", UNKNOWN),
        ("Type=oneshot\nExecStart=/bin/true\n[Install]\nExecStart=/sbin/ethtool -K eth0 tx off", ON),
        # Without Type=oneshot a service has one command; another one keeps it from being loaded.
        ("ExecStart=-/sbin/ethtool -K eth0 tx off ; /bin/true", UNKNOWN),
        ("ExecStart=/sbin/ethtool -K eth0 tx off\nExecStart=/bin/true", UNKNOWN),
        ("Type=oneshot\nExecStart=/sbin/ethtool -K eth0 tx off\nExecStart=/bin/true", OFF),
        # No shell takes the operators.
        ("ExecStart=/sbin/ethtool -K eth0 tx off && /bin/true", UNKNOWN),
        ("ExecStart=/sbin/ethtool -K eth0 tx off >/dev/null", UNKNOWN),
        # ExecStop= runs when a service has ended by itself.
        ("Type=oneshot\nExecStart=/sbin/ethtool -K eth0 tx off\nExecStop=/sbin/ethtool -K eth0 tx on", ON),
        ("ExecStart=/sbin/ethtool -K eth0 tx off\nExecStop=/sbin/ethtool -K eth0 tx on", UNKNOWN),
        (
            "Type=oneshot\nRemainAfterExit=1\nExecStart=/sbin/ethtool -K eth0 tx off\nExecStop=ethtool -K eth0 tx on",
            OFF,
        ),
        (
            f"Type=oneshot\nRemainAfterExit=1\nExecStart={COMMAND}\nExecStart=/x\nExecStopPost=ethtool -K eth0 tx on",
            UNKNOWN,
        ),
        # A command that fails ends the service.
        ("Type=oneshot\nExecStartPre=/bin/false\nExecStart=/sbin/ethtool -K eth0 tx off", ON),
        ("Type=oneshot\nExecStartPre=-/bin/false\nExecStart=/sbin/ethtool -K eth0 tx off", OFF),
        ("Type=oneshot\nExecStartPre=/usr/bin/test -f /etc/x\nExecStart=/sbin/ethtool -K eth0 tx off", UNKNOWN),
        ("ExecStart=@/sbin/ethtool ethtool -K eth0 tx off", OFF),
        # systemd replaces ${NAME} even in the text for a shell, $NAME only as a word of its own.
        ("ExecStart=/bin/sh -c 'for d in eth0; do ethtool -K ${d} tx off; done'", ON),
        ("ExecStart=/bin/sh -c 'for d in eth0; do ethtool -K $d tx off; done'", OFF),
        ('Environment="OPTS=tx off"\nExecStart=/sbin/ethtool -K eth0 $OPTS', OFF),
        ('Environment="OPTS=tx off"\nEnvironment=\nExecStart=/sbin/ethtool -K eth0 tx off $OPTS', OFF),
        ('Environment="OPTS=tx off"\nEnvironment=\nExecStart=/sbin/ethtool -K eth0 gro off $OPTS', ON),
        ("EnvironmentFile=/etc/default/tx\nExecStart=/sbin/ethtool -K eth0 $OPTS", UNKNOWN),
        ("NetworkNamespacePath=/run/netns/a\nExecStart=/sbin/ethtool -K eth0 tx off", UNKNOWN),
        ("ExecStartPre=/sbin/ethtool -K eth0 tx off\nExecStart=/bin/true", OFF),
        ("ExecStart=/bin/bash -c 'for f in rx tx; do ethtool -K eth0 $$f off; done'", OFF),
        ("Environment=DEV=eth0\nExecStart=/sbin/ethtool -K ${DEV} tx off", OFF),
        ("EnvironmentFile=/etc/default/tx\nExecStart=/sbin/ethtool -K ${DEV} tx off", UNKNOWN),
        ("PassEnvironment=OPTS\nPassEnvironment=\nExecStart=/sbin/ethtool -K eth0 tx off $OPTS", OFF),
        ("Environment=D=eth1\nExecStart=/sbin/ethtool -K $D tx off\n[Install]\nEnvironment=D=eth0", ON),
        ("ExecStart=/sbin/ethtool -K ${D} tx off\n[Unit]\nEnvironment=D=eth0", ON),
        ("Environment=D=eth0\nUnsetEnvironment=D\nExecStart=/sbin/ethtool -K ${D} tx off", UNKNOWN),
        ("ExecStart=/sbin/ethtool -K eth0 tx off\nExecStart=", ON),
        ("ExecStop=/sbin/ethtool -K eth0 tx off", ON),
        ("#ExecStart=/sbin/ethtool -K eth0 tx off", ON),
        ("ExecStart=/sbin/ethtool -K eth1 tx off", ON),
        ("User=nobody\nExecStart=/sbin/ethtool -K eth0 tx off", UNKNOWN),
        # A script that fails ends the service, too.
        ("ExecStartPre=/bin/sh -c 'false'\nExecStart=/sbin/ethtool -K eth0 tx off", ON),
        ("ExecStartPre=/bin/sh -c 'some-check'\nExecStart=/sbin/ethtool -K eth0 tx off", UNKNOWN),
        ("ExecStartPre=/bin/sh -c 'some-check || true'\nExecStart=/sbin/ethtool -K eth0 tx off", OFF),
        ("Environment=PATH=/bin\nExecStart=/bin/sh -c 'ethtool -K eth0 tx off'", UNKNOWN),
        ("Environment=DEV=eth0\nExecStart=/bin/sh -c 'ethtool -K $$DEV tx off'", OFF),
        ("Environment=DEV=eth0\nEnvironmentFile=/etc/x\nExecStart=/bin/sh -c 'ethtool -K $$DEV tx off'", UNKNOWN),
        # A command that runs too long is ended, and so are those in the background of a service that has ended.
        ("ExecStartPre=/bin/sleep 10\nExecStart=/sbin/ethtool -K eth0 tx off", OFF),
        ("ExecStartPre=/bin/sleep 120\nExecStart=/sbin/ethtool -K eth0 tx off", UNKNOWN),
        ("TimeoutStartSec=infinity\nExecStartPre=/bin/sleep 120\nExecStart=/sbin/ethtool -K eth0 tx off", OFF),
        ("Type=oneshot\nExecStartPre=/bin/sleep 120\nExecStart=/sbin/ethtool -K eth0 tx off", OFF),
        ("Type=oneshot\nTimeoutStartSec=1min\nExecStart=/bin/sh -c 'sleep 70; ethtool -K eth0 tx off'", UNKNOWN),
        ("Type=oneshot\nTimeoutStartSec=1min 20s\nExecStart=/bin/sh -c 'sleep 70; ethtool -K eth0 tx off'", OFF),
        ("Type=oneshot\nTimeoutStartSec=9\nExecStart=/bin/sh -c 'ethtool -K eth0 tx off; sleep 70'", OFF),
        ("TimeoutStartSec=9\nExecStart=/bin/sh -c 'sleep 70; ethtool -K eth0 tx off'", OFF),
        ("RuntimeMaxSec=9\nExecStart=/bin/sh -c 'sleep 70; ethtool -K eth0 tx off'", UNKNOWN),
        ("Type=oneshot\nExecStart=/bin/sh -c '(sleep 9; ethtool -K eth0 tx off) &'", UNKNOWN),
        ("Type=oneshot\nRemainAfterExit=yes\nExecStart=/bin/sh -c '(sleep 9; ethtool -K eth0 tx off) &'", OFF),
        ("ExecStartPre=/bin/sh -c '(sleep 9; ethtool -K eth0 tx off) &'\nExecStart=/sbin/dhcpd", UNKNOWN),
        # Rights and views of the network that ethtool needs.
        ("CapabilityBoundingSet=CAP_SYS_ADMIN\nExecStart=/sbin/ethtool -K eth0 tx off", UNKNOWN),
        ("PrivateUsers=yes\nExecStart=/sbin/ethtool -K eth0 tx off", UNKNOWN),
        ("PrivateUsers=no\nExecStart=/sbin/ethtool -K eth0 tx off", OFF),
        ("RestrictAddressFamilies=AF_UNIX\nExecStart=/sbin/ethtool -K eth0 tx off", UNKNOWN),
        ("ExecSearchPath=/opt/bin\nExecStart=ethtool -K eth0 tx off", UNKNOWN),
        ("NoExecPaths=/\nExecStart=/sbin/ethtool -K eth0 tx off", UNKNOWN),
        ("WorkingDirectory=/\nExecPaths=-/opt/\nExecStart=/sbin/ethtool -K eth0 tx off", OFF),
        ("[Unit]\nJobTimeoutSec=1\n[Service]\nExecStart=/sbin/ethtool -K eth0 tx off", UNKNOWN),
        # Conditions on a missing device or program.
        ("[Unit]\nConditionPathExists=!/usr/sbin/ethtool\n[Service]\nExecStart=/sbin/ethtool -K eth0 tx off", UNKNOWN),
        ("[Unit]\nConditionPathExists=/sbin/ethtool\n[Service]\nExecStart=/sbin/ethtool -K eth0 tx off", OFF),
        (
            "[Unit]\nConditionPathIsMountPoint=/sys/class/net/eth0\n[Service]\nExecStart=/sbin/ethtool -K eth0 tx off",
            UNKNOWN,
        ),
        # Other units that this one depends on.
        ("[Unit]\nRequires=other.service\n[Service]\nExecStart=/sbin/ethtool -K eth0 tx off", UNKNOWN),
        ("[Unit]\nRequires=tx.service network.target\n[Service]\nExecStart=/sbin/ethtool -K eth0 tx off", OFF),
        (
            "[Unit]\nBindsTo=sys-subsystem-net-devices-eth0.device\n[Service]\nExecStart=/sbin/ethtool -K eth0 tx off",
            OFF,
        ),
        (
            "[Unit]\nBindsTo=sys-subsystem-net-devices-eth1.device\n[Service]\nExecStart=/sbin/ethtool -K eth0 tx off",
            UNKNOWN,
        ),
        ("[Unit]\nConflicts=shutdown.target\n[Service]\nExecStart=/sbin/ethtool -K eth0 tx off", OFF),
        ("[Unit]\nConflicts=NetworkManager.service\n[Service]\nExecStart=/sbin/ethtool -K eth0 tx off", UNKNOWN),
        ("ConditionPathExists=/etc/off\nExecStart=/sbin/ethtool -K eth0 tx off", UNKNOWN),
        ("ConditionPathExists=/sys/class/net/eth0\nExecStart=/sbin/ethtool -K eth0 tx off", OFF),
    ],
)
def test_a_service_counts_by_the_program_it_starts(service: str, expected: State) -> None:
    assert state({UNIT: f"[Service]\n{service}\n"}, wanted=BOOT) is expected


@pytest.mark.parametrize(
    ("condition", "runs", "expected"),
    [
        ("ConditionPathExists={}", True, OFF),
        ("ConditionFileIsExecutable={}", True, OFF),
        ("ConditionFileNotEmpty={}", True, OFF),
        ("ConditionPathExists=!{}", True, UNKNOWN),
        ("ConditionPathExists=/etc/missing", True, UNKNOWN),
        ("ConditionPathExists={}", False, OFF),
        ("ConditionFileIsExecutable={}", False, UNKNOWN),
    ],
)
def test_a_script_that_was_read_meets_the_condition_of_its_service(condition: str, runs: bool, expected: State) -> None:
    script = "/etc/own/offload"
    unit = f"[Unit]\n{condition.format(script)}\n[Service]\nExecStart=/bin/sh {script}\n"
    files = {UNIT: unit, script: f"#!/bin/sh\n{COMMAND}\n"}

    assert state(files, executable=frozenset({script} if runs else ()), wanted=BOOT) is expected


def test_a_service_is_the_first_of_its_name_with_its_drop_ins() -> None:
    vendor = "/usr/lib/systemd/system/tx.service"

    assert state({vendor: SERVICE}, wanted=BOOT) is OFF
    assert state({vendor: SERVICE, UNIT: ""}, wanted=BOOT) is ON
    assert state({UNIT: SERVICE, f"{UNIT}.d/a.conf": "[Service]\nExecStart=\n"}, wanted=BOOT) is ON
    assert (
        state(
            {UNIT: SERVICE},
            wanted=frozenset({"multi-user.target.wants/b.service"}),
            aliases={"b.service": "tx.service"},
        )
        is OFF
    )


def test_a_drop_in_counts_by_its_name_and_not_by_its_folder() -> None:
    on = "[Service]\nExecStart=\nExecStart=/sbin/ethtool -K eth0 tx on\n"
    vendor = "/usr/lib/systemd/system/tx.service.d"

    assert state({UNIT: SERVICE, f"{vendor}/20.conf": on, f"{UNIT}.d/10.conf": "[Service]\n"}, wanted=BOOT) is ON
    assert state({UNIT: SERVICE, f"{vendor}/20.conf": on, f"{UNIT}.d/20.conf": ""}, wanted=BOOT) is OFF


def test_a_service_that_is_only_in_run_is_gone_after_a_reboot() -> None:
    assert state({UNIT: SERVICE}, wanted_until_reboot=BOOT) is UNKNOWN
    assert state({"/run/systemd/system/tx.service": SERVICE}, wanted=BOOT) is UNKNOWN


def test_an_old_systemd_ignores_a_command_without_a_path() -> None:
    service = {UNIT: f"[Service]\nExecStart={COMMAND}\n"}

    assert state(service, wanted=BOOT) is OFF
    assert state(service, wanted=BOOT, udev=219) is ON


def test_a_template_counts_for_the_instance_that_is_enabled() -> None:
    files = {"/etc/systemd/system/tx@.service": "[Service]\nExecStart=/sbin/ethtool -K %i tx off\n"}

    assert state(files, wanted=frozenset({"multi-user.target.wants/tx@eth0.service"})) is OFF
    assert state(files, wanted=frozenset({"multi-user.target.wants/tx@eth1.service"})) is ON
    assert state(files) is ON
    rule = {RULES: 'SUBSYSTEM=="net", ENV{SYSTEMD_WANTS}+="tx@%k.service"'}
    assert state(files | rule) is UNKNOWN


def test_the_environment_of_a_template_has_its_instance() -> None:
    unit = {
        "/etc/systemd/system/tx@.service": "[Service]\nEnvironment=DEV=%i\nExecStart=/sbin/ethtool -K ${DEV} tx off"
    }

    for instance, expected in (("eth0", OFF), ("eth1", ON)):
        wanted = frozenset({f"multi-user.target.wants/tx@{instance}.service"})
        assert state(unit, wanted=wanted) is expected


def test_a_service_in_the_wants_of_another_leaves_the_outcome_open() -> None:
    assert state({UNIT: SERVICE, "/etc/systemd/system/a.service": "[Unit]\nWants=tx.service\n"}) is UNKNOWN


# ------------------------------------------------------------------ udev


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ('ACTION=="add", SUBSYSTEM=="net", KERNEL=="eth0", RUN+="/sbin/ethtool -K eth0 tx off"', OFF),
        ('ACTION=="add", KERNEL=="eth*", \\\n RUN+="/sbin/ethtool -K eth0 tx off"', OFF),
        ('SUBSYSTEM=="net", RUN+="/bin/sh -c \'ethtool -K eth0 tx off\'"', OFF),
        (f'ATTR{{address}}=="{MAC}", RUN+="/sbin/ethtool -K eth0 tx off"', OFF),
        ('ATTR{address}=="00:11:22:33:44:55", RUN+="/sbin/ethtool -K eth0 tx off"', ON),
        ('KERNEL=="eth1", RUN+="/sbin/ethtool -K %k tx off"', ON),
        ('ACTION=="remove", RUN+="/sbin/ethtool -K eth0 tx off"', ON),
        ('SUBSYSTEM=="block", RUN+="/sbin/ethtool -K eth0 tx off"', ON),
        ('#SUBSYSTEM=="net", RUN+="/sbin/ethtool -K eth0 tx off"', ON),
        ('RUN-="/sbin/ethtool -K eth0 tx off"', ON),
        # Looked for in /usr/lib/udev.
        ('KERNEL=="eth0", RUN+="ethtool -K eth0 tx off"', ON),
        # No shell takes the redirection.
        ('KERNEL=="eth0", RUN+="/sbin/ethtool -K eth0 tx off >/dev/null"', UNKNOWN),
        ('KERNEL=="eth0", RUN+="/sbin/ethtool -K eth0 tx off"\nSUBSYSTEM=="net", RUN="/bin/true"', ON),
        ('KERNEL=="eth0", RUN+="/sbin/ethtool -K eth0 tx off"\nDRIVERS=="x", RUN:="/bin/true"', UNKNOWN),
        # A rule that may have made the list final.
        ('DRIVERS=="x", RUN:="/sbin/ethtool -K eth0 tx off"\nSUBSYSTEM=="net", RUN{builtin}="kmod"', UNKNOWN),
        ('DRIVERS=="x", RUN:="/sbin/ethtool -K eth0 tx off"\nSUBSYSTEM=="net", RUN="/bin/true"', UNKNOWN),
        ('DRIVERS=="x", RUN:="/bin/true"\nKERNEL=="eth0", RUN+="/sbin/ethtool -K eth0 tx off"', UNKNOWN),
        ('KERNEL=="eth0", RUN:="/bin/true"\nKERNEL=="eth0", RUN+="/sbin/ethtool -K eth0 tx off"', ON),
        ('KERNEL=="eth0", IMPORT{program}="/bin/x", RUN+="/sbin/ethtool -K eth0 tx off"', UNKNOWN),
        ('KERNEL=="eth*", RUN+="/sbin/ethtool -K $name tx off"', UNKNOWN),
        ('KERNEL=="eth*", RUN+="/bin/sh -c \'ethtool -K %k tx off\'"', UNKNOWN),
        ('KERNEL=="eth*", RUN+="/sbin/ethtool -K $env{INTERFACE} gro off"', ON),
        ('DRIVERS=="ixgbe", RUN+="/sbin/ethtool -K eth0 tx off"', UNKNOWN),
        ('ACTION=="change", RUN+="/sbin/ethtool -K eth0 tx off"', UNKNOWN),
        ('KERNEL=="eth0", PROGRAM="/sbin/ethtool -K eth0 tx off"', UNKNOWN),
        ('ACTION!="add", GOTO="end"\nRUN+="/sbin/ethtool -K eth0 tx off"\nLABEL="end"', OFF),
        ('SUBSYSTEM=="net", GOTO="end"\nRUN+="/sbin/ethtool -K eth0 tx off"\nLABEL="end"', ON),
        ('KERNEL=="eth0", OPTIONS+="last_rule"\nKERNEL=="eth0", RUN+="/sbin/ethtool -K eth0 tx off"', UNKNOWN),
        ('KERNEL=="eth1", OPTIONS+="last_rule"\nKERNEL=="eth0", RUN+="/sbin/ethtool -K eth0 tx off"', OFF),
        ('KERNEL=="eth0", RUN+="/sbin/ethtool -K eth0 tx off", OPTIONS+="last_rule"', OFF),
        ('SUBSYSTEM=="net", GOTO="end"\nRUN+="/sbin/ethtool -K eth0 tx off"\n', OFF),
        ('LABEL="end"\nSUBSYSTEM=="net", GOTO="end"\nRUN+="/sbin/ethtool -K eth0 tx off"\n', OFF),
        # udev ignores a line with an invalid part as a whole.
        ("SUBSYSTEM=='net', RUN+=\"/sbin/ethtool -K eth0 tx off\"", UNKNOWN),
        ('KERNEL=="eth0", RUN+="/sbin/ethtool -K eth0 tx off" # off', UNKNOWN),
        ('KERNEL=="eth0", RUN{own}+="/sbin/ethtool -K eth0 tx off"', UNKNOWN),
        ('KERNEL=="eth0", RUN=="/sbin/ethtool -K eth0 tx off"', ON),
        ('KERNEL==i"ETH0", RUN+="/sbin/ethtool -K eth0 tx off"', UNKNOWN),
        ('KERNEL="eth0", RUN+="/sbin/ethtool -K eth0 tx off"', UNKNOWN),
        ('KERNEL=="eth0", WAIT_FOR="x", RUN+="/sbin/ethtool -K eth0 tx off"', UNKNOWN),
        ('KERNEL=="eth0", MODE="0600", TAG+="x", RUN+="/sbin/ethtool -K eth0 tx off"', OFF),
        # Patterns, and the address as the kernel writes it.
        ('KERNEL=="eth[^0]", RUN+="/sbin/ethtool -K eth0 tx off"', ON),
        ('KERNEL=="eth[^1]", RUN+="/sbin/ethtool -K eth0 tx off"', OFF),
        (f'ATTR{{address}}=="{MAC.upper()}", RUN+="/sbin/ethtool -K eth0 tx off"', ON),
        # The name that an earlier rule gave.
        ('NAME=="eth0", RUN+="/sbin/ethtool -K eth0 tx off"', UNKNOWN),
        ('DRIVERS=="x", GOTO="end"\nRUN+="/sbin/ethtool -K eth0 tx off"\nLABEL="end"', UNKNOWN),
    ],
)
def test_a_udev_rule_counts_if_it_fits_the_device(rule: str, expected: State) -> None:
    assert state({RULES: rule}) is expected
    assert state({RULES.replace(".rules", ".rules.off"): rule}) is ON
    assert state({RULES.replace("50-tx", ".tx"): rule}) is ON


def test_udev_matches_a_nic_by_its_kernel_name() -> None:
    for pattern, expected in (("enp1s0", UNKNOWN), ("eth3", UNKNOWN), ("e*", OFF), ("enp2s0", ON), ("enp2*", ON)):
        rule = f'ACTION=="add", KERNEL=="{pattern}", RUN+="/sbin/ethtool -K enp1s0 tx off"'
        link = f"[Match]\nOriginalName={pattern}\n[Link]\nTransmitChecksumOffload=no\n"
        plan = "network:\n  ethernets:\n    {}\n      transmit-checksum-offload: no\n"
        matched = plan.format(f"up:\n      match:\n        name: {pattern}")

        assert state({RULES: rule}, device="enp1s0") is expected, pattern
        assert state({"/etc/systemd/network/10-a.link": link}, device="enp1s0") is expected, pattern
        assert state(planned(matched), device="enp1s0") is expected, pattern
        if "*" not in pattern:
            assert state(planned(plan.format(f"{pattern}:")), device="enp1s0") is expected, pattern


@pytest.mark.parametrize(("kind", "expected"), [("ether", OFF), ("wlan", UNKNOWN), ("!ether", UNKNOWN)])
def test_a_link_file_may_name_the_type_of_a_nic(kind: str, expected: State) -> None:
    text = f"[Match]\nMACAddress={MAC}\nType={kind}\n[Link]\nTransmitChecksumOffload=no\n"
    evidence = Evidence(files={"/etc/systemd/network/10-a.link": text}, udev=252)
    found = forecast(evidence, device="eth0", macs=(MAC,), features=VIRTIO, now=OFF, is_nic=True)

    assert found.tx_checksum is expected


def test_a_nic_with_a_name_of_its_owner_had_another_one() -> None:
    rule = {RULES: 'ACTION=="add", KERNEL=="nic0", RUN+="/sbin/ethtool -K nic0 tx off"'}
    link = {"/etc/systemd/network/10-a.link": "[Match]\nOriginalName=nic0\n[Link]\nTransmitChecksumOffload=no\n"}

    for files in (rule, link):
        for is_nic, expected in ((False, OFF), (True, UNKNOWN)):
            evidence = Evidence(files=files, udev=252)
            found = forecast(evidence, device="nic0", macs=(MAC,), features=VIRTIO, now=OFF, is_nic=is_nic)

            assert found.tx_checksum is expected


@pytest.mark.parametrize("action", ['ACTION=="move", ', 'ACTION=="add|move", ', ""])
def test_a_renamed_nic_comes_again_with_its_new_name(action: str) -> None:
    rule = {RULES: f'{action}KERNEL=="enp1s0", RUN+="/sbin/ethtool -K enp1s0 tx off"'}

    assert state(rule, device="enp1s0") is OFF
    assert state({RULES: 'ACTION=="move", KERNEL=="eth0", RUN+="/sbin/ethtool -K eth0 tx off"'}) is UNKNOWN


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/etc/systemd/network/10-a.link", f"[Match]\nMACAddress={MAC}\n[Link]\nName={{}}\n"),
        (RULES, f'SUBSYSTEM=="net", DRIVERS=="?*", ATTR{{{{address}}}}=="{MAC}", NAME="{{}}"'),
        (RULES, 'KERNEL=="eth0", NAME="{}"'),
        (
            "/etc/netplan/50-a.yaml",
            f"network:\n  ethernets:\n    lan:\n      match:\n        macaddress: {MAC}\n      set-name: {{}}\n",
        ),
    ],
)
def test_a_nic_that_gets_another_name_at_the_next_boot_leaves_the_outcome_open(path: str, text: str) -> None:
    script = {RC_LOCAL: COMMAND}

    assert state(script | {path: text.format("lan0")}) is UNKNOWN
    assert state(script | {path: text.format("eth0")}) is OFF
    assert state(script | {path: text.format("lan0").replace(MAC, "52:54:00:00:00:01").replace("eth0", "eth1")}) is OFF


@pytest.mark.parametrize("unit", ["systemd-udevd.service", "systemd-udev-trigger.service"])
@pytest.mark.parametrize(
    ("path", "text"),
    [
        (RULES, 'ACTION=="add", SUBSYSTEM=="net", KERNEL=="eth0", RUN+="/sbin/ethtool -K eth0 tx off"'),
        ("/etc/systemd/network/10-tx.link", f"[Match]\nMACAddress={MAC}\n[Link]\nTransmitChecksumOffload=no"),
    ],
)
def test_a_masked_udev_leaves_the_outcome_open(unit: str, path: str, text: str) -> None:
    assert state({path: text}) is OFF
    assert state({path: text}, aliases={unit: "null"}) is UNKNOWN


def test_later_rules_empty_the_list_of_earlier_files() -> None:
    off = {RULES: 'KERNEL=="eth0", RUN+="/sbin/ethtool -K eth0 tx off"'}

    assert state(off | {"/etc/udev/rules.d/60-z.rules": 'KERNEL=="eth0", RUN="/bin/true"'}) is ON
    assert state(off | {"/etc/udev/rules.d/40-a.rules": 'KERNEL=="eth0", RUN="/bin/true"'}) is OFF


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/run/udev/rules.d/50-tx.rules", 'KERNEL=="eth0", RUN+="/sbin/ethtool -K eth0 tx off"'),
        ("/run/systemd/network/10-a.link", f"[Match]\nMACAddress={MAC}\n[Link]\nTransmitChecksumOffload=no\n"),
        (
            "/run/NetworkManager/system-connections/a.nmconnection",
            "[connection]\ntype=ethernet\n[ethtool]\nfeature-tx=false\n",
        ),
    ],
)
def test_settings_in_run_may_be_gone_after_a_reboot(path: str, text: str) -> None:
    assert state({path: text}) is UNKNOWN
    assert state({path.replace("/run/", "/etc/"): text}) is OFF


def test_a_drop_in_of_a_link_file_in_run_may_be_gone_after_a_reboot() -> None:
    match, off = f"[Match]\nMACAddress={MAC}\n", "[Link]\nTransmitChecksumOffload=no\n"
    link, drop_in = "/etc/systemd/network/10-a.link", "systemd/network/10-a.link.d/b.conf"

    assert state({link: match, f"/etc/{drop_in}": off}) is OFF
    assert state({link: match, f"/run/{drop_in}": off}) is UNKNOWN
    assert state({link: match + off, f"/run/{drop_in}": off.replace("no", "yes")}) is UNKNOWN


# ------------------------------------------------------------------ ifupdown


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("auto eth0\niface eth0 inet dhcp\n  up ethtool -K $IFACE \\\n tx off", OFF),
        ("allow-hotplug eth0\niface eth0 inet dhcp\n  tx-offload off", OFF),
        # ethtool refuses it.
        ("auto eth0\niface eth0 inet dhcp\n  tx-offload no", UNKNOWN),
        # A pattern begins with a slash, and ifupdown finds no stanza by one.
        ("auto /eth*\niface eth* inet dhcp\n  post-up ethtool -K $IFACE tx off", UNKNOWN),
        ("auto /eth*\niface eth0 inet dhcp\n  post-up ethtool -K $IFACE tx off", OFF),
        ("auto eth*\niface eth0 inet dhcp\n  post-up ethtool -K $IFACE tx off", UNKNOWN),
        ("auto eth0=office\niface office inet dhcp\n  offload-tx off", OFF),
        ("auto eth0\niface base inet manual\n  offload-tx off\niface eth0 inet dhcp inherits base", OFF),
        ("auto vmbr0\niface vmbr0 inet manual\n  bridge-ports eth0\n  post-up ethtool -K eth0 tx off", OFF),
        ("auto eth0\niface eth0 inet dhcp\n  post-up /bin/true; /sbin/ethtool -K eth0 gso off tx off", OFF),
        ("auto eth0\niface a inet manual\n  up ethtool -K $IFACE tx off\niface eth0 inet dhcp inherits a", OFF),
        (
            "auto eth0\niface a inet dhcp\n up ethtool -K $IFACE tx on\niface eth0 inet dhcp inherits a\n up echo",
            ON,
        ),
        # ethtool takes on and off alone.
        ("auto eth0\niface eth0 inet dhcp\n  offload-tx no", UNKNOWN),
        ("auto eth0\niface eth0 inet dhcp\n  offload-tx on\n  offload-tx off", UNKNOWN),
        # Behind a command that fails ifup aborts; one before the device is up comes first.
        ("auto eth0\niface eth0 inet dhcp\n  up ethtool -K eth0 tx off\n  pre-up false", ON),
        ("auto eth0\niface eth0 inet dhcp\n  up some-check\n  up ethtool -K eth0 tx off", UNKNOWN),
        ("auto eth0\niface eth0 inet dhcp\n  up some-check || true\n  up ethtool -K eth0 tx off", OFF),
        ("auto eth0\niface eth0 inet dhcp\n  up ip route add default via 10.0.0.1\n  up ethtool -K eth0 tx off", OFF),
        ("auto eth0\niface eth0 inet dhcp\n  up ethtool -K eth0 tx off\n  up false\n  up ethtool -K eth0 tx on", OFF),
        ("auto eth0\niface eth0 inet dhcp\n  up false\n  offload-tx off", ON),
        ("auto eth0\niface eth0 inet dhcp\n  up some-check\n  offload-tx off", UNKNOWN),
        ("auto eth0\niface eth0 inet dhcp\n up exit 1\niface eth0 inet6 auto\n up ethtool -K eth0 tx off", ON),
        ("auto eth0\niface eth0 inet dhcp\n up check\niface eth0 inet6 auto\n up ethtool -K eth0 tx off", UNKNOWN),
        # What ifupdown refuses as a whole.
        ("auto eth0\niface eth0 inet dhcp inherits base\n  up ethtool -K eth0 tx off\niface base inet dhcp", UNKNOWN),
        ("auto eth0\niface eth0 inet6 auto inherits base\n  up ethtool -K eth0 tx off", UNKNOWN),
        ("auto eth0\niface eth0\n  up ethtool -K eth0 tx off", UNKNOWN),
        ("template base\n  mtu 9000\nauto eth0\niface eth0 inet dhcp\n  up ethtool -K eth0 tx off", UNKNOWN),
        ("auto eth0\nmtu 9000\niface eth0 inet dhcp\n  up ethtool -K eth0 tx off", UNKNOWN),
        ("atuo eth0\nauto eth0\niface eth0 inet dhcp\n  up ethtool -K eth0 tx off", UNKNOWN),
        ("iface eth0 inet dhcp\nauto eth0\n  offload-tx off", ON),
        ("auto eth0\niface eth0 inet dhcp\n  up ethtool -K eth0 tx off\nmapping a\n  mtu 9", UNKNOWN),
        ("auto eth0\niface eth0 inet dhcp\n  up ethtool -K eth0 tx off\nmapping a\n  script x\n  map y", OFF),
        ("auto eth0\niface eth0 inet dhcp\n  up ethtool -K eth0 tx off\n  mtu", UNKNOWN),
        ("auto eth0\niface eth0 inet dchp\n  up ethtool -K eth0 tx off", UNKNOWN),
        ("auto eth0\niface eth0 inet static\n  up ethtool -K eth0 tx off", UNKNOWN),
        ("auto eth0\niface eth0 inet static\n  address 10.0.0.1\n  up ethtool -K eth0 tx off", OFF),
        # An option of ifupdown-ng.
        ("auto eth0\niface eth0 inet dhcp\n  ethtool-offload-tx off", UNKNOWN),
        (
            "auto eth0\niface a inet ppp\n up ethtool -K $IFACE tx off\niface b inherits a\niface eth0 inherits b",
            OFF,
        ),
        ("auto eth0\nno-scripts eth0\niface eth0 inet dhcp\n  offload-tx off", ON),
        ("iface eth0 inet dhcp\n  offload-tx off", UNKNOWN),
        ("auto eth0\nmapping eth0\n  script x\niface eth0 inet dhcp\n  offload-tx off", UNKNOWN),
        ("auto eth0\niface eth0 inet dhcp\n  up ethtool -K $DEV tx off", UNKNOWN),
        ("auto eth0\niface eth0 inet dhcp\n  down ethtool -K eth0 tx off", ON),
        ("auto eth0\niface eth0 inet dhcp\n  pre-down ethtool -K eth0 tx off", ON),
        ("auto eth0\niface eth0 inet dhcp\n  ethtool -K eth0 tx off", ON),
        ("auto eth0\niface eth0 inet dhcp\n  #up ethtool -K eth0 tx off", ON),
        ("auto eth0\niface eth0 inet dhcp\n  up ethtool -K eth0 tx off\n  up ethtool -K eth0 tx on", ON),
        ("auto eth1\niface eth1 inet dhcp\n  up ethtool -K $IFACE tx off", ON),
    ],
)
def test_an_interfaces_file_counts_for_interfaces_that_are_brought_up(text: str, expected: State) -> None:
    assert state({MAIN: text}) is expected


def test_an_interfaces_file_counts_where_ifupdown_runs() -> None:
    text = {MAIN: f"auto eth0\niface eth0 inet dhcp\n  up {COMMAND}\n"}

    assert state(text, wanted=frozenset({"multi-user.target.wants/networking.service"})) is OFF
    assert state(text, wanted=frozenset({"multi-user.target.wants/systemd-networkd.service"})) is UNKNOWN


def test_only_ifupdown2_has_tx_offload() -> None:
    text = {MAIN: "auto eth0\niface eth0 inet dhcp\n  tx-offload off"}
    wanted = frozenset({"multi-user.target.wants/networking.service"})

    assert state(text | {"/etc/network/ifupdown2/ifupdown2.conf": ""}, wanted=wanted) is OFF
    assert state(text, wanted=wanted) is UNKNOWN


def test_ifupdown2_continues_after_a_command_that_fails() -> None:
    text = "auto eth0\niface eth0\n  pre-up some-check\n  up false\n  up ethtool -K eth0 tx off\n"

    assert state({MAIN: text}) is ON
    assert state({MAIN: text, "/etc/network/ifupdown2/ifupdown2.conf": ""}) is OFF


def test_ports_are_brought_up_with_their_bridge_by_ifupdown2() -> None:
    text = "iface eth0 inet manual\n  tx-offload off\nauto vmbr0\niface vmbr0 inet dhcp\n  bridge-ports eth0\n"

    assert state({MAIN: text}) is UNKNOWN
    assert state({MAIN: text, "/etc/network/ifupdown2/ifupdown2.conf": ""}) is OFF


def test_a_file_of_interfaces_counts_if_it_is_included() -> None:
    stanza = "auto eth0\niface eth0 inet dhcp\n  offload-tx off\n"
    for line, path, expected in (
        ("source /etc/network/interfaces.d/*.cfg", "/etc/network/interfaces.d/a.cfg", OFF),
        ("source /etc/network/interfaces.d/*.cfg", "/etc/network/interfaces.d/a", ON),
        ("source-directory interfaces.d", "/etc/network/interfaces.d/a", OFF),
        ("source-directory interfaces.d", "/etc/network/interfaces.d/a.cfg", ON),
        ("source /etc/own/net", "/etc/own/net", OFF),
        ("source interfaces.d/a", "/etc/network/interfaces.d/b", OFF),
    ):
        files = {MAIN: f"{line}\n", "/etc/network/interfaces.d/a": "source b\n", path: stanza}
        assert state(files) is expected, (line, path)


def test_scripts_of_if_up_run_for_devices_with_a_stanza_that_is_brought_up() -> None:
    script = {"/etc/network/if-up.d/tx": "#!/bin/sh\nethtool -K $IFACE tx off"}

    assert state(script | {MAIN: "auto eth0\niface eth0 inet dhcp\n"}) is OFF
    assert state(script | {MAIN: "auto lo\niface lo inet loopback\n"}) is UNKNOWN
    assert state(script | {MAIN: "auto eth0\nno-scripts eth0\niface eth0 inet dhcp\n"}) is ON


@pytest.mark.parametrize(
    ("name", "of_ifupdown", "of_ifupdown2"),
    [("tx", OFF, OFF), ("tx.sh", ON, UNKNOWN), ("ethtool", OFF, UNKNOWN), ("bridge", OFF, UNKNOWN)],
)
def test_ifupdown2_runs_scripts_by_other_names(name: str, of_ifupdown: State, of_ifupdown2: State) -> None:
    files = {f"/etc/network/if-up.d/{name}": f"#!/bin/sh\n{COMMAND}", MAIN: "auto eth0\niface eth0 inet dhcp\n"}
    file = "/etc/network/ifupdown2/ifupdown2.conf"

    assert state(files) is of_ifupdown
    assert state(files | {file: "addon_scripts_support=1\n"}) is of_ifupdown2
    for text in (
        "",
        "#addon_scripts_support=1\n",
        *(f"addon_scripts_support={value}\n" for value in ("0", "00", "no")),
    ):
        assert state(files | {file: text}) is UNKNOWN, text
    assert state(files | {file: "addon_scripts_support=1\naddon_scripts_support=0\n"}) is UNKNOWN


def test_ifupdown2_has_a_module_in_place_of_the_script_for_offload_options() -> None:
    files = {MAIN: "auto eth0\niface eth0 inet dhcp\n  offload-tx off"}

    assert state(files) is OFF
    assert state(files | {"/etc/network/ifupdown2/ifupdown2.conf": ""}) is UNKNOWN


# ------------------------------------------------------------------ cron, ifcfg, netplan, NetworkManager


@pytest.mark.parametrize(
    ("path", "line", "expected"),
    [
        ("/etc/crontab", f"@reboot root /sbin/{COMMAND}", OFF),
        ("/etc/crontab", f"@reboot\troot\t/sbin/{COMMAND}", OFF),
        ("/etc/crontab", f"PATH=/usr/sbin:/usr/bin\n@reboot root {COMMAND}", OFF),
        # cron's own PATH is /usr/bin:/bin.
        ("/etc/crontab", f"@reboot root {COMMAND}", UNKNOWN),
        ("/etc/crontab", "DEV=eth0\n@reboot root /sbin/ethtool -K $DEV tx off", OFF),
        ("/etc/cron.d/tx", f"@reboot root sleep 30 && /sbin/{COMMAND}", OFF),
        ("/etc/cron.d/tx.sh", f"@reboot root {COMMAND}", UNKNOWN),
        ("/etc/cron.d/tx", f"@reboot alice {COMMAND}", ON),
        ("/etc/cron.d/tx", f"@reboot alice sudo {COMMAND}", UNKNOWN),
        ("/etc/cron.d/tx", f"*/5 * * * * root {COMMAND}", UNKNOWN),
        ("/etc/cron.d/tx", f"#@reboot root {COMMAND}", ON),
        # An invalid line, or a shell that may be missing.
        ("/etc/cron.d/tx", f"@reboot root /sbin/{COMMAND}\nnot a line", UNKNOWN),
        ("/etc/cron.d/tx", f"60 * * * * root x\n@reboot root /sbin/{COMMAND}", UNKNOWN),
        ("/etc/cron.d/tx", f"MAILTO=\n@reboot root /sbin/{COMMAND}", UNKNOWN),
        ("/etc/cron.d/tx", f"@daily root /sbin/{COMMAND}\n@reboot root /sbin/{COMMAND}", OFF),
        ("/etc/cron.d/tx", f"@reboot root /sbin/{COMMAND}\n5 4 * * * root /sbin/{COMMAND}", OFF),
        ("/etc/cron.d/tx", f"@daily root /sbin/ethtool -K eth0 tx on\n@reboot root /sbin/{COMMAND}", UNKNOWN),
        ("/etc/cron.d/tx", f"@reboot root /sbin/{COMMAND}\n5 4 * * * root /sbin/ethtool -K eth0 tx on", UNKNOWN),
        (
            "/etc/cron.d/tx",
            f"@reboot root /sbin/{COMMAND}\n@daily root /sbin/ethtool -K eth0 tx on\n@daily root /sbin/{COMMAND}",
            UNKNOWN,
        ),
        ("/etc/cron.d/tx", f"@daily root\n@reboot root /sbin/{COMMAND}", UNKNOWN),
        ("/etc/cron.d/tx", f"-@reboot root /sbin/{COMMAND}", UNKNOWN),
        ("/etc/cron.d/tx", f"@Reboot root /sbin/{COMMAND}", UNKNOWN),
        ("/etc/cron.d/tx", f"SHELL=/usr/bin/fish\n@reboot root /sbin/{COMMAND}", UNKNOWN),
        ("/etc/cron.d/tx", f"SHELL=/bin/bash\n\n0 3 * * * root x\n@reboot root /sbin/{COMMAND}", OFF),
        ("/var/spool/cron/root", f"@reboot /sbin/{COMMAND}", OFF),
        ("/var/spool/cron/crontabs/root", f"@reboot /sbin/{COMMAND}", OFF),
        ("/var/spool/cron/crontabs/alice", f"@reboot {COMMAND}", ON),
    ],
)
def test_a_crontab_counts_by_its_lines_for_the_boot(path: str, line: str, expected: State) -> None:
    assert state({path: line}) is expected


def test_a_crontab_needs_a_cron() -> None:
    files = {"/etc/crontab": f"@reboot root /sbin/{COMMAND}"}
    cron = frozenset({"multi-user.target.wants/cron.service"})

    assert state(files, wanted=cron) is OFF
    assert state(files, wanted=cron, aliases={"cron.service": "null"}) is ON
    assert state(files, aliases={"cron.service": "null"}) is UNKNOWN
    another = cron | {"multi-user.target.wants/fcron.service"}
    assert state(files, wanted=another, aliases={"cron.service": "null"}) is OFF
    assert state(files, wanted=cron, foreign=frozenset(files)) is UNKNOWN
    assert state(files, wanted=frozenset({"multi-user.target.wants/ssh.service"})) is UNKNOWN
    assert state(files, wanted=cron, aliases={"cron.service": "null", "crond.service": "cron.service"}) is ON


@pytest.mark.parametrize("unit", ["cron.target", "dcron.service", "bcron.service", "busybox-crond.service"])
def test_another_cron_may_start_where_the_usual_one_is_masked(unit: str) -> None:
    files = {RC_LOCAL: f"#!/bin/sh\n{COMMAND}", "/etc/crontab": "@reboot root /sbin/ethtool -K eth0 tx on"}
    masked = {"cron.service": "null"}

    wanted = frozenset({f"multi-user.target.wants/{unit}", "multi-user.target.wants/rc-local.service"})
    assert state(files, wanted=wanted, aliases=masked) is UNKNOWN


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("network/ifcfg-eth0", "STARTMODE=auto\nETHTOOL_OPTIONS='-K iface tx off'", OFF),
        ("network/ifcfg-eth0", "ETHTOOL_OPTIONS_tx='-K eth0 tx off'", OFF),
        ("network/ifcfg-eth1", "ETHTOOL_OPTIONS='-K iface tx off'", ON),
        ("network/ifcfg-eth0", "STARTMODE=manual\nETHTOOL_OPTIONS='-K iface tx off'", UNKNOWN),
        (f"network/ifcfg-eth-id-{MAC}", "ETHTOOL_OPTIONS='-K iface tx off'", OFF),
        ("network-scripts/ifcfg-eth0", "ONBOOT=no\nETHTOOL_OPTS='-K eth0 tx off'", UNKNOWN),
        ("network-scripts/ifcfg-eth0", 'DEVICE=eth0\nETHTOOL_OPTS="-K eth0 \\\n tx off"', OFF),
        ("network-scripts/ifcfg-eth0", 'ETHTOOL_OPTS="-K eth0 tx off"\nETHTOOL_OPTS="-K eth0 gro off"', ON),
        ("network-scripts/ifcfg-eth0", 'HWADDR=00:11:22:33:44:55\nETHTOOL_OPTS="-K eth0 tx off"', UNKNOWN),
        ("network-scripts/ifcfg-br0", 'DEVICE=br0\nETHTOOL_OPTS="-K eth0 tx off"', UNKNOWN),
    ],
)
def test_an_ifcfg_file_counts_for_a_device_that_is_brought_up(name: str, text: str, expected: State) -> None:
    assert state({f"/etc/sysconfig/{name}": text}) is expected


@pytest.mark.parametrize(("udev", "expected"), [(219, UNKNOWN), (237, UNKNOWN), (239, OFF), (252, OFF), (None, OFF)])
def test_an_old_network_manager_may_ignore_features(udev: int | None, expected: State) -> None:
    assert state(PROFILE, udev=udev) is expected


def test_the_networkmanager_of_rhel_7_may_not_take_features_from_an_ifcfg_file() -> None:
    ifcfg = "/etc/sysconfig/network-scripts/ifcfg-eth0"
    text = 'DEVICE=eth0\nETHTOOL_OPTS="-K eth0 tx off"\n'
    taken, left = {ifcfg: text}, {ifcfg: f"{text}NM_CONTROLLED=no\n"}
    both = frozenset({"multi-user.target.wants/NetworkManager.service", "multi-user.target.wants/network.service"})

    assert state(taken, udev=219, wanted=both) is UNKNOWN
    assert state(left, udev=219, wanted=both) is OFF
    assert state(taken, udev=239, wanted=both) is OFF
    assert state(taken, udev=147) is OFF


NETPLAN_OFF = "    eth0:\n      transmit-checksum-offload: no\n"


@pytest.mark.parametrize(
    ("definition", "udev", "expected"),
    [
        ("    eth0:\n      transmit-checksum-offload: false", None, OFF),
        ("    eth0:\n      transmit-checksum-offload: true", 252, ON),
        ('    "eth0":\n      transmit-checksum-offload: no  # off', 252, OFF),
        ("    eth1:\n      transmit-checksum-offload: false", 252, ON),
        (f"    up:\n      match:\n        macaddress: {MAC}\n      transmit-checksum-offload: false", 252, OFF),
        (
            "    up:\n      match:\n        macaddress: 00:11:22:33:44:55\n      transmit-checksum-offload: false",
            252,
            ON,
        ),
        ("    up:\n      match:\n        name: eth*\n      transmit-checksum-offload: false", 252, OFF),
        ("    up:\n      match:\n        name: en*\n      transmit-checksum-offload: false", 252, ON),
        ("    up:\n      match:\n        driver: x\n      transmit-checksum-offload: false", 252, UNKNOWN),
        ("    eth0:\n      #transmit-checksum-offload: false", 252, ON),
        ("    eth0: {transmit-checksum-offload: false}", 252, UNKNOWN),
        (
            "    up:\n      match:\n        name: eth*\n        driver: x\n      transmit-checksum-offload: false",
            252,
            UNKNOWN,
        ),
        ("    eth0:\n      transmit-checksum-offload: false", 239, ON),
        # netplan refuses all files if a value is not a YAML boolean.
        ("    eth0:\n      transmit-checksum-offload: 0", 252, UNKNOWN),
        (
            "    eth0:\n      transmit-checksum-offload: off\n    eth1:\n      transmit-checksum-offload: ~",
            252,
            UNKNOWN,
        ),
        # The first file that fits counts, in the order of definitions' names, also if it says nothing of offload.
        (f"{NETPLAN_OFF}    a:\n      match:\n        macaddress: {MAC}\n      mtu: 9000", 252, ON),
        (f"{NETPLAN_OFF}    z:\n      match:\n        macaddress: {MAC}\n      mtu: 9000", 252, OFF),
    ],
)
def test_netplan_counts_for_the_device_that_it_defines(definition: str, udev: int | None, expected: State) -> None:
    text = f"network:\n  version: 2\n  ethernets:\n{definition}\n"

    assert state(planned(text), udev=udev) is expected


def test_netplan_counts_if_it_has_accepted_its_files() -> None:
    plan, written = "/etc/netplan/50-a.yaml", "/run/systemd/network/10-netplan-eth0.link"
    another = {written: "[Link]\nTransmitChecksumOffload=true"}
    files = planned(f"network:\n  ethernets:\n{NETPLAN_OFF}")
    doubtful = {name: text.replace("    eth0:\n", "    eth0:\n      link-local: []\n") for name, text in files.items()}

    assert state(doubtful) is OFF
    assert state(doubtful | another) is UNKNOWN
    assert state({plan: doubtful[plan]}) is UNKNOWN
    # It accepts the next files whatever it has written, if nothing in them can be wrong.
    assert state(files | another) is OFF
    assert state({plan: files[plan]}) is OFF
    # It refuses all files at a key that it does not know, and a name without `match`.
    for more in ("tx: 1", "set-name: eth0", "set-name: lan0"):
        refused = files[plan].replace("    eth0:\n", f"    eth0:\n      {more}\n")
        assert state({plan: refused}) is UNKNOWN, more
        assert state({plan: refused.replace("no", "yes"), RC_LOCAL: COMMAND}) is UNKNOWN, more


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("addresses: [10.0.0.2/24, 'fd00::2/64']\n      gateway4: 10.0.0.1", OFF),
        ("addresses:\n      - 10.0.0.2/24\n      routes:\n      - to: default\n        via: 10.0.0.1", OFF),
        ("nameservers:\n        search: [example.com]\n        addresses: [10.0.0.1]", OFF),
        ("gateway4: nowhere", UNKNOWN),
        ("addresses: [10.0.0.2/24]\n      no-such-key: 1", UNKNOWN),
    ],
)
def test_netplan_accepts_static_addresses(lines: str, expected: State) -> None:
    text = f"network:\n  version: 2\n  ethernets:\n    eth0:\n      {lines}\n      transmit-checksum-offload: no\n"

    assert state({"/etc/netplan/50-a.yaml": text}) is expected


def test_netplan_and_other_link_files_are_tried_in_the_order_of_their_names() -> None:
    plan = "network:\n  ethernets:\n    eth0:\n      {}\n"
    off = planned(plan.format("transmit-checksum-offload: false"))
    without_offload = planned(plan.format("mtu: 9000"))
    link = f"[Match]\nMACAddress={MAC}\n[Link]\n{{}}\n"

    for name, files, words, expected in (
        ("10-lan", off, "Name=eth0", ON),
        ("50-lan", off, "Name=eth0", OFF),
        ("10-netplan-eth0", off, "Name=eth0", ON),
        ("50-lan", without_offload, "TransmitChecksumOffload=no", ON),
        ("10-lan", without_offload, "TransmitChecksumOffload=no", OFF),
    ):
        assert state(files | {f"/etc/systemd/network/{name}.link": link.format(words)}) is expected, (name, words)


def test_a_match_that_a_later_file_of_netplan_adds_may_join_the_name() -> None:
    first = "network:\n  ethernets:\n    lan:\n      transmit-checksum-offload: false\n"
    later = f"network:\n  ethernets:\n    lan:\n      match:\n        macaddress: {MAC}\n"

    written = planned(first) | {"/etc/netplan/50-a.yaml": ""}
    assert state(written | {"/etc/netplan/1.yaml": first, "/etc/netplan/2.yaml": later}) is UNKNOWN
    assert state(written | {"/etc/netplan/1.yaml": later, "/etc/netplan/2.yaml": first}) is OFF


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ("type=ethernet\ninterface-name=eth0\nmaster=bond0\nautoconnect=false", UNKNOWN),
        ("type=ethernet\n[match]\ndriver=mlx5_core;", UNKNOWN),
        (f"type=ethernet\n[ethernet]\nmac-address-denylist={MAC.upper()};", ON),
        ("type=wifi\ninterface-name=eth0", ON),
        ("type=ethernet\ninterface-name=eth0\nautoconnect=false", ON),
        # NetworkManager 1.42 ignores an invalid boolean or address, and a profile without a type.
        ("type=ethernet\ninterface-name=eth0\nautoconnect=FALSE", UNKNOWN),
        ("type=ethernet\n[ethernet]\nmac-address=foo", UNKNOWN),
        (f"type=ethernet\n[ethernet]\nmac-address={MAC.replace(':', '-').upper()}", OFF),
        ("interface-name=eth0", UNKNOWN),
        ("type=Ethernet\ninterface-name=eth0", UNKNOWN),
        ("type=ethernet\ninterface-name=eth0\npermissions=user:alice:;", ON),
        ("type=ethernet\n[match]\ninterface-name=eth*;!eth1;", OFF),
        ("type=ethernet\n[match]\ninterface-name=eth*;!eth0;", ON),
        ("type=ethernet\n[match]\ninterface-name=ens*;", ON),
    ],
)
def test_a_profile_counts_if_it_is_activated_at_boot(head: str, expected: State) -> None:
    text = f"[connection]\n{head}\n[ethtool]\nfeature-tx=false\n"

    assert state({"/etc/NetworkManager/system-connections/a.nmconnection": text}) is expected


OFF_BY_PROFILE = "[connection]\ntype=ethernet\n[ethtool]\nfeature-tx=false\n"
PROFILE = {"/etc/NetworkManager/system-connections/a.nmconnection": OFF_BY_PROFILE}
SETTINGS = "/etc/NetworkManager/conf.d/a.conf"


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({SETTINGS: "[keyfile]\nunmanaged-devices=interface-name:eth*\n"}, UNKNOWN),
        # `except:` is a word of NetworkManager: all devices but those.
        ({SETTINGS: "[keyfile]\nunmanaged-devices=interface-name:eth1;except:type:wifi\n"}, OFF),
        ({SETTINGS: f"[keyfile]\nunmanaged-devices=mac:{MAC}\n"}, UNKNOWN),
        ({SETTINGS: "[keyfile]\nunmanaged-devices=*,except:type:wifi\n"}, UNKNOWN),
        ({SETTINGS: "[device-a]\nmatch-device=driver:x\nmanaged=0\n"}, UNKNOWN),
        ({"/usr/lib/NetworkManager/conf.d/a.conf": "[keyfile]\nunmanaged-devices=*\n", SETTINGS: ""}, OFF),
        ({SETTINGS: "[main]\nplugins=ifupdown,keyfile\n", MAIN: "auto eth0\niface eth0 inet dhcp\n"}, UNKNOWN),
        ({SETTINGS: "[main]\nplugins=ifupdown,keyfile\n", MAIN: "auto lo\niface lo inet loopback\n"}, OFF),
        ({RULES: 'KERNEL=="eth0", ENV{NM_UNMANAGED}="1"'}, UNKNOWN),
    ],
)
def test_a_profile_counts_where_network_manager_manages_the_device(more: dict[str, str], expected: State) -> None:
    assert state(PROFILE | more) is expected


def test_a_profile_and_an_ifcfg_file_count_where_their_service_starts() -> None:
    networkd = frozenset({"multi-user.target.wants/systemd-networkd.service"})
    text = 'DEVICE=eth0\nNM_CONTROLLED=no\nETHTOOL_OPTS="-K eth0 tx off"'
    ifcfg = {"/etc/sysconfig/network-scripts/ifcfg-eth0": text}

    assert state(PROFILE, wanted=networkd) is UNKNOWN
    assert state(ifcfg, wanted=networkd) is UNKNOWN
    assert state(ifcfg, wanted=frozenset({NETWORK_MANAGER})) is UNKNOWN
    assert state(ifcfg, wanted=frozenset({"multi-user.target.wants/network.service"})) is OFF


# ------------------------------------------------------------------ any device, places that were not read


def test_each_device_of_a_server_has_its_own_forecast() -> None:
    files = {
        RC_LOCAL: "for d in eth0 eth1; do ethtool -K $d tx off; done\n",
        "/etc/sysconfig/network-scripts/ifcfg-bond0": 'DEVICE=bond0\nETHTOOL_OPTS="-K bond0 tx off"\n',
    }

    assert [state(files, device) for device in ("eth0", "eth1", "bond0", "br0")] == [OFF, OFF, OFF, ON]


@pytest.mark.parametrize("files", [{}, {RC_LOCAL: "ethtool -K eth0 tx on"}])
def test_on_again_needs_every_place_to_be_read(files: dict[str, str]) -> None:
    assert state(files) is ON
    assert state(files, unreadable=("/var/spool/cron",)) is UNKNOWN


def test_state_stays_off_only_if_every_line_was_interpreted() -> None:
    assert state(PROFILE, unclear=("/etc/tuned/x/tuned.conf",)) is UNKNOWN


@pytest.mark.parametrize(
    "line",
    [
        "v=n; : $(($v=0))",
        "v=n=0; : $(($v))",
        "v=n=0; : $((v))",
        "v==0; : $((n$v))",
        "d=; case x in ${d:=eth0}) ;; esac; ethtool -K $d tx on",
        "case x in $(ethtool -K eth0 tx on)) ;; esac",
    ],
)
@pytest.mark.parametrize("shell", ["sh", "bash"])
def test_arithmetic_and_patterns_may_set_a_variable_that_they_do_not_name(shell: str, line: str) -> None:
    assert state({RC_LOCAL: f"#!/bin/{shell}\nn=1\n{COMMAND}\n{line}\nethtool -K eth$n tx on\n"}) is UNKNOWN


@pytest.mark.parametrize(
    "line",
    [
        ": $[n=0]",
        "[[ n=0 -eq 1 ]]",
        "v=n=0; [[ v -eq 1 ]]",
        "a[n=0]=5",
        "a=([n=0]=x)",
        ": ${a[n=0]}",
        "s=abc; : ${s:n=0}",
        "v=n; unset n; : ${!v:=0}",
    ],
)
def test_bash_has_more_places_for_arithmetic_that_sets_a_variable(line: str) -> None:
    assert state({RC_LOCAL: f"#!/bin/bash\nn=1\n{COMMAND}\n{line}\nethtool -K eth$n tx on\n"}) is UNKNOWN


@pytest.mark.parametrize(
    "line", ["m=$((n+1))", "v=2; : $(($v+v))", ": $(($(cat /sys/class/net/eth0/mtu)-40))", "case x in $n|y) ;; esac"]
)
def test_arithmetic_with_numbers_sets_only_what_it_names(line: str) -> None:
    assert state({RC_LOCAL: f"#!/bin/bash\nn=1\n{COMMAND}\n{line}\nethtool -K eth$n tx on\n"}) is OFF


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("PATH=$Q", UNKNOWN),
        ("export PATH=$Q", UNKNOWN),
        ("PATH=/opt/x", UNKNOWN),
        ("PATH=/opt/x; PATH=$PATH:$Q", UNKNOWN),
        ("PATH=/opt/x:$PATH", OFF),
        ("export PATH=$PATH:/opt/x", OFF),
        ('PATH="${PATH}:/opt/x"', OFF),
        ("export PATH", OFF),
    ],
)
def test_a_path_that_a_script_sets_to_an_unknown_value_may_lack_ethtool(line: str, expected: State) -> None:
    assert state({RC_LOCAL: f"#!/bin/sh\n{line}\n{COMMAND}\n"}) is expected


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        (f"undo() {{ ethtool -K eth0 tx on; }}\n{COMMAND}\ntrap 'undo; exit' $SIGNALS", UNKNOWN),
        (f'undo() {{ ethtool -K eth0 tx on; }}\n{COMMAND}\ntrap "undo now" EXIT $X', UNKNOWN),
        (f"PATH=/bin\n. /etc/default/own\n{COMMAND}", UNKNOWN),
        (f"PATH=/sbin:/bin\n. /etc/default/own\n{COMMAND}", OFF),
        (f'[ -z "$PATH" ] && PATH=/sbin:/bin:/usr/sbin:/usr/bin\n{COMMAND}', OFF),
        (f"PATH=/sbin:/usr/sbin udevadm settle\n{COMMAND}", OFF),
        (f"PATH=/bin udevadm settle\n{COMMAND}", OFF),
        (f"{COMMAND}\nip netns e $NS ethtool -K eth0 tx on", UNKNOWN),
        (f"{COMMAND}\nsed '$e ethtool -K eth0 tx on' /etc/x", UNKNOWN),
        (f"{COMMAND}\ngawk --file=$X", UNKNOWN),
        (f"{COMMAND}\n{'sudo -u ' * 40} ls", UNKNOWN),
        (f"{COMMAND}\nfind / {'-exec find ' * 40}", UNKNOWN),
        (f"{COMMAND}\nsystemd-cat {'-t ' * 400}", OFF),
    ],
)
def test_rare_forms_of_commands_and_paths_are_followed(script: str, expected: State) -> None:
    helper = {"/opt/own/on.sh": "#!/bin/sh\nethtool -K eth0 tx on\n"}
    assert state({RC_LOCAL: f"#!/bin/sh\n{script}\n", "/etc/default/own": "", **helper}) is expected
