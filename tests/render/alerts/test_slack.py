"""Slack's blocks: what they say, and their limits."""

import json
from typing import Any

import pytest

from monitor.render.alerts import render
from monitor.render.alerts.page import Page
from monitor.render.alerts.slack import slack_payload
from tests.detect import examples
from tests.render.alerts import letters

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
    payload = render(letters.updated(ENROLLED)).slack
    record = f"https://clinicaltrials.gov/study/{NCT}"
    links = (
        f"<{record}|Record at ClinicalTrials.gov> · <{record}?tab=history|History of the record>"
    )
    assert payload["text"] == f"{NCT}: enrollment target 200 → 240 (+20 %)"
    assert [block["type"] for block in payload["blocks"]] == [
        "header", "section", "section", "context", "context", "context",
    ]  # fmt: skip
    assert texts(payload) == [
        f"{NCT}: enrollment target 200 → 240 (+20 %)",
        f"*<{record}|{NCT}  A study of a thing>*\nRECRUITING · Thing Ltd · Phase 2",
        "🟠 *HIGH*  Enrollment target: 200 → *240* (+20 %)",
        SEEN,
        links + f"\nWhy you get this: {letters.REASON}",
        f"To ana · delivery {letters.UID}",
    ]


def test_changed_words_are_marked() -> None:
    payload = render(letters.rewritten("50", "75")).slack
    assert "The dose is ~50~ *75* mg a day" in "\n".join(texts(payload))


def test_comparisons_and_ampersands_of_the_registry_stay_readable() -> None:
    payload = render(letters.updated({"identificationModule.briefTitle": "A & B < C"})).slack
    assert "|NCT09000001  A &amp; B &lt; C>*" in texts(payload)[1]


@pytest.mark.parametrize("count", [2, 30, 400])
def test_a_digest_stays_within_the_limits_and_says_what_is_left_out(count: int) -> None:
    payload = render(letters.digest(*letters.many(count, letters.eventful()))).slack
    blocks, said = payload["blocks"], texts(payload)
    assert len(blocks) <= 50
    assert len(json.dumps(blocks, ensure_ascii=False)) < 13_000
    assert all(len(text) <= 3000 for text in said)
    told = sum(text.startswith("*<https://clinicaltrials.gov/study/") for text in said)
    told += sum(text.startswith("<https://") and "+ 13 more" in text for text in said)
    assert told >= min(count, 2)
    if told < count:
        assert f"… and {count - told} more trial" in said[-2]


def test_one_trial_with_too_much_for_slack_is_cut_and_linked() -> None:
    words = "A very long criterion of which there are too many to be told in one message. " * 4
    outcomes = [{"measure": f"{at} {words}", "timeFrame": words} for at in range(60)]
    payload = render(letters.updated({"outcomesModule.primaryOutcomes": outcomes})).slack
    said = texts(payload)
    assert len(json.dumps(payload["blocks"], ensure_ascii=False)) < 13_000
    assert len(payload["blocks"]) <= 50
    assert any(
        text.startswith("… and ") and f"{NCT}?tab=history|History of the record>" in text
        for text in said
    )


def test_a_header_is_cut_before_its_letters_are_escaped() -> None:
    page = Page(subject="&" * 190, preheader="", severity=letters.updated(ENROLLED).severity,
                recipient="ana", delivery=letters.UID)  # fmt: skip
    header = slack_payload(page)["blocks"][0]["text"]
    assert header["type"] == "plain_text"
    assert len(header["text"]) <= 150
    assert header["text"].replace("&amp;", "").strip("…") == ""
