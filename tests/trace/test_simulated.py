"""Verdicts on simulated boots, of which it is known why they failed."""

from pathlib import Path

import pytest

from tests.trace.build import only, trace_of
from tests.trace.simulated import Simulated, boots, boots_over_bonds
from virtscan.trace import Failed, Outcome, judge

PARTS = [range(start, 240, 6) for start in range(6)]


def opposite(boot: Simulated) -> Failed:
    """The verdict that would be wrong, whatever else happened."""
    return Failed.YES if boot.takes_checksums else Failed.NO


@pytest.mark.parametrize("seeds", PARTS)
def test_a_verdict_is_never_the_opposite_of_what_happened(tmp_path: Path, seeds: range) -> None:
    verdicts = set()
    for seed, boot in zip(seeds, boots(seeds), strict=True):
        traced = only(trace_of(tmp_path, *boot.shots, until=boot.shots[-1].time + 60))
        failed = judge(traced).failed

        assert failed is not opposite(boot), seed
        if boot.loss == 0:
            assert (traced.outcome is Outcome.COMPLETE) is boot.has_file is boot.takes_checksums, seed
            assert failed is not Failed.UNCLEAR, seed
        verdicts.add(failed)
    assert {Failed.YES, Failed.NO} <= verdicts


@pytest.mark.parametrize("seeds", PARTS)
def test_the_beginning_of_a_capture_gives_no_opposite_verdict_either(tmp_path: Path, seeds: range) -> None:
    for seed, boot in zip(seeds, boots(seeds), strict=True):
        shots = boot.shots[: 1 + seed * 7919 % len(boot.shots)]
        for traced in trace_of(tmp_path, *shots).boots:
            assert judge(traced).failed is not opposite(boot), (seed, len(shots))


@pytest.mark.parametrize("seed", [402, 977, 1882, 3979, 4616, 6488])
def test_a_capture_that_ends_after_two_lost_answers_shows_no_fault(tmp_path: Path, seed: int) -> None:
    (boot,) = boots(range(seed, seed + 1))
    shots = boot.shots[: 1 + seed * 7919 % len(boot.shots)]

    traced = only(trace_of(tmp_path, *shots))
    assert boot.takes_checksums
    assert (traced.ignored.partial, traced.outcome, judge(traced).failed) == (2, Outcome.UNFINISHED, Failed.UNCLEAR)


@pytest.mark.parametrize("seeds", PARTS)
def test_a_bond_of_members_that_differ_in_offload_gives_no_opposite_verdict(tmp_path: Path, seeds: range) -> None:
    failed = 0
    for seed, boot in zip(seeds, boots_over_bonds(seeds), strict=True):
        failed += not boot.has_file
        whole = judge(only(trace_of(tmp_path, *boot.shots, until=boot.shots[-1].time + 60)))
        assert not (boot.has_file and whole.failed is Failed.YES), seed
        if boot.loss == 0 and not boot.has_file:
            assert whole.failed is not Failed.NO, seed
            for traced in trace_of(tmp_path, *boot.shots[: 1 + seed * 7919 % len(boot.shots)]).boots:
                assert judge(traced).failed is not Failed.NO, seed
    assert failed
