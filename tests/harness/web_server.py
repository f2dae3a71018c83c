"""A web server of our own on a high port of 127.0.0.1, with or without TLS; a function makes its answers."""

import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import msgspec


class Request(msgspec.Struct, kw_only=True):
    """A client's request; names of headers in lower case."""

    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


class Answer(msgspec.Struct, kw_only=True):
    """The answer of the server; a body in parts is sent without its length, part by part as they come."""

    status: int = 200
    headers: Mapping[str, str] = {}
    body: bytes = b""
    parts: Iterator[bytes] | None = None


class WebServer(ThreadingHTTPServer):
    """A server; `requests` are those that it got."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, answer: Callable[[Request], Answer], context: ssl.SSLContext | None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answer = answer
        self.requests: list[Request] = []
        self.url = f"{'http' if context is None else 'https'}://127.0.0.1:{self.server_address[1]}"
        if context is not None:
            # The handshake happens in the connection's own thread, where a failed one stops no other.
            self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)


@contextmanager
def web_server(answer: Callable[[Request], Answer], *, context: ssl.SSLContext | None = None) -> Iterator[WebServer]:
    """A server for as long as the block runs; `answer` is called in threads of its own."""
    with WebServer(answer, context) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: WebServer

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except OSError:  # the client went away, which is what many tests are about
            self.close_connection = True

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        request = Request(
            path=url.path,
            query=dict(parse_qsl(url.query)),
            headers={name.lower(): value for name, value in self.headers.items()},
            body=self.rfile.read(int(self.headers.get("Content-Length", 0))),
        )
        self.server.requests.append(request)
        self._send(self.server.answer(request))

    do_POST = do_GET  # noqa: N815  the library's name

    def _send(self, given: Answer) -> None:
        self.send_response(given.status)
        for name, value in given.headers.items():
            self.send_header(name, value)
        if given.parts is not None:
            self.send_header("Connection", "close")
        elif "Content-Length" not in given.headers:
            self.send_header("Content-Length", str(len(given.body)))
        self.end_headers()
        self.wfile.write(given.body)
        for part in given.parts or ():
            self.wfile.write(part)
            self.wfile.flush()

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002  the library's name
        pass


class Authority:
    """A certificate authority of our own: `certificate` is its file, `context` is for a server at 127.0.0.1.

    Unless the server's certificate has another name, or ended days ago.
    """

    def __init__(self, folder: Path, *, name: str = "IP:127.0.0.1", days: int = 1) -> None:
        self.certificate = folder / "ca.pem"
        key, request, signed = folder / "key.pem", folder / "request.pem", folder / "server.pem"
        extensions = folder / "extensions"
        extensions.write_text(f"subjectAltName={name}\nauthorityKeyIdentifier=keyid\n")
        ca_key = folder / "ca-key.pem"
        new = ("openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
        # Without it a strict reader takes it for none: Python does from 3.13 on.
        of_an_authority = ("-addext", "keyUsage=critical,keyCertSign,cRLSign")
        _run(
            *new,
            "-x509",
            "-keyout",
            ca_key,
            "-out",
            self.certificate,
            "-subj",
            "/CN=virtscan test authority",
            *of_an_authority,
        )
        _run(*new, "-keyout", key, "-out", request, "-subj", "/CN=127.0.0.1")
        _run(
            *("openssl", "x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", ca_key),
            *("-CAcreateserial", "-extfile", extensions, "-out", signed, "-days", days),
        )
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(signed, key)


def _run(*command: object) -> None:
    subprocess.run([str(word) for word in command], check=True, capture_output=True)
