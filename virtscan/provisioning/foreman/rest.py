"""Client of Foreman's REST API: pages of records, under one deadline.

Source:
    theforeman/foreman.git, app/controllers/api, 1.6 to 3.13.
"""

import email.utils
import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import msgspec

from virtscan.errors import ProvisioningError
from virtscan.masking import Masker
from virtscan.model import ProvisioningTarget
from virtscan.provisioning.connecting import NOT_HTTP, connection_failure, tls_context
from virtscan.provisioning.credentials import authorization_of, masker_of
from virtscan.provisioning.limits import CHUNK, Deadline, within

if TYPE_CHECKING:
    import requests

PER_PAGE = 250
"""Records of a page. Foreman takes a few milliseconds per host, so a page stays well within a time limit."""


LARGEST_PAGE = 32 << 20
"""Most bytes of a page after decompression; a host takes 3 to 10 KB."""


NOT_JSON = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""Exceptions of decoding: not JSON of this type, not UTF-8, nested too deeply."""


class UnansweredError(ProvisioningError):
    """A request that failed while others may succeed."""


class Page(msgspec.Struct, kw_only=True):
    """One page of an index; `subtotal` counts all records that match, on any page."""

    results: tuple[msgspec.Raw, ...]
    subtotal: int


class Api:
    """A logged-in session; its connection stays open between requests."""

    def __init__(self, target: ProvisioningTarget, deadline: Deadline) -> None:
        """Read the secret and the certificate authorities.

        Raises:
            ProvisioningError: One of them can't be read, or requests is not installed.
        """
        try:
            import requests
        except ImportError as error:
            raise ProvisioningError("requests is not installed; install virtscan[foreman]") from error
        self._root = f"{target.url.rstrip('/')}/api/v2"
        self._deadline = deadline
        self._session = requests.Session()
        self._session.headers.update({"Accept": "application/json", "User-Agent": "virtscan"})
        # Otherwise its address is parsed, which can fail in many ways, although no redirect is followed.
        self._session.get_redirect_target = lambda _answer: None  # type: ignore[method-assign, assignment]  # of this session
        self._session.auth = _Basic(authorization_of(target))
        self._mask = masker_of(target)
        tls_context(target)  # its error about ca_file is clearer than that of requests
        self._authorities = target.ca_file or True

    def close(self) -> None:
        """Close the connection."""
        self._session.close()

    def records(self, path: str, **parameters: str) -> Iterator[msgspec.Raw]:
        """Yield all records of an index, page by page.

        Raises:
            ProvisioningError: A page can't be read, or the list ended too early; the records before are valid. If a
                list becomes shorter in the meantime, records move to pages that were read already.
        """
        page, total = 1, 0
        got: set[bytes] = set()
        while True:
            answer = self._page(path, {**parameters, "page": str(page), "per_page": str(PER_PAGE)})
            new = {bytes(record): record for record in answer.results if bytes(record) not in got}
            yield from new.values()
            got.update(new)
            total = max(total, answer.subtotal)
            if len(got) >= total:
                return
            if not new:
                raise ProvisioningError(f"list {path} ended after {len(got)} of {total}")
            page += 1

    def _page(self, path: str, parameters: Mapping[str, str]) -> Page:
        try:
            return msgspec.json.decode(self._get(path, parameters), type=Page)
        except NOT_JSON as error:
            raise ProvisioningError(f"{path}: not a Foreman API response ({error})") from error

    def _get(self, path: str, parameters: Mapping[str, str]) -> bytes:
        import requests

        while True:
            try:
                with self._session.get(
                    f"{self._root}/{path}",
                    params=parameters,
                    timeout=self._deadline.left(),
                    verify=self._authorities,
                    allow_redirects=False,  # credentials go to the configured address only
                    stream=True,
                ) as answer:
                    if answer.status_code != 429:
                        content = b"".join(within(answer.iter_content(CHUNK), self._deadline, largest=LARGEST_PAGE))
                        _check(answer, content, path, self._mask)
                        return content
                    pause = _pause(answer)
            except requests.exceptions.RequestException as error:
                raise ProvisioningError(connection_failure(error, self._deadline)) from error
            except ValueError as error:  # of libraries, e.g. for a negative length
                raise ProvisioningError(NOT_HTTP) from error
            if pause >= self._deadline.left():
                raise ProvisioningError(f"rate limited (429): retry after {pause:g} s exceeds the time limit")
            time.sleep(pause)


class _Basic:
    """The Authorization header; requests would read credentials from ~/.netrc, and only supports Latin-1."""

    def __init__(self, header: str | None) -> None:
        self._header = header

    def __call__(self, request: "requests.PreparedRequest") -> "requests.PreparedRequest":
        if self._header is not None:
            request.headers["Authorization"] = self._header
        return request


def _check(answer: "requests.Response", content: bytes, path: str, mask: Masker) -> None:
    match answer.status_code:
        case 200:
            kind = answer.headers.get("Content-Type", "nothing")
            if "json" not in kind:
                raise ProvisioningError(
                    f"response is {kind}, not JSON; check that url is Foreman's base URL, without /api"
                )
        case 301 | 302 | 303 | 307 | 308:
            raise ProvisioningError(f"redirected to {answer.headers.get('Location', 'nowhere')}; set url to that")
        case 401:
            raise ProvisioningError(f"login refused (401); check user and password or token{_message(content, mask)}")
        case 403:
            raise ProvisioningError(f"permission denied for {path} (403){_message(content, mask)}")
        case 404:
            raise UnansweredError(f"{path} not found (404); check that url is Foreman's base URL, without /api")
        case status:
            raise UnansweredError(f"{path} returned {status} {answer.reason}{_message(content, mask)}")


class _ErrorDetail(msgspec.Struct, frozen=True):
    message: str = ""
    missing_permissions: tuple[str, ...] = ()


class _ErrorDocument(msgspec.Struct, frozen=True):
    error: _ErrorDetail = _ErrorDetail()


def _message(content: bytes, mask: Masker) -> str:
    """Return Foreman's message about an error, if it helps."""
    try:
        given = msgspec.json.decode(content, type=_ErrorDocument).error
    except NOT_JSON:
        return ""
    if given.missing_permissions:
        return f": missing permission {', '.join(given.missing_permissions)}"
    return f": {mask(given.message)[:200]}" if given.message else ""


def _pause(answer: "requests.Response") -> float:
    """Return the seconds to wait after status 429, by Retry-After (a number or a date), else 1."""
    given = answer.headers.get("Retry-After", "1")
    if given.isascii() and given.isdecimal():
        return float(given[:9])
    try:
        return max(0.0, email.utils.parsedate_to_datetime(given).timestamp() - time.time())
    except (ValueError, OverflowError):
        return 1.0
