"""The sentences for files of a folder that hold no definition."""

from collections.abc import Iterator

from virtscan.model import Hypervisor, WhyLeftOut

_MOST_NAMES = 10
_WORDS = {
    WhyLeftOut.NOT_XML: "not XML",
    WhyLeftOut.OTHER_KIND: "neither a domain nor a network",
    WhyLeftOut.NOT_REGULAR: "not a regular file",
    WhyLeftOut.HIDDEN: "the name begins with a dot",
    WhyLeftOut.HALF_WRITTEN: "a half-written copy of libvirt's",
}


def left_out_words(host: Hypervisor) -> Iterator[str]:
    """Write a line for each reason why something is left out, with the first names and how many more there are."""
    for why in WhyLeftOut:
        paths = [one.path for one in host.left_out if one.why is why]
        if paths:
            more = len(paths) - _MOST_NAMES
            names = ", ".join(paths[:_MOST_NAMES])
            yield f"left out ({_WORDS[why]}): {names}{f' and {more} more' if more > 0 else ''}"
