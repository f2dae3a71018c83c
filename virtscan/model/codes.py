"""Codes: names of classes as outputs write them."""

import msgspec


def code_of(name: str) -> str:
    """Write a class name as a code: `SharesDevice` is `shares-device`."""
    return "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("-")


def code(value: msgspec.Struct) -> str:
    """Return the code of a reason, or of the cause of a gap."""
    return str(value.__struct_config__.tag)
