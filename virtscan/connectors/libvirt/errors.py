"""What libvirt's errors mean and what to do about them."""

import libvirt

from virtscan.errors import ConnectorError

LONGEST = 400
"""Characters of libvirt's own words."""

_LOGIN = (
    "it asks for a login, and virtscan answers no prompt: use ssh keys, libvirt's auth.conf, or let this user read "
    "without one (group libvirt, polkit)"
)

_HUNG_UP = "the other side hung up: where ssh is in between, see what it says by hand"

_NO_NETCAT = "the other side has neither virt-ssh-helper nor netcat"

_TOO_MANY = "the list is longer than libvirt can send: read this host's definitions with --xml instead"

_ADVICE_BY_CODE = {
    libvirt.VIR_ERR_AUTH_FAILED: _LOGIN,
    libvirt.VIR_ERR_AUTH_CANCELLED: _LOGIN,
    libvirt.VIR_ERR_AUTH_UNAVAILABLE: _LOGIN,
    libvirt.VIR_ERR_NO_CONNECT: "this libvirt client has no driver for it (a missing package, or a typing error)",
    libvirt.VIR_ERR_ACCESS_DENIED: "its access rules hide this from the user that virtscan connects as",
}

# In this order: the first text that a message contains decides. ssh's words come through libvirt as they are.
_ADVICE_BY_TEXT = (
    ("Host key verification failed", "ssh does not know this host: log in once by hand, or add its key to known_hosts"),
    ("REMOTE HOST IDENTIFICATION HAS CHANGED", "its host key is not the known one: find out why before anything else"),
    ("Permission denied (", "ssh refused the login: virtscan answers no prompt, so it needs a key or an agent"),
    ("Could not resolve hostname", "no such host name"),
    ("Unable to resolve address", "no such host name"),
    ("too large, want", "something other than libvirtd answers there: check the port"),
    (
        "CA certificate",
        "a host without a transport means TLS, which needs certificates here; by ssh it is DRIVER+ssh://",
    ),
    ("command not found", _NO_NETCAT),
    ("nc: not found", _NO_NETCAT),  # the same in dash's words
    ("nc: ", "libvirtd does not run there, or this user may not use its socket"),
    ("sock-ro': No such file", "libvirtd (or virtqemud) does not run there"),
    ("sock': No such file", "libvirtd (or virtqemud) does not run there"),
    ("Failed to connect socket to", "libvirtd does not answer at this socket, or this user may not open it"),
    ("Connection refused", "nothing listens there: does libvirtd run, and does it listen on this transport?"),
    ("oo many domains", _TOO_MANY),
    ("oo many remote", _TOO_MANY),
    ("End of file while reading data", _HUNG_UP),
    # libvirt was faster than ssh, which had ended before it said why.
    ("Cannot write data", _HUNG_UP),
)


def reason(error: libvirt.libvirtError) -> str:
    """The error in one line: libvirt's own words, then what to do where that is known.

    Of words without end (libxml2 repeats the line that it does not understand) only the beginning is kept.
    """
    message = " ".join((error.get_error_message() or "unknown libvirt error").split())
    advice = _ADVICE_BY_CODE.get(error.get_error_code())
    for text, meaning in _ADVICE_BY_TEXT:
        if advice is None and text in message:
            advice = meaning
    shortened = f"{message[:LONGEST]}…" if len(message) > LONGEST else message
    return f"{shortened}; {advice}" if advice else shortened


def is_unsupported(error: libvirt.libvirtError) -> bool:
    """Does the driver not have this call, or the daemon not know it yet?

    A daemon answers an unknown procedure with VIR_ERR_RPC; the client library, since 0.8, makes VIR_ERR_NO_SUPPORT of
    it (virnetclientprogram.c).
    """
    return bool(error.get_error_code() == libvirt.VIR_ERR_NO_SUPPORT)


def end_if_lost(connection: libvirt.virConnect, error: libvirt.libvirtError) -> None:
    """Tell an error of one item from the end of the connection, after which every call fails.

    Raises:
        ConnectorError: The connection is gone.
    """
    if not connection.isAlive():
        raise ConnectorError(f"the connection was lost: {reason(error)}") from error
