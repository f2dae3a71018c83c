"""Connections of both protocols: certificate checks, and reasons for failures."""

import http.client
import socket
import ssl
from collections.abc import Mapping

from virtscan.errors import ProvisioningError
from virtscan.model import ProvisioningTarget
from virtscan.provisioning.limits import Deadline


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
            why = current.verify_message.rstrip(".")
            return f"certificate not trusted ({why}); set ca_file to a file with the CA certificate"
        if isinstance(current, TimeoutError):
            return deadline.reason  # no wait is longer than the deadline
        for kind, reason in _REASONS.items():
            if isinstance(current, kind):
                return reason
        current = current.__cause__ or current.__context__
    return f"no connection ({getattr(error, 'strerror', None) or type(error).__name__})"


# The order matters: base classes come after their subclasses.
_REASONS: Mapping[type[BaseException], str] = {
    ssl.SSLError: "the server does not use TLS; check the port, or use http://",
    socket.gaierror: "host name unknown",
    ConnectionRefusedError: "connection refused",
    ConnectionError: "connection closed by the server",
    http.client.HTTPException: "response is not HTTP, or was cut short",
}
