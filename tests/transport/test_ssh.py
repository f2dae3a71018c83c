"""The system's ssh, against a real sshd and against recorded refusals."""

import shlex
import socket
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness.patience import LONG, deadlines
from tests.harness.sshd import Sshd, make_key
from virtscan.errors import ConfigError, SshError
from virtscan.transport import ssh
from virtscan.transport.ssh import Destination, parse_destination

pytestmark = pytest.mark.slow

HERE = Destination(host="127.0.0.1")


# ------------------------------------------------------------------ addresses


@pytest.mark.parametrize(
    ("text", "destination"),
    [
        ("sat", Destination(host="sat")),
        ("root@sat.example.com", Destination(host="sat.example.com", user="root")),
        ("sat:2222", Destination(host="sat", port=2222)),
        ("a.b_c-d@10.0.0.1:22", Destination(host="10.0.0.1", user="a.b_c-d", port=22)),
        ("admin@EXAMPLE.COM@sat", Destination(host="sat", user="admin@EXAMPLE.COM")),
        ("[2001:db8::1]", Destination(host="2001:db8::1")),
        ("root@[fe80::1%eth0]:22", Destination(host="fe80::1%eth0", user="root", port=22)),
    ],
)
def test_an_address_has_a_host_and_perhaps_a_user_and_a_port(text: str, destination: Destination) -> None:
    assert parse_destination(text) == destination


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no SSH host given; write"),
        ("root@", "no SSH host given; write"),
        ("@sat", "invalid SSH user name"),
        ("-oProxyCommand=id", "invalid SSH host"),
        ("-oProxyCommand=id@sat", "invalid SSH user name"),
        ("sat;id", "invalid SSH host"),
        ("$(id)", "invalid SSH host"),
        ("sat name", "invalid SSH host"),
        ("sat\n", "invalid SSH host"),
        ("ro ot@sat", "invalid SSH user name"),
        ("`id`@sat", "invalid SSH user name"),
        ("2001:db8::1", "in brackets"),
        ("[2001:db8::1", "in brackets"),
        ("[2001:db8::1]22", "in brackets"),
        ("[sat]", "invalid SSH host"),
        ("[fe80::1%$(id)]", "invalid SSH host"),
        ("sat:", "in brackets"),
        ("sat:ssh", "in brackets"),
        ("sat:0", "invalid port"),
        ("sat:65536", "invalid port"),
        ("sat:\uff11\uff12", "in brackets"),
        ("sat/path", "invalid SSH host"),
    ],
)
def test_an_address_that_ssh_or_a_shell_could_misread_is_refused(text: str, reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        parse_destination(text)


def test_a_password_in_an_address_is_refused_and_not_repeated() -> None:
    with pytest.raises(ConfigError) as error:
        parse_destination("root:hunter2@sat")

    assert "password" in str(error.value)
    assert "hunter2" not in str(error.value)


# ------------------------------------------------------------------ a real sshd


def run(sshd: Sshd, script: str, *arguments: str, timeout: float = LONG) -> str:
    return ssh.run(parse_destination(sshd.destination), script, arguments=arguments, timeout=timeout).decode()


def test_a_script_runs_there_and_its_output_comes_back(sshd: Sshd) -> None:
    assert run(sshd, "echo $((6 * 7))") == "42\n"


def test_arguments_arrive_as_they_are_and_are_run_by_no_shell(sshd: Sshd, tmp_path: Path) -> None:
    trap = tmp_path / "trap"
    arguments = ["", "a b", f"$(touch {trap})", f"; touch {trap} #", "'\"\\", "-x", "*"]

    assert run(sshd, 'for argument; do printf "%s|" "$argument"; done', *arguments) == "|".join([*arguments, ""])
    assert not trap.exists()


def test_an_unknown_host_key_is_never_accepted(sshd: Sshd) -> None:
    sshd.known_hosts.write_text("")

    with pytest.raises(SshError, match="unknown host key; log in once manually"):
        run(sshd, "echo never")
    assert sshd.known_hosts.read_text() == ""


def test_a_changed_host_key_differs_from_an_unknown_one(sshd: Sshd, tmp_path: Path) -> None:
    make_key(tmp_path / "other")
    sshd.know(tmp_path / "other")

    with pytest.raises(SshError, match="the host key has changed"):
        run(sshd, "echo never")


def test_a_key_that_is_not_accepted_is_permission_denied_and_no_prompt(sshd: Sshd) -> None:
    sshd.authorized_keys.write_text("")

    with pytest.raises(SshError, match="login refused; set up a key"):
        run(sshd, "echo never")


def test_a_port_without_a_listener_is_connection_refused(sshd: Sshd) -> None:
    sshd.stop()

    with pytest.raises(SshError, match="connection refused; check that sshd runs there"):
        run(sshd, "echo never")


def test_a_script_that_fails_is_an_error_with_its_last_output(sshd: Sshd) -> None:
    with pytest.raises(SshError, match=r"status 3: it broke"):
        run(sshd, "echo it broke >&2; exit 3")
    with pytest.raises(SshError, match=r"status 1: This account is currently not available"):
        run(sshd, "echo This account is currently not available.; exit 1")
    with pytest.raises(SshError, match=r"status 1: nothing"):
        run(sshd, "exit 1")


def test_a_script_that_never_ends_is_ended_in_time(sshd: Sshd, tmp_path: Path) -> None:
    begun = tmp_path / "begun"

    for seconds in deadlines(1.5):
        with pytest.raises(SshError) as late:
            run(sshd, f"touch {begun}; while echo; do sleep 0.1; done", timeout=seconds)
        if begun.exists():
            break

    assert str(late.value) == f"no answer within {seconds:g} s"


def test_a_login_shell_that_floods_is_cut_off(sshd: Sshd) -> None:
    with pytest.raises(SshError, match="endless output"):
        run(sshd, "yes")


def test_no_process_stays_behind_as_master_of_a_shared_connection(sshd: Sshd) -> None:
    with tempfile.TemporaryDirectory(prefix="virtscan-", dir="/tmp") as folder:  # a socket's path must be short
        master = Path(folder) / "master"
        lines = f"ControlMaster auto\nControlPersist 600\nControlPath {master}\n"
        sshd.config.write_text(sshd.config.read_text() + lines)

        assert run(sshd, "echo done") == "done\n"
        assert not master.exists()


# ------------------------------------------------------------------ no sshd at all


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port that accepts and never sends a byte."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_a_port_that_accepts_and_stays_silent_is_a_timeout(silent_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIRTSCAN_SSH", "ssh -F /dev/null")

    with pytest.raises(SshError, match=r"timeout|no answer within 1\.5 s"):
        ssh.run(Destination(host="127.0.0.1", port=silent_port), "echo never", timeout=1.5)


def test_programs_started_by_ssh_end_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    number = tmp_path / "pid"
    script = tmp_path / "proxy"
    script.write_text(f'trap "" HUP TERM; echo $$ >{number}; exec sleep 1000')
    proxy = f"sh {script}"
    monkeypatch.setenv("VIRTSCAN_SSH", shlex.join(["ssh", "-F", "/dev/null", f"-oProxyCommand={proxy}"]))

    for seconds in deadlines(0.9):
        with pytest.raises(SshError, match=r"timeout|no answer within"):  # ssh has a limit of its own
            ssh.run(HERE, "echo never", timeout=seconds)
        if number.exists() and number.read_text():
            break
    assert ended(int(number.read_text()))


def ended(pid: int) -> bool:
    """Return True if the process is gone, or killed and not yet waited for by its new parent."""
    end = time.monotonic() + LONG
    while time.monotonic() < end:
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except FileNotFoundError:
            return True
        time.sleep(0.02)
    return False


def test_a_client_that_closes_its_output_and_stays_is_ended_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIRTSCAN_SSH", "sh -c 'exec >&- 2>&-; exec sleep 1000' ssh")

    with pytest.raises(SshError, match=r"^no answer within 0\.5 s$"):
        ssh.run(HERE, "echo never", timeout=0.5)


def test_without_a_client_the_package_to_install_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIRTSCAN_SSH", "/nonexistent/ssh")

    with pytest.raises(SshError, match=r"/nonexistent/ssh can't be started \(No such file or directory\)"):
        ssh.run(HERE, "echo never", timeout=LONG)


def test_an_invalid_command_in_the_environment_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIRTSCAN_SSH", "ssh -F 'unfinished")

    with pytest.raises(SshError, match="VIRTSCAN_SSH is not a valid command"):
        ssh.run(HERE, "echo never", timeout=LONG)


@pytest.mark.parametrize(
    ("stderr", "reason"),
    [
        ("ssh: Could not resolve hostname nosuch: Name or service not known", "host name unknown; correct it"),
        ("ssh: connect to host 192.0.2.1 port 22: Connection timed out", "timeout; check that the host is up"),
        ("Connection timed out during banner exchange", "timeout; check that the host is up"),
        ("ssh: connect to host 192.0.2.1 port 22: No route to host", "no route; check that the host is up"),
        ("ssh: connect to host 192.0.2.1 port 22: Network is unreachable", "no route; check that the host is up"),
        (
            "Unable to negotiate with 192.0.2.1 port 22: no matching host key type found. Their offer: ssh-rsa,ssh-dss",
            r"no common algorithm; allow .*Their offer: ssh-rsa,ssh-dss",
        ),
        (
            "Received disconnect from 192.0.2.1 port 22:2: Too many authentication failures",
            "too many keys tried",
        ),
        (
            "@@@@@\n@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\n@@@@@\nHost key verification failed.",
            "the host key has changed",
        ),
        ("kex_exchange_identification: Connection closed by remote host\n\n", "ssh failed: kex_exchange_id"),
        ("", "ssh failed: no message"),
    ],
)
def test_every_failure_has_its_own_reason(
    stderr: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A substitute ssh with OpenSSH's message of a case that can't be produced here.
    (tmp_path / "said").write_text(stderr)
    monkeypatch.setenv("VIRTSCAN_SSH", f"sh -c 'cat {tmp_path}/said >&2; exit 255' ssh")

    with pytest.raises(SshError, match=reason):
        ssh.run(HERE, "echo never", timeout=LONG)


def test_the_users_own_environment_reaches_ssh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIRTSCAN_SSH", "sh -c 'echo $SSH_AUTH_SOCK; cat >/dev/null' ssh")
    monkeypatch.setenv("SSH_AUTH_SOCK", str(tmp_path))

    assert ssh.run(HERE, "", timeout=LONG).decode() == f"{tmp_path}\n"


def test_ssh_runs_in_batch_mode_without_forwarding_or_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIRTSCAN_SSH", """sh -c 'tty; echo "$@"; test "$(ps -o sid= $$)" -eq $$ && echo own' ssh""")
    destination = Destination(host="sat", user="root", port=2222)
    words = ssh.run(destination, "", timeout=LONG).decode().splitlines()

    assert words[0] == "not a tty"
    assert words[1].startswith("-T -a -x -oBatchMode=yes ")
    assert f"-oConnectTimeout={LONG:g} -l root -p 2222 -- sat sh -s --" in words[1]
    assert words[2] == "own"
