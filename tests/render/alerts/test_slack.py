"""Slack's blocks: what they say, and their limits."""

import json
import re
from dataclasses import replace
from typing import Any

import pytest

from monitor.model.alerts import Notification
from monitor.render.alerts import render
from monitor.render.alerts.page import MessagePage
from monitor.render.alerts.slack import slack_payload
from tests.detect import examples
from tests.render.alerts import samples

NCT = examples.NCT
SEEN = (
    "Registry record changed (version of 2026-02-19; seen between 2026-02-18 09:05 and "
    "2026-02-19 14:05 UTC)"
)
ENROLLED = {"designModule.enrollmentInfo": {"count": 240, "type": "ESTIMATED"}}


def texts(payload: Any) -> list[str]:
    """Return the texts of the blocks."""
    found = [
        part for block in payload["blocks"] for part in block.get("elements") or [block["text"]]
    ]
    return [part["text"] for part in found]


def test_a_change_is_a_header_sections_and_context() -> None:
    payload = render(samples.updated(ENROLLED)).slack
    record = f"https://clinicaltrials.gov/study/{NCT}"
    links = (
        f"<{record}|Record at ClinicalTrials.gov> · <{record}?tab=history|History of the record>"
    )
    assert payload["text"] == f"Enrollment target 200 → 240 (+20%): Thing, asthma ({NCT})"
    assert [block["type"] for block in payload["blocks"]] == [
        "header", "section", "section", "context", "context", "context",
    ]  # fmt: skip
    assert texts(payload) == [
        f"Enrollment target 200 → 240 (+20%): Thing, asthma ({NCT})",
        f"*<{record}|{NCT}  A study of a thing>*\nrecruiting · Thing Ltd · Phase 2",
        "🟠 *HIGH*  Enrollment target: 200 → *240* (+20%)",
        SEEN,
        links + f"\nYou get this because “car-t” includes this trial ({NCT})",
        "Sent to ana",
    ]


def test_changed_words_are_marked() -> None:
    payload = render(samples.rewritten("50", "75")).slack
    assert "The dose is ~50~ *75* mg a day" in "\n".join(texts(payload))


def test_comparisons_and_ampersands_of_the_registry_stay_readable() -> None:
    payload = render(samples.updated({"identificationModule.briefTitle": "A & B < C"})).slack
    assert "|NCT09000001  A &amp; B &lt; C>*" in texts(payload)[1]


def within_limits(payload: Any) -> bool:
    """Return whether Slack takes it."""
    blocks = payload["blocks"]
    small = len(json.dumps(blocks, ensure_ascii=False)) < 13_000
    return small and len(blocks) <= 50 and all(len(text) <= 3000 for text in texts(payload))


@pytest.mark.parametrize("changes", [ENROLLED, samples.eventful()])
@pytest.mark.parametrize("count", [2, 12, 60, 900])
def test_a_digest_names_every_trial_or_says_where_the_others_are(
    count: int, changes: dict[str, Any]
) -> None:
    payload = render(samples.digest(*samples.many(count, changes))).slack
    headline = "\n".join(texts(payload))
    assert within_limits(payload)
    named = list(dict.fromkeys(re.findall(r"NCT0000\d{4}", headline)))
    assert named == [f"NCT{number:08d}" for number in range(len(named))]
    assert len(named) >= min(count, 100)
    in_full = len(re.findall(r"(?m)^\*<", headline))
    assert (
        headline.count("You get this because ")
        == headline.count("Registry record changed")
        == in_full
    )
    assert in_full > 0
    in_lines = len(
        re.findall(r"(?m)^. \*Thing, asthma\* · Thing Ltd · .*<https://[^>]+>$", headline)
    )
    if in_full + in_lines < count:
        assert f"… and {count - in_full - in_lines} more trials: NCT" in headline
    elsewhere = f"and {count - len(named)} that there is no room for"
    assert (elsewhere in headline) == (len(named) < count)


def test_of_many_trials_lines_take_the_room_that_changes_of_few_would_take() -> None:
    url = f"{samples.MONITOR}/messages/u/t"
    alerts = samples.many(100, samples.eventful())
    payload = render(samples.digest(*alerts, public_url=samples.MONITOR, message_url=url)).slack
    headline = "\n".join(texts(payload))
    assert within_limits(payload)
    assert len(re.findall(r"(?m)^\*<", headline)) == 1
    in_lines = len(
        re.findall(r"(?m)^🔴 \*Thing, asthma\* · Thing Ltd · .*<https://[^>]+>$", headline)
    )
    assert in_lines > 40
    assert f"… and {99 - in_lines} more trials: <{url}|See all 100 trials>" in headline


def test_a_trial_without_room_for_its_changes_is_told_in_a_line() -> None:
    payload = render(samples.digest(*samples.many(12, samples.eventful()))).slack
    record = "https://clinicaltrials.gov/study/NCT00000011"
    (lines,) = (text for text in texts(payload) if "NCT00000011" in text)
    assert lines.split("\n")[-1] == (
        "🔴 *Thing, asthma* · Thing Ltd · recruiting → withdrawn (Serious adverse events in "
        f"another study) + 9 more · <{record}?tab=history|NCT00000011>"
    )


@pytest.mark.parametrize("changes", [ENROLLED, samples.eventful()])
@pytest.mark.parametrize("length", [20, 280])
@pytest.mark.parametrize("count", [2, 6, 12, 60])
def test_trials_without_room_for_their_changes_are_told_why_they_come(
    count: int, length: int, changes: dict[str, Any]
) -> None:
    alerts = [
        replace(
            alert, reasons=(f"your subscription “{at:02d} {'x' * length}”: it names this trial",)
        )
        for at, alert in enumerate(samples.many(count, changes))
    ]
    message = render(samples.digest(*alerts))
    payload = message.slack
    headline = "\n".join(texts(payload))
    assert within_limits(payload)
    in_full = len(re.findall(r"(?m)^\*<", headline))
    assert in_full > 0
    in_mail = min(count, message.text.count("Registry record changed"))
    reported = re.findall(r"You get this because “(\d+) x", headline)
    assert reported[:in_full] == [f"{at:02d}" for at in range(in_full)]
    assert len(reported) == len(set(reported))
    assert len(reported) >= min(in_mail, in_full + 5)
    assert all(f"NCT{at:08d}" in headline for at in range(min(count, 6)))


def test_a_reason_that_stands_above_is_not_said_again() -> None:
    headline = "\n".join(texts(render(samples.digest(*samples.many(12, samples.eventful()))).slack))
    assert headline.count("You get this because ") == len(re.findall(r"(?m)^\*<", headline))


def crowded(count: int) -> Notification:
    """Return the letter of a version that rewrites that many outcomes at length."""
    old, new = (
        [
            {"measure": f"Outcome {at}", "timeFrame": f"{word} " * 40, "description": word * 100}
            for at in range(count)
        ]
        for word in ("day", "week")
    )
    documents = [{"outcomesModule.primaryOutcomes": outcomes} for outcomes in (old, new)]
    return samples.changed(examples.study(documents[0]), examples.updated(documents[1]))


@pytest.mark.parametrize("public_url", [None, samples.MONITOR])
@pytest.mark.parametrize("count", [12, 60])
def test_a_trial_with_too_much_for_slack_is_cut_in_its_changes_alone(
    count: int, public_url: str | None
) -> None:
    found = crowded(count)
    payload = render(samples.notification(*found.alerts, public_url=public_url)).slack
    headline = texts(payload)
    assert within_limits(payload)
    reported = sum(bool(re.match(r". \*(HIGH|MEDIUM|LOW)\*  ", text)) for text in headline)
    assert 5 < reported < len(found.alerts[0].events)
    more = len(found.alerts[0].events) - reported
    where = f"<https://clinicaltrials.gov/study/{NCT}?tab=history|History of the record>"
    if public_url:
        identity = bytes(15).hex() + "02"
        where = f"<{public_url}/trials/{NCT}/changes/{identity}|See all changes>"
    assert f"… and {more} more changes: {where}" in headline
    assert headline[-3].startswith(SEEN)
    assert headline[-2].endswith(f"\nYou get this because “car-t” includes this trial ({NCT})")


def test_versions_of_a_digest_that_have_no_room_are_counted_with_their_changes() -> None:
    (one,) = crowded(12).alerts
    payload = render(samples.digest(*(replace(one, number=at) for at in range(2, 6)))).slack
    headline = texts(payload)
    assert within_limits(payload)
    many = 3 * len(one.events)
    assert any(
        text.startswith(f"… and {many} more changes in 3 later versions: <") for text in headline
    )
    assert headline[-2].endswith(f"\nYou get this because “car-t” includes this trial ({NCT})")


def test_a_header_is_cut_before_its_letters_are_escaped() -> None:
    page = MessagePage(subject="&" * 190, preheader="", severity=samples.updated(ENROLLED).severity,
                recipient="ana", delivery=samples.UID)  # fmt: skip
    header = slack_payload(page)["blocks"][0]["text"]
    assert header["type"] == "plain_text"
    assert len(header["text"]) <= 150
    assert header["text"].replace("&amp;", "").strip("…") == ""
