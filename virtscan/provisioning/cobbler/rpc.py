"""XML-RPC client for untrusted servers: limits on time and size, no document types, no redirects.

`xmlrpc.client.ServerProxy` has none of these limits. `xmlrpc.client` still encodes and decodes the messages.
"""

import http.client
import pyexpat
import socket
import xmlrpc.client
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from virtscan.errors import ProvisioningError
from virtscan.masking import Masker
from virtscan.model import ProvisioningTarget
from virtscan.provisioning.connecting import connection_failure, tls_context
from virtscan.provisioning.credentials import authorization_of, masker_of
from virtscan.provisioning.limits import CHUNK, Deadline, within

LARGEST_REPLY = 256 << 20
"""Most bytes of a reply. Cobbler sends all systems in one, 5 to 7 KB each: enough for 35,000."""


class Endpoint:
    """An XML-RPC server, for methods without arguments."""

    def __init__(self, target: ProvisioningTarget, deadline: Deadline, wanted: frozenset[str]) -> None:
        """Read the secret and the authorities; only the `wanted` fields of items are kept.

        Raises:
            ProvisioningError: One of them can't be read.
        """
        self._url = urlsplit(target.url)
        self._deadline = deadline
        self._wanted = wanted
        self._context = tls_context(target) if self._url.scheme == "https" else None
        self._headers = {"Content-Type": "text/xml", "Accept-Encoding": "identity", "User-Agent": "virtscan"}
        self._mask = masker_of(target)
        authorization = authorization_of(target)
        if authorization is not None:
            self._headers["Authorization"] = authorization

    def call(self, method: str) -> object:
        """Call the method and return its result.

        Raises:
            ProvisioningError: The connection failed, the answer was late or not XML-RPC, or the method failed.
        """
        connection = self._connection()
        try:
            connection.connect()
            # From here on the connection forgets its socket as soon as it knows that the server will close it.
            answering = connection.sock
            connection.request("POST", self._url.path or "/RPC2", xmlrpc.client.dumps((), method), self._headers)
            answer = connection.getresponse()
            _check(answer)
            chunks = _chunks(answer, answering, self._deadline)
            return _parse(within(chunks, self._deadline, largest=LARGEST_REPLY), self._mask, self._wanted)
        except (OSError, http.client.HTTPException) as error:
            raise ProvisioningError(connection_failure(error, self._deadline)) from error
        finally:
            connection.close()

    def _connection(self) -> http.client.HTTPConnection:
        host, port, timeout = self._url.hostname or "", self._url.port, self._deadline.left()
        if self._context is None:
            return http.client.HTTPConnection(host, port, timeout=timeout)
        return http.client.HTTPSConnection(host, port, timeout=timeout, context=self._context)


def _check(answer: http.client.HTTPResponse) -> None:
    match answer.status:
        case 200:
            encoding = answer.getheader("Content-Encoding", "identity")
            if encoding != "identity":
                raise ProvisioningError(f"response has the unrequested encoding {encoding!r}")
        case 301 | 302 | 303 | 307 | 308:
            raise ProvisioningError(f"redirected to {answer.getheader('Location', 'nowhere')}; set url to that")
        case 401 | 403:
            raise ProvisioningError(f"login refused ({answer.status}); set user and password_file")
        case 404:
            raise ProvisioningError("not found (404); Cobbler's URL ends in /cobbler_api")
        case status:
            raise ProvisioningError(f"the server returned {status} {answer.reason}")


def _chunks(answer: http.client.HTTPResponse, answering: socket.socket, deadline: Deadline) -> Iterator[bytes]:
    # Since Python 3.13 an answer closes itself, and the socket with it, together with its last byte.
    while not answer.isclosed():
        answering.settimeout(deadline.left())
        chunk = answer.read1(CHUNK)  # only the bytes that have arrived: a slow sender must not exceed the limit
        if not chunk:
            break
        yield chunk
    if answer.length:
        raise http.client.IncompleteRead(b"", answer.length)


class _Unmarshaller(xmlrpc.client.Unmarshaller):
    """A decoder that drops unwanted fields of items as soon as they are read, to limit memory.

    An item is a struct, alone or in a list. An interface is a struct in a mapping by name in the item: its fields are
    dropped in the same way, the names are kept.
    """

    _WITH_FIELDS = frozenset({1, 2, 4})
    """Nesting depths at which a struct has fields."""

    def __init__(self, wanted: frozenset[str]) -> None:
        super().__init__(use_builtin_types=True)
        self._wanted = wanted | {"faultCode", "faultString"}
        self.dispatch = {**self.dispatch, "struct": _Unmarshaller._end_struct}  # type: ignore[dict-item]  # own method

    def _end_struct(self, _data: str) -> None:
        has_fields = len(self._marks) in self._WITH_FIELDS
        mark = self._marks.pop()
        pairs: Iterator[tuple[Any, Any]] = zip(self._stack[mark::2], self._stack[mark + 1 :: 2], strict=True)
        self._stack[mark:] = [{key: value for key, value in pairs if not has_fields or key in self._wanted}]
        self._value = False


def _parse(chunks: Iterator[bytes], mask: Masker, wanted: frozenset[str]) -> object:
    target = _Unmarshaller(wanted)
    target.xml("", None)  # text comes decoded
    parser = pyexpat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = target.start
    parser.EndElementHandler = target.end
    parser.CharacterDataHandler = target.data
    parser.StartDoctypeDeclHandler = _refuse_document_type
    try:
        for chunk in chunks:
            parser.Parse(chunk, False)
        parser.Parse(b"", True)
        return target.close()[0]
    except xmlrpc.client.Fault as error:
        raise ProvisioningError(f"Cobbler reports: {mask(str(error.faultString))[:200]}") from error
    except (xmlrpc.client.Error, pyexpat.ExpatError, *_DEFECTS) as error:
        raise ProvisioningError("response is not XML-RPC; check that url is Cobbler's API") from error


# Errors of Unmarshaller for elements in a wrong order or with invalid values.
_DEFECTS = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError)


def _refuse_document_type(*_: object) -> None:
    """Refuse a document type: XML-RPC needs none, and its entities can expand without end."""
    raise ProvisioningError("response declares an XML document type, which XML-RPC forbids")
