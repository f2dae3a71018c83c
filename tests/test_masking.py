"""Secrets that come back, in every form that a program gives them."""

import base64
import html
import json
import urllib.parse
from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from virtscan.masking import MASK, mask_error, masked, masker

pytestmark = pytest.mark.long

SECRETS = st.text(min_size=8, max_size=20).filter(lambda text: not set(text) <= set("*"))
FORMS: dict[str, Callable[[str], str]] = {
    "as it is": lambda secret: secret,
    "Basic": lambda secret: base64.b64encode(f"me:{secret}".encode()).decode(),
    "Basic without padding": lambda secret: base64.b64encode(f"me:{secret}".encode()).decode().rstrip("="),
    "token": lambda secret: base64.urlsafe_b64encode(secret.encode()).decode(),
    "URL": lambda secret: urllib.parse.quote(secret, safe=""),
    "URL in lower case": lambda secret: urllib.parse.quote(secret, safe="").lower(),
    "path": urllib.parse.quote,
    "form": urllib.parse.quote_plus,
    "JSON": lambda secret: json.dumps(secret)[1:-1],
    "JSON in UTF-8": lambda secret: json.dumps(secret, ensure_ascii=False)[1:-1],
    "HTML": html.escape,
    "Python": lambda secret: repr(secret)[1:-1],
    "header": lambda secret: secret.encode().decode("latin-1"),
}


@pytest.mark.parametrize("form", FORMS)
@given(secret=SECRETS)
def test_every_form_of_a_secret_is_masked(form: str, secret: str) -> None:
    written = FORMS[form](secret)

    assert masker([secret], user="me")(f"<<{written}>>") == f"<<{MASK}>>"


def test_a_text_without_a_secret_is_unchanged() -> None:
    assert masker([""])("text") == "text"


class Part(msgspec.Struct, frozen=True):
    text: str
    parts: "tuple[Part, ...]" = ()


def test_every_text_of_a_value_is_masked() -> None:
    value = Part("s3cret", (Part("a s3cret", ()), Part("fine")))

    assert masked(value, masker(["s3cret"])) == Part(MASK, (Part(f"a {MASK}"), Part("fine")))


def test_every_text_of_an_exception_is_masked() -> None:
    error = ValueError("s3cret")
    error.detail = Part("s3cret")  # type: ignore[attr-defined]  # as our own exceptions have

    mask_error(error, masker(["s3cret"]))

    assert (str(error), vars(error)) == (MASK, {"detail": Part(MASK)})
