"""Masking of secrets in foreign texts: a peer, a proxy or a library may repeat a password in any encoding."""

import base64
import html
import json
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeAlias, TypeVar
from urllib.parse import quote, quote_plus

import msgspec

MASK = "***"

T = TypeVar("T")

Masker: TypeAlias = Callable[[str], str]
"""Returns a text without the secrets that it was made for."""


def masker(secrets: Iterable[str], *, user: str | None = None) -> Masker:
    r"""Return a function that replaces these secrets, and those of a login as `user`, in every usual form.

    >>> masker(["p w"], user="me")("Basic bWU6cCB3, p%20w, \"p w\"")
    'Basic ***, ***, "***"'
    """
    forms = {form for secret in secrets if secret for form in _forms(secret, user)} - {""}
    if not forms:
        return lambda text: text
    # The longest first: one may be a part of another.
    pattern = re.compile("|".join(re.escape(form) for form in sorted(forms, key=len, reverse=True)), re.IGNORECASE)
    return lambda text: pattern.sub(MASK, text)


def masked(value: T, mask: Masker) -> T:
    """Return a value with all texts in it masked: of structs, tuples and mappings, to any depth."""
    return _masked(value, mask)  # type: ignore[no-any-return]  # of the same type


def mask_error(error: BaseException, mask: Masker) -> None:
    """Mask the texts of an exception."""
    error.args = masked(error.args, mask)
    for name, content in vars(error).items():
        setattr(error, name, masked(content, mask))


def _masked(value: Any, mask: Masker) -> Any:  # Any: whatever a struct holds
    match value:
        case str():
            return mask(value) if type(value) is str else value  # the members of enums are ours
        case tuple() if not hasattr(value, "_fields"):
            return tuple(_masked(part, mask) for part in value)
        case dict():
            return {key: _masked(part, mask) for key, part in value.items()}
        case msgspec.Struct():
            parts = {field: getattr(value, field) for field in value.__struct_fields__}
            new = {field: _masked(part, mask) for field, part in parts.items()}
            changed = {field: part for field, part in new.items() if part is not parts[field] and part != parts[field]}
            return msgspec.structs.replace(value, **changed) if changed else value
        case _:
            return value


def _forms(secret: str, user: str | None) -> Iterator[str]:
    """Yield the forms: as it is, escaped for JSON, Python, HTML and URLs, and in the header of a login."""
    yield secret
    data = secret.encode(errors="surrogateescape")
    yield data.decode("latin-1")
    for text in (json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]):
        yield text
        yield text.replace("/", "\\/")
    yield repr(secret)[1:-1]
    yield repr(data)[2:-1]
    for escaped in (html.escape(secret), html.escape(secret, quote=False)):
        yield escaped
        yield escaped.replace("&#x27;", "&#39;")
        yield escaped.replace("&#x27;", "&apos;")
    for safe in ("", "/", ":@!$&'()*+,;="):
        yield quote(data, safe=safe)
    yield quote_plus(data)
    logins = [data] if user is None else [data, f"{user}:".encode() + data]
    for login in logins:
        for packed in (base64.b64encode(login).decode(), base64.urlsafe_b64encode(login).decode()):
            for form in (packed, packed.rstrip("=")):
                yield form
                yield quote(form, safe="")
                yield form.replace("/", "\\/")
