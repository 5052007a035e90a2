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
from tests.year.course import Year, live
from tests.year.followers import InProcess
from tests.year.known import Differences, History, by_read_days, compare
from tests.year.ledger import Ledger
from tests.year.outcome import YearOutcome
from tests.year.plan import YearPlan
from tests.year.receiver import YearReceipt

SHORT = YearPlan(
    trials=50,
    days=28,
    outages=2,
    spells=1,
    histories=1,
    drips=2,
    excursions=1,
    restores=1,
    mass_days=1,
    chance=0.1,
    least=0,
    rare_every=90,
    read_timeout_s=0.4,
    total_timeout_s=2.0,
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


@pytest.mark.parametrize(
    "plan",
    [
        pytest.param(replace(SHORT, kills=3), id="daily"),
        # What was lost with a restore can come again otherwise where not all is read on each day.
        pytest.param(
            replace(
                SHORT,
                reread_every="7d",
                seed=2,
                kills=0,
                outages=1,
                kinds=("a lone surrogate", "cut off", "a key twice", "a list"),
                drips=0,
                excursions=0,
                restores=0,
                mass_days=0,
            ),
            id="weekly",
        ),
    ],
)
def test_what_is_stored_and_what_is_told_is_the_known_list_exactly(
    tmp_path: Path, plan: YearPlan
) -> None:
    outcome = live(plan, tmp_path, InProcess, unheard)
    assert outcome.lines() == []
    assert outcome.kills == plan.kills + plan.excursions
    assert outcome.events > 150
    assert outcome.messages > 50


# --- that it can fail ---------------------------------------------------------------------------
def history(*reported: tuple[str, date, str], late: tuple[str, date, str] | None = None) -> History:
    backfilled = Counter([late] if late else [])
    return History(
        reported=Counter(reported), backfilled=backfilled, empty=(), versions=len(reported)
    )


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
    reported = Counter([MOVED, ADDED, ("NCT09000001", DAYS[4], "site_added")])
    assert by_read_days(reported, DAYS, {DAYS[0], DAYS[3], DAYS[4]}) == Counter(
        [
            ("NCT09000001", DAYS[3], "start_date_moved"),
            ("NCT09000002", DAYS[3], "site_added"),
            ("NCT09000001", DAYS[4], "site_added"),
        ]
    )


# --- what is told, and by which ids ---------------------------------------------------------------
def receipt(uid: str, kind: str, summary: str = "as it was") -> YearReceipt:
    event: dict[str, object] = {"kind": kind, "path": None, "summary": summary, "facts": {}}
    alert = {"nct_id": MOVED[0], "version_date": "2026-01-06", "events": [event]}
    return YearReceipt(uid, {"alerts": [alert]})


def test_a_receiver_that_drops_known_ids_is_told_once() -> None:
    ledger = Ledger()
    ledger.note([receipt("a", MOVED[2]), receipt("a", MOVED[2])], DAYS[1])
    assert not ledger.compared(Counter([MOVED]), Counter())
    assert (ledger.messages, ledger.repetitions, ledger.contradictions) == (1, 1, [])


def test_an_id_that_says_something_else_the_second_time_is_a_contradiction() -> None:
    ledger = Ledger()
    ledger.note([receipt("a", MOVED[2]), receipt("a", MOVED[2], "by a month")], DAYS[1])
    assert [line.split()[0] for line in ledger.contradictions] == ["a"]


def test_the_same_change_under_two_ids_is_doubled_unless_it_may_come_again() -> None:
    ledger = Ledger()
    ledger.note([receipt("a", MOVED[2]), receipt("b", MOVED[2])], DAYS[1])
    assert ledger.compared(Counter([MOVED]), Counter()).doubled == (MOVED,)
    assert not ledger.compared(Counter([MOVED]), Counter([MOVED]))


# --- the whole one ------------------------------------------------------------------------------
def test_the_soak_kills_the_daemon_itself_and_tells_its_figures(
    capsys: pytest.CaptureFixture[str],
) -> None:
    options = (
        "--trials 12 --days 2 --kills 1 --outages 1 --spells 0 --histories 0 --drips 0 --least 0"
    )
    code = main(
        [*options.split(), "--excursions", "0", "--restores", "0", "--mass-days", "0", "--json"]
    )
    out, err = capsys.readouterr()
    figures = json.loads(out)
    assert code == 0, err
    for name in ("missed", "invented", "doubled", "not told", "told though nothing was"):
        assert figures[name] == 0
    faults = figures["faults"]
    assert figures["kills"] == faults["DNS failure"] + faults["closed port"] == 1
    assert (figures["days"], figures["events"] > 10) == (2, True)
    assert "day 2 of 2" in err


def test_what_differs_is_told_and_fails_the_soak(capsys: pytest.CaptureFixture[str]) -> None:
    outcome = YearOutcome(
        differences=compare(Counter([MOVED]), history()), reported=Differences(invented=(ADDED,)),
        days=1, read=1, requests=1, kills=0, versions=0, events=0,
        contradictions=("a says b or not",),
        faults={"drip": 2}, least={"drip": 3},
    )  # fmt: skip
    assert verdict(outcome) == 1
    assert capsys.readouterr().err.splitlines() == [
        "NCT09000001 2026-01-06: missed start_date_moved",
        "told: NCT09000002 2026-01-07: invented site_added",
        "a says b or not",
        "drip: 2 times, not 3",
    ]
    right = replace(
        outcome,
        differences=Differences(),
        reported=Differences(),
        contradictions=(),
        least={"drip": 2},
    )
    assert verdict(right) == 0
