"""A short year in which the registry misbehaves and the monitor is killed: nothing is wrong.

``./run soak`` lets a whole one pass, over the daemon itself.
"""

import json
from collections import Counter
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from tests.year.__main__ import main, verdict
from tests.year.course import Outcome, Year, live
from tests.year.followers import InProcess
from tests.year.known import Differences, History, by_read_days, compare
from tests.year.plan import Plan

SHORT = Plan(
    trials=70,
    days=40,
    outages=2,
    chance=0.1,
    rare_every=90,
    read_timeout_s=0.4,
    answer_limit_mb=1,
    patience_s=60.0,
)
DAYS = [date(2026, 1, day) for day in (5, 6, 7, 8, 9)]


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep loopback on loopback, whatever proxy the machine has."""
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def unheard(number: int, day: date, year: Year) -> None:
    del number, day, year


@pytest.mark.parametrize(("reread_every", "seed", "kills"), [("1d", 1, 3), ("7d", 2, 0)])
def test_the_stored_history_is_the_known_list_exactly(
    tmp_path: Path, reread_every: str, seed: int, kills: int
) -> None:
    plan = replace(SHORT, reread_every=reread_every, seed=seed, kills=kills)
    outcome = live(plan, tmp_path, InProcess, unheard)
    assert outcome.differences.lines() == []
    assert outcome.unreadable == ()
    assert (outcome.kills, outcome.outages.total()) == (kills, plan.outages)
    assert len(outcome.faults) > 5
    assert outcome.events > 300


# --- that it can fail ---------------------------------------------------------------------------
def history(*told: tuple[str, date, str], late: tuple[str, date, str] | None = None) -> History:
    backfilled = Counter([late] if late else [])
    return History(told=Counter(told), backfilled=backfilled, empty=(), versions=len(told))


MOVED = ("NCT09000001", DAYS[1], "start_date_moved")
ADDED = ("NCT09000002", DAYS[2], "site_added")


def test_what_is_told_as_often_as_known_is_right() -> None:
    known = Counter([MOVED, ADDED, ADDED])
    assert not compare(known, history(ADDED, MOVED, ADDED))


def test_an_event_that_is_not_told_is_missed() -> None:
    found = compare(Counter([MOVED, ADDED]), history(MOVED))
    assert found.missed == (ADDED,)
    assert found.lines() == ["NCT09000002 2026-01-07: missed site_added"]


def test_an_event_that_never_was_is_invented_and_one_told_twice_is_doubled() -> None:
    found = compare(Counter([MOVED]), history(MOVED, MOVED, ADDED))
    assert (found.missed, found.invented, found.doubled) == ((), (ADDED,), (MOVED,))


def test_an_event_on_another_day_is_missed_on_its_own() -> None:
    later = (MOVED[0], DAYS[2], MOVED[2])
    found = compare(Counter([MOVED]), history(later))
    assert (found.missed, found.invented) == ((MOVED,), (later,))


def test_an_event_told_as_if_it_were_no_news_is_wrong() -> None:
    assert compare(Counter([MOVED]), history(MOVED, late=MOVED)).backfilled == (MOVED,)


def test_days_that_were_not_read_whole_count_with_the_next_that_was() -> None:
    told = Counter([MOVED, ADDED, ("NCT09000001", DAYS[4], "site_added")])
    assert by_read_days(told, DAYS, {DAYS[0], DAYS[3], DAYS[4]}) == Counter(
        [
            ("NCT09000001", DAYS[3], "start_date_moved"),
            ("NCT09000002", DAYS[3], "site_added"),
            ("NCT09000001", DAYS[4], "site_added"),
        ]
    )


# --- the whole one ------------------------------------------------------------------------------
def test_the_soak_kills_the_daemon_itself_and_tells_its_figures(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code = main(["--trials", "12", "--days", "2", "--kills", "1", "--outages", "1", "--json"])
    out, err = capsys.readouterr()
    figures = json.loads(out)
    assert code == 0
    assert (figures["missed"], figures["invented"], figures["doubled"]) == (0, 0, 0)
    assert (
        figures["kills"] == figures["faults"]["DNS failure"] + figures["faults"]["closed port"] == 1
    )
    assert (figures["days"], figures["events"] > 10) == (2, True)
    assert "day 2 of 2" in err


def test_what_differs_is_told_and_fails_the_soak(capsys: pytest.CaptureFixture[str]) -> None:
    outcome = Outcome(
        differences=compare(Counter([MOVED]), history()), days=1, read=1, requests=1,
        faults=Counter(), kills=0, outages=Counter(), versions=0, events=0, unreadable=(),
    )  # fmt: skip
    assert verdict(outcome) == 1
    assert capsys.readouterr().err == "NCT09000001 2026-01-06: missed start_date_moved\n"
    assert verdict(replace(outcome, differences=Differences())) == 0
