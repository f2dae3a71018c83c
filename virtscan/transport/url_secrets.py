"""Masking of passwords in URLs of hypervisors and databases; pure."""

import re
from urllib.parse import unquote

from virtscan.masking import Masker, masker

_PASSWORD = re.compile(r"(?<=://)([^:@/?#]*?)(?::|%3a)(?!\d*(?:/[^@?#]*)?(?:[?#]|$))(.*)@", re.DOTALL | re.IGNORECASE)
"""`user:password@`, but not a port. In doubt, as with an @ in the path, the text is masked."""

_PARAMETER = re.compile(r"([?&;#])([^=?&;#]*)=([^&;#]*)")
_SECRET = re.compile("pass|pwd|secret|token|cred", re.IGNORECASE)

_SPACE = re.compile(r"[\s+]")
"""Separators of words in a parameter; `+` stands for a space there."""

_COMMANDS = frozenset({"command", "netcat"})
"""Parameters with a command, whose arguments may be a password, as in `sshpass -p PASSWORD nc`."""


def shown(url: str) -> str:
    """Return the URL with masked passwords, for display."""
    return _PARAMETER.sub(_shown_parameter, _PASSWORD.sub(r"\1:***@", url))


def secrets(url: str) -> list[str]:
    """Return the passwords in a URL, as they are encoded there; a parameter that contains a URL with one is secret."""
    passwords = [match[2] for match in _PASSWORD.finditer(url)]
    for _, name, value in _PARAMETER.findall(url):
        nested = _nested(value)
        passwords += [value, *nested] if _is_secret(name, value) else []
    return passwords


def masker_of(url: str) -> Masker:
    """Return a function that masks the URL's passwords in a text that may repeat it, such as a library's message."""
    of_secrets = masker(form for secret in secrets(url) for form in (secret, unquote(secret)))
    return lambda text: of_secrets(text.replace(url, shown(url)))


def without_secrets(text: str, url: str) -> str:
    """Return a text without the URL's passwords, in any form."""
    return masker_of(url)(text)


def decoded(text: str) -> str:
    """Return the text with all levels of percent-encoding decoded."""
    while (once := unquote(text)) != text:
        text = once
    return text


def _shown_parameter(parameter: re.Match[str]) -> str:
    mark, name, value = parameter.groups()
    return f"{mark}{name}=***" if _is_secret(name, value) else parameter[0]


def _is_secret(name: str, value: str) -> bool:
    name = unquote(name)
    has_arguments = name.strip().lower() in _COMMANDS and _SPACE.search(decoded(value))
    return bool(has_arguments or _SECRET.search(name) or _nested(value))


def _nested(value: str) -> list[str]:
    """Return the passwords that only percent-decoding shows, at any level."""
    plain = decoded(value)
    return secrets(plain) if plain != value else []
