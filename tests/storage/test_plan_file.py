"""Plans of slices: written and read by one version, and refused with one sentence by every other."""

import msgspec
import pytest

from virtscan import __version__
from virtscan.errors import PlanError
from virtscan.storage.plan_file import PlannedHypervisor, SavedPlan, plan_dumps, plan_loads

PLAN = SavedPlan(
    schema="virtscan.plan/1",
    version=__version__,
    hypervisors=(
        PlannedHypervisor(
            uri="qemu+ssh://hv1/system", name="hv1", site="ams1", segments={"bond2": "a"}, reflective=("bond2",)
        ),
        PlannedHypervisor(uri="qemu+ssh://hv2/system", kernel="5.14.0", physical=True),
    ),
    host_timeout=5.0,
    deadline=60.0,
    run_left=12.5,
    in_fleet=True,
    ssh_facts=True,
    next_start=True,
    stats=True,
    allow_unsafe_uri=True,
    server_macs=("52:54:00:00:00:01",),
)


def changed(**keys: object) -> bytes:
    raw: dict[str, object] = msgspec.json.decode(plan_dumps(PLAN))
    return msgspec.json.encode(raw | keys)


def test_a_plan_is_one_line_that_is_read_again() -> None:
    text = plan_dumps(PLAN)

    assert text.count(b"\n") == 1
    assert text.endswith(b"\n")
    assert plan_loads(text, origin="") == PLAN


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (changed(version="9.9.9"), f"written by virtscan 9.9.9, but this is {__version__}; install the same version"),
        (changed(schema="virtscan.plan/2"), "its schema is 'virtscan.plan/2', but this is virtscan"),
        (changed(schema="virtscan.plan/2", version="9.9.9", hypervisors=7), "its schema is 'virtscan.plan/2'"),
        (changed(schema="virtscan.inventory/3"), "not a plan: its schema is 'virtscan.inventory/3'; see"),
        (changed(schema="x" * 1000), "not a plan: its schema is 'xxx"),
        (changed(password="s3cret"), "unknown field `password`"),
        (changed(hypervisors=[{"uri": ""}]), "not a plan"),
        (changed(hypervisors=[{"uri": "x", "secret": 1}]), "unknown field `secret`"),
        (changed(host_timeout=0), "not a plan"),
        (changed(run_left=-1), "not a plan"),
        (changed(deadline=1e9), "not a plan"),
        (b"{}", "not a plan"),
        (b"[]", "not a plan"),
        (b"", "empty; see virtscan schema plan"),
        (b"{\n", "not JSON (Input data was truncated)"),
        (b"# plan\n", "not JSON (invalid character (byte 0))"),
        (plan_dumps(PLAN)[:100], "not JSON (Input data was truncated)"),
        (b'{"schema": "\xff"}', "not"),
        (b"[" * 100_000, "not a plan"),
    ],
)
def test_anything_else_is_refused_in_one_line(text: bytes, problem: str) -> None:
    with pytest.raises(PlanError, match="standard input: ") as caught:
        plan_loads(text, origin="standard input")

    assert problem in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 250
