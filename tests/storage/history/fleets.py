"""Sequences of scans of a small fleet, as hypothesis makes them up: hosts fail, domains come, go, change and move."""

from datetime import timedelta

import msgspec
from hypothesis import strategies as st

from tests.build import TAKEN_AT, domain, gap_in_words, hypervisor, inventory, macvtap, server
from virtscan.model import GapAbout, HostStatus, Hypervisor, Inventory, Mac, Netboot, Server, State

_DOMAINS = st.builds(
    lambda number, vcpus, next_start: domain(
        f"vm{number}",
        macvtap(mac=f"52:54:00:00:00:0{number}"),
        uuid=f"0000000{number}-0000-4000-8000-000000000000",
        vcpus=vcpus,
        next_start=next_start,
    ),
    st.integers(0, 5),
    st.integers(1, 3),
    st.booleans(),
)


def _hosts(number: int) -> st.SearchStrategy[Hypervisor]:
    return st.builds(
        lambda status, domains, uuid, seconds: hypervisor(
            f"hv{number}",
            *domains,
            status=status,
            site=f"site{number % 2}",
            system_uuid=uuid,
            observed_at=TAKEN_AT + timedelta(seconds=seconds),
            read_seconds=seconds / 7,
        ),
        st.sampled_from(HostStatus),
        st.lists(_DOMAINS, max_size=5),
        st.sampled_from([None, "11111111-0000-4000-8000-000000000000"]),
        st.integers(1, 10**6),
    )


_NETBOOTS = st.builds(
    lambda number, pending: Netboot(
        mac=Mac(f"52:54:00:00:00:0{number}"), system="app", pending=pending, source="cobbler", observed_at=TAKEN_AT
    ),
    st.integers(0, 3),
    st.booleans(),
)
_SERVERS: st.SearchStrategy[Server] = st.builds(server, st.sampled_from(["a", "b"]), st.sampled_from(State))
_GAPS = st.builds(gap_in_words, subject=st.just("cobbler"), reason=st.just("refused"), about=st.sampled_from(GapAbout))


@st.composite
def scans(draw: st.DrawFn) -> Inventory:
    """One scan; hosts may be missing, or be in another order than before."""
    hosts = [draw(_hosts(number)) for number in draw(st.permutations(range(3)))[: draw(st.integers(0, 3))]]
    return inventory(
        *hosts,
        servers=tuple(draw(st.lists(_SERVERS, max_size=3))),
        netboots=tuple(draw(st.lists(_NETBOOTS, max_size=4))),
        gaps=tuple(draw(st.lists(_GAPS, max_size=2))),
        scope=draw(st.sampled_from([None, "one", "two"])),
    )


def sequences() -> st.SearchStrategy[list[Inventory]]:
    """Several scans, a day apart."""
    return st.lists(scans(), min_size=2, max_size=6).map(in_days)


def in_days(inventories: list[Inventory]) -> list[Inventory]:
    """Date each one day after the one before."""
    return [
        msgspec.structs.replace(night, taken_at=TAKEN_AT + timedelta(days=number))
        for number, night in enumerate(inventories)
    ]
