"""Meaning of libvirt's errors, and advice."""

import re

import libvirt

from virtscan.errors import ConnectorError
from virtscan.transport.ssh import OLD_ALGORITHMS, OLD_CRYPTO

LONGEST = 400
"""Characters kept of libvirt's own text."""

_LOGIN = (
    "login required; virtscan never prompts: use SSH keys, libvirt's auth.conf, or allow this user to "
    "read without a login (group libvirt, polkit)"
)

_HUNG_UP = "connection closed by the remote host; if it uses SSH, log in manually to see its message"

_CLOSED = "the daemon closed the connection or ended; see its log, then scan again"

_NO_LISTENER = "check that libvirtd is running, and that this user may use its socket"

_NO_NAME = "no such host name; correct the URI, or check name resolution (DNS)"

_NO_NETCAT = "the remote host has neither virt-ssh-helper nor netcat; install one of them"

_TOO_MANY = "the list is too long for libvirt; read this host's definitions with --xml instead"

_ADVICE_BY_CODE = {
    libvirt.VIR_ERR_AUTH_FAILED: _LOGIN,
    libvirt.VIR_ERR_AUTH_CANCELLED: _LOGIN,
    libvirt.VIR_ERR_AUTH_UNAVAILABLE: _LOGIN,
    libvirt.VIR_ERR_NO_CONNECT: "the libvirt client has no such driver; check the URI, or install the driver's package",
    libvirt.VIR_ERR_ACCESS_DENIED: "access denied to this user; allow it in libvirt's access rules",
    libvirt.VIR_ERR_NO_DOMAIN: "it was removed or migrated during the scan; scan again",
}

_SOCKET = re.compile(r"/(virt[a-z]+d)-sock(?:-ro)?': No such file")
"""The socket of one of the daemons that replace libvirtd."""

# The first text in this order that a message contains decides, before the error's code. libvirt passes on ssh's
# messages unchanged.
_ADVICE_BY_TEXT = (
    ("Host key verification failed", "unknown SSH host key; log in once manually, or add the key to known_hosts"),
    ("REMOTE HOST IDENTIFICATION HAS CHANGED", "the SSH host key has changed; find out why before connecting again"),
    ("Permission denied (", "SSH login refused; virtscan never prompts: set up a key or an agent"),
    ("Could not resolve hostname", _NO_NAME),
    ("Unable to resolve address", _NO_NAME),
    ("no matching host key type", OLD_ALGORITHMS),
    ("no matching key exchange method", OLD_ALGORITHMS),
    ("no matching cipher", OLD_ALGORITHMS),
    ("no matching MAC", OLD_ALGORITHMS),
    ("error in libcrypto", OLD_CRYPTO),
    (
        "ssh: connect to host",
        "check that the host is up and runs sshd on this port; for another port, write host:PORT",
    ),
    ("too large, want", "the server is not libvirtd; check the port"),
    (
        "CA certificate",
        "TLS needs certificates, and a URI without a transport uses TLS; for SSH use DRIVER+ssh://",
    ),
    (
        "verify peer's certificate",
        "the host's certificate has expired, or is from another authority or for another name",
    ),
    ("TLS handshake failed", "the server may not use TLS on this port; check port and transport"),
    ("read TLS confirmation", "the host refuses this client's certificate; check clientcert.pem, and the host's log"),
    ("Our own certificate", "renew clientcert.pem, or use cacert.pem of its authority"),
    ("command not found", _NO_NETCAT),
    ("nc: not found", _NO_NETCAT),  # the same in dash's words
    ("nc: ", _NO_LISTENER),
    ("Ncat: ", _NO_LISTENER),
    ("sock-ro': No such file", "check that libvirtd or virtqemud is running"),
    ("sock': No such file", "check that libvirtd or virtqemud is running"),
    ("Failed to connect socket to", "check that libvirtd is running, and that this user may open its socket"),
    ("Connection refused", "check that libvirtd is running and listens on this transport"),
    ("unable to connect to server at", "check that the host is up, and that no firewall blocks this port"),
    ("not include a driver name", "write a URI, e.g. qemu+ssh://root@HOST/system, or an alias of libvirt.conf"),
    ("oo many domains", _TOO_MANY),
    ("oo many remote", _TOO_MANY),
    ("End of file while reading data", _HUNG_UP),
    ("Cannot recv data", _CLOSED),
    ("client socket is closed", _CLOSED),
    # ssh ended before libvirt could read its message.
    ("Cannot write data", _HUNG_UP),
)


def reason(error: libvirt.libvirtError) -> str:
    """Return the error in one line: libvirt's own text, then the action where one is known.

    A long text (libxml2 repeats the line that it can't parse) keeps only its beginning. libvirt writes "internal error"
    before errors without a class of their own. It is removed, because it would read as a defect of virtscan.
    """
    message = " ".join((error.get_error_message() or "unknown libvirt error").split())
    message = message.removeprefix("internal error: ")
    advice = _advice(message) or _ADVICE_BY_CODE.get(error.get_error_code())
    shortened = f"{message[:LONGEST]}…" if len(message) > LONGEST else message
    return f"{shortened}; {advice}" if advice else shortened


def _advice(message: str) -> str | None:
    if socket := _SOCKET.search(message):
        return f"check that {socket[1]} is running"
    return next((advice for text, advice in _ADVICE_BY_TEXT if text in message), None)


def is_unsupported(error: libvirt.libvirtError) -> bool:
    """Return True if the driver lacks this call, or the daemon is too old for it.

    A daemon answers an unknown procedure with VIR_ERR_RPC; the client library, since 0.8, makes VIR_ERR_NO_SUPPORT of
    it (virnetclientprogram.c).
    """
    return bool(error.get_error_code() == libvirt.VIR_ERR_NO_SUPPORT)


def end_if_lost(connection: libvirt.virConnect, error: libvirt.libvirtError) -> None:
    """Raise if the error means the end of the connection, after which every call fails.

    Raises:
        ConnectorError: The connection is gone.
    """
    if not connection.isAlive():
        raise ConnectorError(f"connection lost: {reason(error)}") from error
