"""Codes: names of classes as outputs write them."""


def code_of(name: str) -> str:
    """Write a class name as a code: `SharesDevice` is `shares-device`."""
    return "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("-")
