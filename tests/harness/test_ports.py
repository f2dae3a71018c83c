"""Ports for servers of the tests."""

import socket

from tests.harness.ports import reserved_port


def test_a_reserved_port_has_no_listener_until_a_server_takes_it() -> None:
    with reserved_port() as port:
        with socket.socket() as client:
            assert client.connect_ex(("127.0.0.1", port)) != 0
        with socket.create_server(("127.0.0.1", port)), socket.socket() as client:
            assert client.connect_ex(("127.0.0.1", port)) == 0
        with socket.socket() as client:  # as before, once the server has ended
            assert client.connect_ex(("127.0.0.1", port)) != 0
