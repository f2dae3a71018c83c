"""Names of instances of systemd's templates."""

import re


def with_instance(text: str, instance: str) -> str:
    r"""Replace the specifiers of an instance.

    >>> with_instance("%i %I", r"br-lan\x2d1")
    'br-lan\\x2d1 br/lan-1'

    Source:
        systemd.unit(5), SPECIFIERS and systemd-escape(1): `%I` is unescaped, so that a dash becomes a slash.
    """
    unescaped = re.sub(r"\\x([0-9a-f]{2})", lambda found: chr(int(found[1], 16)), instance.replace("-", "/"))
    return text.replace("%i", instance).replace("%I", unescaped)
