"""Replies of libvirt: the result of a call, or the failure that concerns its item alone."""

from collections.abc import Callable
from typing import Generic, TypeAlias, TypeVar

import libvirt
import msgspec

T = TypeVar("T")


class Fetched(msgspec.Struct, Generic[T], frozen=True):
    """The value that a call returned."""

    value: T


class LibvirtFailure(msgspec.Struct, frozen=True):
    """The error that libvirt gave instead."""

    error: libvirt.libvirtError


class NotText(msgspec.Struct, frozen=True):
    """A text that is not UTF-8."""


Reply: TypeAlias = Fetched[T] | LibvirtFailure | NotText


def reply_of(call: Callable[[], T]) -> Reply[T]:
    """Call libvirt, and return an item's failure as a value; any other exception is a defect."""
    try:
        return Fetched(call())
    except libvirt.libvirtError as error:
        return LibvirtFailure(error.with_traceback(None))  # its frames would keep the connection open
    except (UnicodeDecodeError, SystemError):  # SystemError: the binding's own, of a message in another encoding
        return NotText()


def size_of(value: object) -> int:
    """Return the number of characters of the document in a reply, or in the reply of a pair; 0 for anything else."""
    reply = getattr(value, "reply", value)
    return len(reply.value) if isinstance(reply, Fetched) and isinstance(reply.value, str) else 0
