"""The task of a worker, without a cluster, and the results of its answers."""

import json
import os
import select
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import pytest

from tests.cli.test_collect import plan, silent_host
from tests.conftest import PROJECT
from tests.harness.definitions import domain_xml
from tests.harness.launching import wait_for_end
from tests.harness.libvirtd import node
from tests.harness.patience import LONG, deadlines
from virtscan.engines.dask import worker_task
from virtscan.engines.dask.answers import loss_of, results_of
from virtscan.engines.engine import AnswerError, Job, Loss, Lost, Slice
from virtscan.storage import loads

PLACE = "tls://ams:1"


@pytest.fixture(autouse=True)
def project(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the program be found that is tested."""
    monkeypatch.setenv("PYTHONPATH", str(PROJECT))


def split_answer(answer: bytes) -> tuple[dict[str, object], bytes]:
    line, _, output = answer.partition(b"\n")
    return json.loads(line), output


def test_a_slice_is_read_by_a_process_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "hv1.xml").write_text(node(domain_xml("web01")))

    header, output = split_answer(worker_task.run_slice(plan(f"test://{tmp_path}/hv1.xml"), LONG, "run"))

    assert header == {"code": 0, "error": ""}
    assert [domain.name for domain in loads(output, origin="").hypervisors[0].domains] == ["web01"]


def test_the_last_message_of_a_plan_that_is_refused_comes_back() -> None:
    header, output = split_answer(worker_task.run_slice(b'{"schema":"virtscan.plan/2","version":"1"}\n', LONG, "run"))

    assert (header["code"], output) == (2, b"")
    assert str(header["error"]).startswith("virtscan: standard input: its schema is 'virtscan.plan/2'")


@pytest.mark.slow
def test_a_run_that_is_stopped_answers_with_what_it_has_and_starts_no_more() -> None:
    with silent_host() as (silent, server):
        answers: list[bytes] = []
        thread = threading.Thread(
            target=lambda: answers.append(worker_task.run_slice(plan(silent), LONG, "a run")), daemon=True
        )
        thread.start()
        connection, _ = server.accept()
        worker_task.stop("another run")
        worker_task.stop("a run")
        thread.join(LONG)
        with connection:
            connection.settimeout(LONG)
            wait_for_end(connection)

    header, output = split_answer(answers[0])
    assert header["code"] == 3
    assert b'"code":"interrupted"' in output
    assert split_answer(worker_task.run_slice(plan(silent), LONG, "a run")) == (
        {"code": None, "error": "interrupted"},
        b"",
    )


@pytest.mark.slow
def test_a_process_that_is_late_is_killed() -> None:
    with silent_host() as (silent, server):
        header, output = split_answer(worker_task.run_slice(plan(silent), 2.0, "run"))
        server.close()

    assert (header["code"], output) == (-9, b"")


@pytest.mark.slow
def test_programs_of_a_killed_process_end_even_in_other_sessions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "ssh").write_text(f"#!/bin/sh\nexec setsid sh -c 'echo started && exec sleep 1000' >{tmp_path}/pipe\n")
    (tmp_path / "ssh").chmod(0o755)
    os.mkfifo(tmp_path / "pipe")
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    try:
        for seconds in deadlines(2.0):
            worker_task.run_slice(plan("qemu+ssh://host/system"), seconds, "run")
            with suppress(BlockingIOError):
                if os.read(reader, 100):
                    break
        assert select.select([reader], [], [], LONG)[0]
        assert os.read(reader, 100) == b""  # when no program has it open
    finally:
        os.close(reader)


class Words:
    """A carrier of jobs whose results are words."""

    def slices(self, jobs: Sequence[Job[str]]) -> tuple[Slice, ...]:
        return (Slice(site=None, jobs=tuple(range(len(jobs)))),)

    def pack(self, jobs: Sequence[Job[str]], run_left: float) -> bytes:  # noqa: ARG002 the protocol's signature
        return b""

    def unpack(self, jobs: Sequence[Job[str]], answer: bytes) -> Sequence[str]:  # noqa: ARG002 the protocol's signature
        if answer == b"cut":
            raise AnswerError("cut short")
        return answer.decode().split()


@pytest.mark.parametrize(
    ("answer", "result"),
    [
        (b'{"code": 0, "error": ""}\na b', ["a", "b"]),
        (b'{"code": 3, "error": "warning"}\na b', ["a", "b"]),
        (b'{"code": 0, "error": ""}\ncut', Lost(Loss.FAILED, PLACE, "cut short")),
        (b'{"code": 2, "error": "virtscan: other"}\n', Lost(Loss.REFUSED, PLACE, "other")),
        (b'{"code": -9, "error": ""}\n', Lost(Loss.NO_ANSWER, PLACE, "")),
        (b'{"code": -11, "error": "x"}\n', Lost(Loss.FAILED, PLACE, "x")),
        (b'{"code": null, "error": "no such file"}\n', Lost(Loss.FAILED, PLACE, "no such file")),
        (b'{"code": 70, "error": "internal error"}\n', Lost(Loss.FAILED, PLACE, "internal error")),
    ],
)
def test_an_answer_is_results_or_a_reason(answer: bytes, result: object) -> None:
    assert results_of(answer, [], Words(), PLACE) == result


@pytest.mark.parametrize("answer", [b"", b"nonsense", b'{"code": "0"}\n', b"\xff\n", b"[]\na b"])
def test_an_answer_of_another_program_is_a_failure(answer: bytes) -> None:
    lost = results_of(answer, [], Words(), PLACE)

    assert isinstance(lost, Lost)
    assert (lost.loss, lost.place) == (Loss.FAILED, PLACE)


@pytest.mark.parametrize(
    ("error", "loss"),
    [
        (ModuleNotFoundError("No module named 'virtscan'"), Loss.REFUSED),
        (AttributeError("no run_slice"), Loss.REFUSED),
        (ValueError("two\nlines"), Loss.FAILED),
    ],
)
def test_an_error_on_the_worker_is_a_reason_in_one_line(error: Exception, loss: Loss) -> None:
    lost = loss_of(error, PLACE)

    assert (lost.loss, lost.place) == (loss, PLACE)
    assert "\n" not in lost.detail
