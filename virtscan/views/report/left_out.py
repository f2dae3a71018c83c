"""Files of a folder that hold no definition, as warnings."""

from collections.abc import Iterator

from virtscan.model import Gap, GapAbout, Hypervisor, WhyLeftOut
from virtscan.model.gaps.causes import FilesLeftOut
from virtscan.model.gaps.items import WholeHost

_MOST_NAMES = 10


def left_out(host: Hypervisor) -> Iterator[Gap]:
    """Yield a warning for each reason why something is left out, with the first paths and how many more there are."""
    for why in WhyLeftOut:
        paths = [entry.path for entry in host.left_out if entry.why is why]
        if paths:
            files = tuple(paths[:_MOST_NAMES])
            cause = FilesLeftOut(why=why, files=files, more=len(paths) - len(files))
            item = WholeHost(uri=host.uri)
            yield Gap(item=item, cause=cause, about=GapAbout.CONFIGURATION, hypervisor=host.name)
