"""Why an event is sent, and why not: each reason, and which of several is told."""

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from monitor.match.matcher import Matcher
from monitor.model.changes import GROUPS, ChangeKind, Severity
from monitor.model.subscriptions import (
    Changes,
    Filter,
    MatchDecision,
    Reason,
    SubscriptionStatus,
    Trials,
)
from tests.match.examples import (
    KNOWN,
    LATER,
    MADE,
    NCT,
    OTHER_NCT,
    about,
    event,
    filtered,
    news,
    record,
    sent_by,
    silence,
    verdict,
    wish,
)

LUPUS = Filter(wanted={"condition": ("lupus",)})
CHINA = Filter(wanted={"country": ("China",)})
NOISE = event(ChangeKind.SITE_RENAMED, Severity.NOISE)
MOVED = ChangeKind.COMPLETION_MOVED
TARGET = ChangeKind.ENROLLMENT_TARGET_CHANGED


@pytest.mark.parametrize(
    ("trials", "reason", "words"),
    [
        (Trials(nct_ids=frozenset({NCT, OTHER_NCT})), Reason.NCT_ID, NCT),
        (filtered(LUPUS), Reason.FILTER, "condition: lupus"),
        (filtered(CHINA, LUPUS), Reason.FILTER, "condition: lupus"),
        (Trials(everything=True), Reason.EVERYTHING, ""),
        (Trials(nct_ids=frozenset({NCT}), filters=(LUPUS,), everything=True), Reason.NCT_ID, NCT),
        (Trials(filters=(LUPUS,), everything=True), Reason.FILTER, "condition: lupus"),
        (Trials(nct_ids=frozenset({OTHER_NCT})), Reason.OTHER_TRIAL, ""),
        (Trials(), Reason.OTHER_TRIAL, ""),
        (filtered(Filter()), Reason.OTHER_TRIAL, ""),
        (filtered(CHINA), Reason.OTHER_TRIAL, "country: China"),
        (
            filtered(CHINA, Filter(wanted={"phase": ("NA",)})),
            Reason.OTHER_TRIAL,
            "country: China; or phase: NA",
        ),
    ],
)
def test_how_a_subscription_stands_to_the_trial_is_told(
    trials: Trials, reason: Reason, words: str
) -> None:
    assert verdict(wish(trials)) == MatchDecision(reason=reason, words=words)


def test_of_the_ids_of_a_trial_that_a_subscription_names_the_present_one_is_told() -> None:
    merged = {"protocolSection": {"identificationModule": {"nctIdAliases": [OTHER_NCT]}}}
    reported = news(old=record(merged), new=record(merged))
    both = Trials(nct_ids=frozenset({NCT, OTHER_NCT}))
    assert verdict(wish(both), reported).words == NCT
    former = Trials(nct_ids=frozenset({OTHER_NCT}))
    assert verdict(wish(former), reported).words == f"{OTHER_NCT}, now {NCT}"


def test_a_trial_that_enters_a_filter_is_news_to_it() -> None:
    reported = news(old=about(conditions=["Gout"]), new=about(conditions=["Lupus"]))
    assert verdict(wish(filtered(LUPUS)), reported).words == "condition: lupus"


def test_a_trial_that_leaves_a_filter_by_this_change_is_news_to_it() -> None:
    reported = news(old=about(conditions=["Lupus"]), new=about(conditions=["Gout"]))
    expected = MatchDecision(reason=Reason.FILTER, words="condition: lupus (before this change)")
    assert verdict(wish(filtered(LUPUS)), reported) == expected


def test_a_trial_that_comes_to_what_is_excluded_is_news_for_the_last_time() -> None:
    not_gout = Filter(wanted={"condition": ("lupus",)}, excluded={"condition": ("gout",)})
    reported = news(old=about(conditions=["Lupus"]), new=about(conditions=["Lupus", "Gout"]))
    assert (
        verdict(wish(filtered(not_gout)), reported).words == "condition: lupus (before this change)"
    )
    later = news(old=reported.new, new=reported.new)
    expected = MatchDecision(reason=Reason.OTHER_TRIAL, words="not condition: gout")
    assert verdict(wish(filtered(not_gout)), later) == expected


def test_a_filter_matches_a_record_as_a_whole_not_half_of_each() -> None:
    both = Filter(wanted={"condition": ("lupus",), "status": ("COMPLETED",)})
    reported = news(
        old=about(conditions=["Lupus"]), new=about(conditions=["Gout"], status="COMPLETED")
    )
    assert verdict(wish(filtered(both)), reported).reason is Reason.OTHER_TRIAL


def test_the_first_version_of_a_trial_is_news_to_filters() -> None:
    reported = news(event(ChangeKind.TRIAL_REGISTERED, Severity.MEDIUM), old=None)
    assert verdict(wish(filtered(LUPUS)), reported).sends


@pytest.mark.parametrize(
    ("changes", "said", "expected"),
    [
        (Changes(), event(), None),
        (Changes(), NOISE, (Reason.NOISE, "site_renamed")),
        (Changes(kinds=GROUPS["sites"]), NOISE, (Reason.NOISE, "site_renamed")),
        (Changes(kinds=frozenset({NOISE.kind})), NOISE, None),
        (Changes(kinds=GROUPS["noise"]), NOISE, None),
        (
            Changes(kinds=GROUPS["noise"], min_severity=Severity.MEDIUM),
            NOISE,
            (Reason.SEVERITY, "min_severity: medium"),
        ),
        (Changes(kinds=GROUPS["status"]), event(), None),
        (Changes(kinds=GROUPS["dates"]), event(), (Reason.KIND, "trial_terminated")),
        (Changes(kinds=frozenset()), event(), (Reason.KIND, "trial_terminated")),
        (Changes(min_severity=Severity.CRITICAL), event(severity=Severity.CRITICAL), None),
        (
            Changes(min_severity=Severity.CRITICAL),
            event(severity=Severity.HIGH),
            (Reason.SEVERITY, "min_severity: critical"),
        ),
        (Changes(min_days=30), event(MOVED, Severity.LOW, days=30), None),
        (Changes(min_days=30), event(MOVED, Severity.LOW, days=-31), None),
        (
            Changes(min_days=30),
            event(MOVED, Severity.LOW, days=-29),
            (Reason.THRESHOLD, "min_days: 30"),
        ),
        (
            Changes(min_days=30),
            event(MOVED, Severity.LOW, days=0),
            (Reason.THRESHOLD, "min_days: 30"),
        ),
        (Changes(min_days=30), event(MOVED, Severity.LOW, days=None), None),
        (Changes(min_days=30), event(), None),
        (Changes(min_days=30), event(TARGET, Severity.LOW, percent=1.0), None),
        (Changes(min_percent=12.5), event(TARGET, Severity.LOW, percent=-12.5), None),
        (
            Changes(min_percent=12.5),
            event(TARGET, Severity.LOW, percent=12.4),
            (Reason.THRESHOLD, "min_percent: 12.5"),
        ),
        (Changes(min_percent=12.5), event(TARGET, Severity.LOW, percent=None), None),
        (Changes(min_percent=12.5), event(TARGET, Severity.LOW, percent="much"), None),
    ],
)  # fmt: skip
def test_which_events_a_subscription_asks_for(
    changes: Changes, said: Any, expected: tuple[Reason, str] | None
) -> None:
    found = verdict(wish(changes=changes), news(said))
    assert (found.reason, found.words) == (expected or (Reason.NCT_ID, NCT))


@pytest.mark.parametrize(
    ("given", "held"),
    [
        ({}, True),
        ({"subscriber": None}, True),
        ({"kind": ChangeKind.TRIAL_TERMINATED}, True),
        ({"kind": ChangeKind.TRIAL_TERMINATED, "nct_id": None}, True),
        ({"kind": ChangeKind.TRIAL_TERMINATED, "nct_id": None, "subscriber": None}, True),
        ({"until": KNOWN + timedelta(seconds=1)}, True),
        ({"until": KNOWN}, False),
        ({"created_at": KNOWN}, True),
        ({"created_at": KNOWN + timedelta(seconds=1)}, False),
        ({"subscriber": "ben"}, False),
        ({"nct_id": OTHER_NCT}, False),
        ({"kind": ChangeKind.SITE_ADDED}, False),
        ({"kind": ChangeKind.TRIAL_TERMINATED, "nct_id": OTHER_NCT}, False),
        ({"kind": None, "nct_id": None}, False),
    ],
)
def test_what_a_silence_covers(given: dict[str, Any], held: bool) -> None:
    found = verdict(wish(), silences=[silence(nct_id=OTHER_NCT), silence(**given)])
    assert (found.reason is Reason.SILENCED) is held
    assert found.sends is not held


def test_a_silence_is_told_with_its_end_and_its_reason() -> None:
    given = silence(kind=ChangeKind.TRIAL_TERMINATED, reason="known already")
    expected = f"trial_terminated in {NCT} until 2026-12-01 00:00 UTC (known already)"
    assert verdict(wish(), silences=[given]).words == expected


def test_a_silence_that_has_ended_leaves_a_longer_one_standing() -> None:
    ended, status = silence(until=MADE + timedelta(days=1)), silence(until=LATER)
    assert verdict(wish(), silences=[ended, status]).reason is Reason.SILENCED


def test_a_version_of_before_the_subscription_is_no_news_to_it() -> None:
    found = verdict(wish(), news(known_at=MADE - timedelta(seconds=1)))
    assert found == MatchDecision(reason=Reason.EARLIER, words="made 2026-11-01 09:00 UTC")
    assert verdict(wish(), news(known_at=MADE)).sends


def test_of_several_reasons_the_first_in_order_is_told() -> None:
    """Take away one reason after the other."""
    other = Trials(nct_ids=frozenset({OTHER_NCT}))
    choosy = Changes(kinds=GROUPS["dates"], min_severity=Severity.HIGH, min_days=90)
    subscription: dict[str, Any] = {
        "trials": other, "changes": choosy, "status": SubscriptionStatus.RETIRED,
        "created_at": KNOWN + timedelta(days=1),
    }  # fmt: skip
    reported: dict[str, Any] = {
        "backfilled": True,
        "events": [event(TARGET, Severity.NOISE, days=1)],
    }
    silences = [silence()]
    steps: list[tuple[Reason, dict[str, Any], dict[str, Any]]] = [
        (Reason.RETIRED, {"status": SubscriptionStatus.PAUSED}, {}),
        (Reason.PAUSED, {"status": SubscriptionStatus.ACTIVE}, {}),
        (Reason.OTHER_TRIAL, {"trials": Trials(everything=True)}, {}),
        (Reason.BACKFILLED, {}, {"backfilled": False}),
        (Reason.EARLIER, {"created_at": MADE}, {}),
        (Reason.NOISE, {}, {"events": [event(TARGET, Severity.LOW, days=1)]}),
        (Reason.KIND, {}, {"events": [event(MOVED, Severity.LOW, days=1)]}),
        (Reason.SEVERITY, {}, {"events": [event(MOVED, Severity.HIGH, days=1)]}),
        (Reason.THRESHOLD, {}, {"events": [event(MOVED, Severity.HIGH, days=90)]}),
    ]
    for reason, then, next_news in steps:
        assert verdict(wish(**subscription), news(**reported), silences).reason is reason
        subscription |= then
        reported |= next_news
    assert verdict(wish(**subscription), news(**reported), silences).reason is Reason.SILENCED
    assert verdict(wish(**subscription), news(**reported)).reason is Reason.EVERYTHING
    of_the_outbox = {Reason.RECOMPUTED, Reason.FIRST_SIGHT, Reason.UNANNOUNCED}
    assert {reason for reason, _, _ in steps} | {Reason.SILENCED} | of_the_outbox == {
        reason for reason in Reason if not reason.sends
    }


def test_answers_come_in_the_order_of_subscriptions_then_of_events() -> None:
    wishes = [wish(filtered(LUPUS), id=3), wish(id=1), wish(Trials(everything=True), id=2)]
    reported = news(event(), NOISE, event(MOVED, Severity.LOW, days=3), old=None, new=record())
    sent = [(one.id, position) for one, position, _ in sent_by(Matcher(wishes), reported)]
    assert sent == [(3, 0), (3, 2), (1, 0), (1, 2), (2, 0), (2, 2)]
    explained = [(one.id, position) for one, position, _ in Matcher(wishes).explain(reported)]
    assert explained == [(number, position) for number in (3, 1, 2) for position in range(3)]
    assert all(a != b for a, b in pairwise(explained))


def test_a_version_without_events_is_sent_to_nobody() -> None:
    assert sent_by(Matcher([wish()]), news(events=())) == []


BOTH = event(ChangeKind.PRIMARY_COMPLETION_MOVED, Severity.HIGH, days=120, also=[str(MOVED)])


@pytest.mark.parametrize("kind", [ChangeKind.PRIMARY_COMPLETION_MOVED, MOVED])
def test_who_asked_for_either_of_two_dates_gets_the_event_of_both(kind: ChangeKind) -> None:
    assert verdict(wish(changes=Changes(kinds=frozenset({kind}))), news(BOTH)).sends


def test_who_asked_for_neither_of_two_dates_is_told_which_kinds_they_are() -> None:
    found = verdict(wish(changes=Changes(kinds=GROUPS["results"])), news(BOTH))
    words = "primary_completion_moved, completion_moved"
    assert found == MatchDecision(reason=Reason.KIND, words=words)


def test_an_event_of_two_dates_is_silenced_where_both_are() -> None:
    first = silence(kind=ChangeKind.PRIMARY_COMPLETION_MOVED)
    last = silence(kind=MOVED)
    assert verdict(wish(), news(BOTH), [first]).sends
    assert verdict(wish(), news(BOTH), [last]).sends
    assert verdict(wish(), news(BOTH), [first, last]).reason is Reason.SILENCED
    assert verdict(wish(), news(BOTH), [silence()]).reason is Reason.SILENCED
