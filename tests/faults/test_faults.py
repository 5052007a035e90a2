"""Each fault: nothing lost, nothing invented, a clear line in the log, told by the status."""

import re
from contextlib import nullcontext
from typing import Any

import pytest

from tests.faults.cases import CASES, PAGE, FaultCase, later_page
from tests.faults.conftest import Undisturbed
from tests.faults.scene import MEGABYTE, SOURCE, Scene, is_part, logged, reasons
from tests.registry import NO_SUCH_HOST, Fault, closed_port

Log = pytest.CaptureFixture[str]
LASTING = {name: case for name, case in CASES.items() if case.reason}


def assert_as_undisturbed(scene: Scene, undisturbed: Undisturbed) -> None:
    """Check that nothing was lost, invented or doubled, and nothing is wrong any more."""
    assert scene.history() == undisturbed.history
    assert scene.unreadable() == []
    row = scene.row()
    assert (row.failures, row.failing_since, row.last_reason) == (0, None, None)


def assert_reported(scene: Scene, reason: str, log: Log, *besides: str) -> None:
    """Check that the last pass failed; report, log and status say why, in a line for people."""
    assert scene.reports[-1].outcome == "failed"
    reported = str(scene.reports[-1].reason)
    assert re.search(reason, reported), reported
    assert "\n" not in reported
    assert len(reported) < 300
    status = scene.status()
    assert (status["last_reason"], status["failures"]) == (reported, 1)
    assert status["last_success_at"] < status["failing_since"] == status["last_attempt_at"]
    lines = logged(log.readouterr().err)
    assert reasons(lines) == [reported]
    assert {line["event"] for line in lines} >= set(besides)
    assert {line["level"] for line in lines} <= {"info", "warning"}


def assert_reported_though_overcome(case: FaultCase, lines: list[dict[str, Any]]) -> None:
    """Check that a fault that a further request overcame left a line at the default level."""
    reported = {line["event"]: line for line in lines}
    if case.reason and not case.reported:
        line = reported["request retried"]
        assert line["level"] == "info"
        assert PAGE in line["reason"]
        assert line["attempt"] == 1
        assert line["pause_s"] >= 0
        assert line["source"] == SOURCE


@pytest.mark.parametrize("name", LASTING)
def test_while_it_lasts_the_source_fails_and_afterwards_nothing_is_missing(
    name: str, scene: Scene, undisturbed: Undisturbed, capsys: Log
) -> None:
    case = LASTING[name]
    assert case.reason is not None
    scene.timeouts = case.timeouts
    scene.replica.faults.add(case.fault, times=None, when=case.when, **case.options)
    scene.poll()
    assert scene.faults()[case.fault] > 0
    assert_reported(scene, case.reason, capsys, *case.reported)
    assert is_part(scene.history(), undisturbed.history)
    scene.replica.faults.clear()
    scene.timeouts = {}
    scene.finish()
    assert_as_undisturbed(scene, undisturbed)


@pytest.mark.parametrize("name", CASES)
def test_met_once_in_the_middle_of_a_pass_nothing_comes_of_it(
    name: str, scene: Scene, undisturbed: Undisturbed, capsys: Log
) -> None:
    case = CASES[name]
    scene.timeouts = case.timeouts
    scene.replica.faults.add(case.fault, when=case.when, **case.options)
    scene.poll()
    assert scene.faults() == {case.fault: 1}
    if case.overcome:
        assert scene.reports[-1].outcome == "ok", scene.reports[-1].reason
        assert_reported_though_overcome(case, logged(capsys.readouterr().err))
    else:
        assert_reported(scene, str(case.reason), capsys)
    scene.finish()
    assert_as_undisturbed(scene, undisturbed)


@pytest.mark.parametrize("name", [name for name in CASES if name not in LASTING])
def test_what_fails_no_pass_may_last(name: str, scene: Scene, undisturbed: Undisturbed) -> None:
    case = CASES[name]
    scene.replica.faults.add(case.fault, times=None, when=case.when, **case.options)
    scene.finish()
    assert scene.faults()[case.fault] > 0
    assert_as_undisturbed(scene, undisturbed)


@pytest.mark.parametrize(
    ("place", "reason"),
    [
        (nullcontext(NO_SUCH_HOST), r"the name no-such-host\.invalid cannot be resolved: "),
        (closed_port(), r"127\.0\.0\.1:\d+ cannot be reached: Connection refused"),
    ],
    ids=["DNS failure", "closed port"],
)
def test_a_registry_that_is_not_there_is_a_failure_of_the_source(
    place: "nullcontext[str]", reason: str, scene: Scene, undisturbed: Undisturbed, capsys: Log
) -> None:
    before = scene.history()
    with place as base_url:
        scene.poll(base_url=base_url)
    assert_reported(scene, reason, capsys)
    assert scene.history() == before
    scene.finish()
    assert_as_undisturbed(scene, undisturbed)


@pytest.mark.parametrize("fault", [Fault.HUGE, Fault.HUGE_GZIP])
def test_an_answer_without_an_end_is_read_to_the_limit_and_no_further(
    fault: Fault, scene: Scene
) -> None:
    scene.replica.faults.add(fault, when=lambda asked: asked.is_version)
    assert scene.poll().outcome == "failed"
    assert scene.log.settled()
    (line,) = scene.log
    # What lies in the buffers between the two was sent and never read.
    assert line.sent < 16 * MEGABYTE


def test_a_study_of_a_wrong_shape_is_kept_apart_and_read_again_at_once(
    scene: Scene, undisturbed: Undisturbed, capsys: Log
) -> None:
    scene.replica.faults.add(Fault.MALFORMED_STUDY, when=later_page)
    assert scene.poll().outcome == "ok"
    reported = {line["event"] for line in logged(capsys.readouterr().err)}
    assert reported >= {"records quarantined", "records without id", "search incomplete"}
    assert scene.unreadable() == ["protocolSection.identificationModule is a list, not an object"]
    scene.decide()
    assert scene.history() == undisturbed.history
    assert scene.row().failures == 0


def test_a_study_of_a_wrong_shape_holds_up_no_other_one_and_is_read_once_it_is_right(
    scene: Scene, undisturbed: Undisturbed
) -> None:
    scene.replica.faults.add(Fault.MALFORMED_STUDY, when=later_page, times=None)
    assert scene.poll().outcome == "ok"
    assert len(set(scene.unreadable())) == 1
    so_far = scene.history()
    assert is_part(so_far, undisturbed.history)
    scene.replica.faults.clear()
    scene.replica.world.reload()
    scene.finish()
    assert scene.history() == undisturbed.history


def test_every_fault_of_the_registry_is_among_these() -> None:
    assert {case.fault for case in CASES.values()} == set(Fault) - {Fault.MALFORMED_STUDY}
