"""Runner of scripts on another machine, with the system's OpenSSH client.

The user's ssh_config, agent, ProxyJump and known_hosts apply, and ssh never prompts. The environment variable
VIRTSCAN_SSH replaces the command, including options, as GIT_SSH_COMMAND does for git:
`VIRTSCAN_SSH="ssh -F /etc/virtscan/ssh_config"`.
"""

import ipaddress
import os
import re
import shlex
from collections.abc import Sequence

import msgspec

from virtscan.errors import ConfigError, SshError
from virtscan.transport import program

_ADDRESS = re.compile(r"(?:(.*)@)?(?:\[([^]@]*)\]|([^][:@]*))(?::([0-9]{1,5}))?")
_USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@+-]*")
_HOST = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
_SCOPE = re.compile(r"[A-Za-z0-9_.-]*")

_OPTIONS = (
    "-T",
    "-a",
    "-x",
    "-oBatchMode=yes",
    "-oClearAllForwardings=yes",
    # Use an open master connection, but don't become one, which would leave a process behind.
    "-oControlMaster=no",
    # Errors only: a banner could hold any text, even the words that `_reason` searches for.
    "-oLogLevel=ERROR",
)


class Destination(msgspec.Struct, frozen=True, kw_only=True):
    """An address to log in to; for a value of None, ssh_config decides."""

    host: str
    user: str | None = None
    port: int | None = None


def parse_destination(text: str) -> Destination:
    """Parse `[user@]host[:port]`; an IPv6 address is in brackets.

    Raises:
        ConfigError: A part is missing or invalid, or unsafe: ssh could treat it as an option, or the shell of a
            ProxyCommand could interpret it.
    """
    if ":" in text.rpartition("@")[0]:
        raise ConfigError("an SSH address can't have a password; use a key")
    parts = _ADDRESS.fullmatch(text)
    if parts is None:
        raise ConfigError(f"invalid SSH address {text!r}; write [user@]host[:port], an IPv6 host in brackets")
    user, ipv6, host, port = parts.groups()
    if not (ipv6 or host):
        raise ConfigError("no SSH host given; write [user@]host[:port]")
    if user is not None and not _USER.fullmatch(user):
        raise ConfigError(f"invalid SSH user name {user!r}; to use it, set User in ssh_config")
    if not (_HOST.fullmatch(host) if ipv6 is None else _is_ipv6(ipv6)):
        raise ConfigError(f"invalid SSH host {ipv6 or host!r}; to use it, set HostName in ssh_config")
    if port is not None and not 0 < int(port) < 65536:
        raise ConfigError(f"invalid port {port}; write a number from 1 to 65535")
    return Destination(host=ipv6 or host, user=user, port=None if port is None else int(port))


def client_command() -> list[str]:
    """Return the ssh command, with its first arguments.

    Raises:
        SshError: VIRTSCAN_SSH can't be read as a command.
    """
    try:
        return shlex.split(os.environ.get("VIRTSCAN_SSH", "")) or ["ssh"]
    except ValueError as error:
        raise SshError(f"VIRTSCAN_SSH is not a valid command: {error}") from error


def run(destination: Destination, script: str, *, arguments: Sequence[str] = (), timeout: float) -> bytes:
    """Run a POSIX shell script on the destination, in one session, and return its standard output.

    The script is sent on standard input and receives its arguments as `$1`, `$2` …; no shell interprets them as code.

    Args:
        destination: The machine to run it on.
        script: The script; it must end with status 0.
        arguments: Its arguments.
        timeout: Seconds until ssh and everything that it started is killed.

    Raises:
        SshError: The connection or the login failed, the answer was late, or the script failed; the message has the
            cause and an action.
    """
    client = client_command()
    user = () if destination.user is None else ("-l", destination.user)
    port = () if destination.port is None else ("-p", str(destination.port))
    connect = f"-oConnectTimeout={max(1, int(timeout))}"
    remote = shlex.join(["sh", "-s", "--", *arguments])
    try:
        completed = program.run(
            [*client, *_OPTIONS, connect, *user, *port, "--", destination.host, remote],
            stdin=script.encode(),
            timeout=timeout,
        )
    except TimeoutError as error:
        raise SshError(str(error)) from error
    except program.FloodError as error:
        raise SshError("endless output; check the output of the login shell") from error
    except OSError as error:
        raise SshError(f"{client[0]} can't be started ({error.strerror}); install the OpenSSH client") from error
    stderr = completed.stderr.decode(errors="replace")
    if completed.status == 255:
        raise SshError(_reason(stderr))
    if completed.status != 0:
        message = _last_line(stderr) or _last_line(completed.stdout.decode(errors="replace")) or "nothing"
        raise SshError(f"script failed with status {completed.status}: {message}")
    return completed.stdout


def _is_ipv6(host: str) -> bool:
    try:
        address = ipaddress.IPv6Address(host)
    except ValueError:
        return False
    return _SCOPE.fullmatch(address.scope_id or "") is not None


def _reason(stderr: str) -> str:
    """Return the reason of ssh's failure, from its output (OpenSSH 5.3 to 9.9; never translated)."""
    for words, reason in _REASONS.items():
        if words in stderr:
            return f"{reason} ({_line_with(words, stderr)})"
    return f"ssh failed: {_last_line(stderr) or 'no message'}"


_NO_ROUTE = "no route; check that the host is up, and the routes to it"
OLD_ALGORITHMS = "no common algorithm; allow one that the host offers in ssh_config"
OLD_CRYPTO = (
    "this machine's crypto policy refuses the host's old keys; allow them in ssh_config, or renew the host's key"
)

# In this order: the first text also ends with "Host key verification failed".
_REASONS = {
    "REMOTE HOST IDENTIFICATION HAS CHANGED": "the host key has changed; if the machine was reinstalled, remove the "
    "old key with ssh-keygen -R, otherwise the connection may be intercepted",
    "Host key verification failed": "unknown host key; log in once manually, or add the key to known_hosts",
    "Unable to negotiate": OLD_ALGORITHMS,
    "error in libcrypto": OLD_CRYPTO,
    "Permission denied": "login refused; set up a key that needs no prompt",
    "Too many authentication failures": "login refused: too many keys tried; set IdentityFile in ssh_config",
    "Connection refused": "connection refused; check that sshd runs there, or name its port: host:PORT",
    "Could not resolve hostname": "host name unknown; correct it, or check name resolution (DNS)",
    "timed out": "timeout; check that the host is up, and that no firewall blocks SSH",
    "No route to host": _NO_ROUTE,
    "Network is unreachable": _NO_ROUTE,
}


def _line_with(words: str, text: str) -> str:
    return next(line.strip() for line in text.splitlines() if words in line)


def _last_line(text: str) -> str:
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "")
