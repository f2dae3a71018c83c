"""Numbers with their noun."""


def quantity(number: int, noun: str) -> str:
    """Write a number with its noun, in the plural unless it is one.

    >>> quantity(1, "interface"), quantity(2, "interface")
    ('1 interface', '2 interfaces')
    """
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
