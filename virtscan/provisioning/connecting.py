"""Connections of both protocols: certificate checks, and reasons for failures."""

import http.client
import socket
import ssl
import zlib
from collections.abc import Mapping

from virtscan.errors import ProvisioningError
from virtscan.model import ProvisioningTarget
from virtscan.provisioning.limits import Deadline

NOT_HTTP = "response is not HTTP, or was cut short"


def tls_context(target: ProvisioningTarget) -> ssl.SSLContext:
    """Return a context that checks certificates against `ca_file` if set, else against the system's authorities.

    Raises:
        ProvisioningError: The file can't be read, or holds no certificate.
    """
    try:
        return ssl.create_default_context(cafile=target.ca_file)
    except ssl.SSLError as error:
        raise ProvisioningError(f"{target.ca_file}: no PEM certificates found") from error
    except OSError as error:
        raise ProvisioningError(f"{target.ca_file}: can't be read: {error.strerror}") from error


def connection_failure(error: BaseException, deadline: Deadline) -> str:
    """Return the reason for a missing answer: that of the first known error in the chain of exceptions."""
    current: BaseException | None = error
    while current is not None:
        if isinstance(current, ssl.SSLCertVerificationError):
            advice = _ADVICE.get(current.verify_code, "set ca_file to a file with the CA certificate")
            return f"certificate not trusted ({current.verify_message.rstrip('.')}); {advice}"
        if isinstance(current, TimeoutError):
            return deadline.reason  # no wait is longer than the deadline
        for kind, reason in _REASONS.items():
            if isinstance(current, kind):
                return reason
        current = current.__cause__ or current.__context__
    return f"no connection ({getattr(error, 'strerror', None) or type(error).__name__})"


# Codes of OpenSSL's verification, which no other authority changes.
_ADVICE: Mapping[int, str] = {
    9: "it is not valid yet: check the clocks of both machines",
    10: "renew it",
    62: "set url to a name in the certificate",
    64: "set url to an address in the certificate, or to a name",
}

# The order matters: base classes come after their subclasses.
_REASONS: Mapping[type[BaseException], str] = {
    ssl.SSLError: "the server does not use TLS; check the port, or use http://",
    socket.gaierror: "host name unknown; correct url, or check name resolution (DNS)",
    ConnectionRefusedError: "connection refused; check url, and that the server is running",
    ConnectionError: "connection closed by the server",
    http.client.HTTPException: NOT_HTTP,
    zlib.error: NOT_HTTP,
}
