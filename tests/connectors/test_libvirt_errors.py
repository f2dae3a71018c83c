"""Messages of libvirt's client, verbatim, and the advice that is added to them."""

import libvirt
import pytest

from virtscan.connectors.libvirt.errors import reason


def error(message: str) -> libvirt.libvirtError:
    """An error as libvirt's binding makes it from virGetLastError: code, domain, message, level."""
    raised = libvirt.libvirtError("virConnectOpenReadOnly() failed")
    raised.err = (libvirt.VIR_ERR_SYSTEM_ERROR, libvirt.VIR_FROM_RPC, message, libvirt.VIR_ERR_ERROR)
    return raised


@pytest.mark.parametrize("problem", ["Network is unreachable", "No route to host", "Connection timed out"])
def test_a_host_that_no_packet_reaches_is_reported_with_what_to_check(problem: str) -> None:
    message = f"unable to connect to server at '10.9.0.1:16509': {problem}"

    assert reason(error(message)) == f"{message}; check that the host is up, and that no firewall blocks this port"


def test_a_port_that_refuses_is_a_matter_of_the_daemon() -> None:
    refused = "unable to connect to server at '127.0.0.1:9': Connection refused"

    assert reason(error(refused)) == f"{refused}; check that libvirtd is running and listens on this transport"
