"""What commands do between the command line and an inventory."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from virtscan.cli.acquire import collected
from virtscan.cli.console import Console, Verbosity
from virtscan.model import (
    Plan,
    ProvisioningKind,
    ProvisioningTarget,
    ServerTarget,
    SourceKind,
    State,
    Target,
    TargetKind,
)


class Counting(Console):
    """A console that counts the updates of its progress bar."""

    def __init__(self) -> None:
        super().__init__(Verbosity.QUIET)
        self.expected = 0
        self.done = 0

    @contextmanager
    def progress(self, length: int, label: str) -> Iterator[Callable[[], None]]:
        assert label
        self.expected = length
        yield self._advance

    def _advance(self) -> None:
        self.done += 1


def test_the_progress_bar_is_full_when_everything_was_read() -> None:
    plan = Plan(
        targets=(Target(kind=TargetKind.LIBVIRT, address="test:///default"),),
        servers=(ServerTarget(name="satellite", kind=SourceKind.DECLARED, address="", declared=State.ON),),
        provisioning=(ProvisioningTarget(kind=ProvisioningKind.COBBLER, url="http://127.0.0.1:9/cobbler_api"),),
    )
    said = Counting()

    collected(plan, said)

    assert said.done == said.expected == 3
