"""Generated scripts: what the interpreter is certain of is what dash and bash do.

The shells run in a temporary folder. The only `ethtool` on their PATH is one that writes a file.
"""

import itertools
import random
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.harness.patience import LONG
from virtscan.offload.persistence.shell import Scene, run_script

# It takes what the real one takes; whether another device than eth0 exists is unknown.
ETHTOOL = """#!/bin/sh
[ $# = 4 ] && [ "$1 $3" = '-K tx' ] || exit 1
case $4 in on | off) ;; *) exit 1 ;; esac
[ "$2" = eth0 ] || exit "$STATUS"
echo "$4" >"$STATE"
[ "$4" = off ] || exit "$STATUS"
"""
TOOLS = ("sh", "bash", "dash", "cat", "ls", "env", "xargs", "find", "nice", "timeout", "seq", "true", "false", "sleep")
COMMANDS = (
    *("ethtool -K $D tx off", 'ethtool -K "$D" tx $S', "ethtool -K eth0 tx on", "ethtool -K ${1:-eth0} tx ${2:-off}"),
    *("D=eth1", "D=eth0", "S=on", "S=", "X='a b'", "unset D", "export S", "readonly S", "D=eth1 ethtool -K $D tx on"),
    *("true", "false", "some-check", "exit 0", "return 1", "break", "set -e", "set -u", "set -f", "shift"),
    *("set -- eth0 on", "set -- eth1", '[ "$S" = off ]', '[ -n "$X" ]', "[ $# -gt 0 ]", "f eth0 off", "g $D"),
    *('eval "S=on"', "S=$(echo on)", "D=$(false)", "sh -c 'ethtool -K eth0 tx off'", "echo $X >/dev/null"),
    *("local D=eth1", ": ${S:=on}", "unset S; : ${S=on}", "n=0; D=eth$((n=0))", "x=1.5; echo $((x)); S=on", "IFS=t"),
    *("echo $((1 +)); ethtool -K eth0 tx on", "cat <<E >/dev/null\n${S:=on}\nE", "trap 'ethtool -K eth0 tx on' 0"),
)
OF_SCRIPTS = (
    *("{}/off.sh", "{}/on.sh", "sh {}/off.sh", ". {}/off.sh", ". {}/own.conf", "{}/run.sh on", "{}/run.sh", "{}/none"),
    *(
        "$Y/on.sh",
        "$Y",
        "sh $Y",
        '"$Y" x',
        ". $Y",
        "{}/$Y",
        "env $Y",
        "nice sh $Y",
        "timeout 9 $Y",
        "exec $Y",
        "$Y off.sh",
    ),
    *("cd {}; ./off.sh", "cd {} && for F in *.sh; do ./$F; done", "for F in {}/*.sh; do $F; done", "cd $Y; ./on.sh"),
    *("for F in {}/o*; do sh $F; done", "for F in {}/.*.sh; do sh $F; done", "cd {}; for F in ./*; do sh $F; done"),
    *("ls {} | while read F; do sh {}/$F; done", "echo {}/o*.sh | xargs sh", "ls {}/*.sh | xargs -n 1 sh"),
    *(
        "cat {}/off.sh | sh",
        "cat $Y | sh",
        "sh <{}/on.sh",
        "find {} -name 'o*.sh' -exec sh {{}} ';'",
        "cat {}/o*.sh | sh",
    ),
    *("set -- {}/*.sh; $1", "F={}/on.sh; [ -x $F ] && $F", "PATH=$PATH:{}; on.sh", "eval {}/off.sh", "eval $Y"),
    *("f() {{ ethtool -K eth0 tx on; }}; $Y", "trap {}/on.sh EXIT", 'trap "$Y" EXIT', "({}/on.sh)", "X=$({}/on.sh)"),
    *("[ -f {}/own.conf ] && . {}/own.conf", "echo {}/on.sh | sh", "sh -c '{}/on.sh x'", "xargs {}/on.sh </dev/null"),
)
OF_BASH = (
    *("A=(eth0 eth1)", "A+=(eth0)", "declare -a A=(eth1 eth0)", "declare D=eth1", "D+=0", "ethtool -K ${A[0]} tx on"),
    *('for D in "${A[@]}"; do ethtool -K $D tx on; done', "[[ $D == eth* ]] && ethtool -K $D tx on", "let n=1"),
    *("function f { ethtool -K eth0 tx on; }", "cat <<<x >/dev/null", "ethtool -K ${D/1/0} tx on", "set -o pipefail"),
    *(
        "[ $D == eth0 ] && ethtool -K eth0 tx on",
        "source ./missing",
        "D=$'eth\\060'",
        "IFS=$'\\164'",
        "exec {S}>/dev/null",
    ),
    *("shopt -s dotglob", "shopt -s nullglob", "[ $'on' = on ] && ethtool -K eth0 tx on", 'S=$"on"', "coproc $Y"),
)
FORMS = (
    *("if {}; then\n{}\nelse\n{}\nfi", "for D in eth1 eth0; do\n{}\n{}\ndone", "for S in on off; do\n{}\ndone"),
    *("case $D in eth0) {};; *) {};; esac", "( {}; {} )", "{{ {}; {}\n}}", "{} && {}", "{} || {}", "! {}", "{} | {}"),
    *("f() {{\n{}\n{}\n}}", "g() {{\n{}\n}}", "until {}; do\n{}\nbreak 9\ndone"),
)
SCRIPTS = {
    "on.sh": "#!/bin/sh\nethtool -K eth0 tx on\n",
    "off.sh": "#!/bin/sh\nethtool -K eth0 tx off\n",
    "run.sh": "#!/bin/sh\n[ $# -gt 0 ] && ethtool -K eth0 tx $1\n",
    ".on.sh": "#!/bin/sh\nethtool -K eth0 tx on\n",
    "own.conf": "D=eth0\nS=on # ethtool\n",
}


def command(choice: random.Random, folder: Path, depth: int) -> str:
    if depth and choice.random() < 0.4:
        form = choice.choice(FORMS)
        return form.format(*(command(choice, folder, depth - 1) for _ in range(3)))
    if choice.random() < 0.15:
        return choice.choice(OF_SCRIPTS).format(*[folder] * 2)
    return choice.choice(OF_BASH if choice.random() < 0.2 else COMMANDS)


def prepared(folder: Path) -> tuple[dict[str, str], Path]:
    """Return an environment for scripts, and the folder of those that they may run."""
    programs, own = folder / "bin", folder / "own"
    for each in (programs, own):
        each.mkdir()
    for name in TOOLS:
        if (found := shutil.which(name)) is not None:
            (programs / name).symlink_to(found)
    files = {programs / "ethtool": ETHTOOL, programs / "some-check": '#!/bin/sh\nexit "$STATUS"\n'}
    for path, text in (files | {own / name: text for name, text in SCRIPTS.items()}).items():
        path.write_text(text)
        path.chmod(0o755)
    return {"PATH": str(programs), "STATE": str(folder / "state")}, own


@pytest.mark.long
@pytest.mark.parametrize(("name", "shells"), [("sh", ("dash", "bash")), ("bash", ("bash",))])
@pytest.mark.parametrize("seed", range(2))
def test_the_interpreter_is_certain_only_of_what_the_shells_do(
    tmp_path: Path, name: str, shells: tuple[str, ...], seed: int
) -> None:
    environment, own = prepared(tmp_path)
    scripts = {f"{own}/{file}": text for file, text in SCRIPTS.items()}
    scene = Scene(device="eth0", arguments=(), scripts=scripts, not_executable=frozenset({f"{own}/none"}))
    unknown = ("", f"{own}/on.sh", str(own), "on.sh", "f")
    file, state = tmp_path / "script", tmp_path / "state"
    choice = random.Random(f"{name} {seed}")
    certain = 0
    for _ in range(40):
        script = f"#!/bin/{name}\nD=eth0\nS=off\n" + "".join(f"{command(choice, own, 3)}\n" for _ in range(4))
        found = run_script(script, scene).get("tx-checksum-ip-generic")
        expected = "" if found is None else f"{found.value}\n"
        if expected == "unknown\n":
            continue
        certain += 1
        file.write_text(script)
        values = unknown if "$Y" in script else unknown[:1]
        for shell, status, value in itertools.product(filter(shutil.which, shells), "01", values):
            state.write_text("")
            subprocess.run(
                [shell, str(file)],
                env=environment | {"STATUS": status, "Y": value},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=False,
                timeout=LONG,
                cwd=tmp_path,
            )
            assert state.read_text() == expected, (shell, status, value, script)

    assert certain > 5
