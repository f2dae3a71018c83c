"""A password or token, which nothing shows and nothing writes."""


class Secret:
    """A secret on its way to the code that uses it.

    It prints as `***`, and msgspec refuses to encode it: no inventory, report or message can hold it by mistake.

    >>> Secret("s3cret")
    ***
    >>> f"{Secret('s3cret')}"
    '***'
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the secret itself, to be sent."""
        return self._value

    def __repr__(self) -> str:
        return "***"

    def __reduce__(self) -> str:
        # Without this, pickle and copy would write the value out.
        raise TypeError("secrets are never written")
