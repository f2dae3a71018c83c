"""A hypervisor whose certificate is refused, as users see it."""

import os
import socket
import ssl
import subprocess
import threading
from contextlib import suppress
from pathlib import Path

from tests.harness.certificates import Certificates, make_certificates
from tests.harness.launching import VIRTSCAN


def _accept(listener: socket.socket, certificates: Certificates) -> None:
    """Serve TLS to every client until the listener is closed."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates.cert, certificates.key)
    with suppress(OSError):
        while True:
            connection, _ = listener.accept()
            with suppress(OSError), context.wrap_socket(connection, server_side=True) as session:
                session.recv(1)


def test_a_refused_certificate_has_its_own_advice_and_the_clients_log_stays_off_standard_error(tmp_path: Path) -> None:
    theirs, folder = make_certificates(tmp_path / "theirs"), tmp_path / "pki"
    folder.mkdir()
    make_certificates(tmp_path / "ours").ca.rename(folder / "cacert.pem")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_accept, args=(listener, theirs), daemon=True).start()
        address = f"qemu+tls://127.0.0.1:{listener.getsockname()[1]}/system?pkipath={folder}"
        done = subprocess.run(
            [*VIRTSCAN, "scan", "-c", address],
            env={name: value for name, value in os.environ.items() if not name.startswith("LIBVIRT_")},
            capture_output=True,
            text=True,
            check=False,
        )
        listener.shutdown(socket.SHUT_RDWR)

    assert "Failed to verify peer's certificate; the host's certificate has expired, or is from another" in done.stdout
    assert (done.stderr, done.returncode) == ("", 5)
