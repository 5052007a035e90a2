"""Digests and groups: every trial is named, in the order of its weight."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from monitor.detect.classify import registration_event
from monitor.model.alerts import Alert, Notification
from monitor.render.alerts import render
from tests.detect import examples
from tests.render.alerts import samples

STOPPED = {"statusModule.overallStatus": "TERMINATED"}
ENROLLED = {"designModule.enrollmentInfo": {"count": 240, "type": "ESTIMATED"}}
CONDITIONS = {"conditionsModule.conditions": ["Asthma"]}
PAGES = {
    "public_url": samples.MONITOR,
    "message_url": f"{samples.MONITOR}/messages/u/t",
    "unsubscribe_url": f"{samples.MONITOR}/unsubscribe/u/t",
}


def of(prefix: str, count: int, changes: dict[str, Any], subscription: str) -> list[Alert]:
    """Return alerts of trials with such IDs, wanted by a subscription."""
    reason = f"your subscription “{subscription}”: its filter matches this trial (condition: x)"
    return [
        replace(
            one,
            trial=replace(one.trial, nct_id=f"{prefix}{at:06d}"),
            reasons=(reason,),
        )
        for at, one in enumerate(samples.many(count, changes))
    ]


def new(count: int) -> list[Alert]:
    """Return alerts of trials that are seen for the first time."""
    record = examples.of(examples.study())
    one = samples.alert(record, [registration_event(record)])
    return [replace(one, trial=replace(one.trial, nct_id=f"NCT99{at:06d}")) for at in range(count)]


def gathered(kind: str, *alerts: Alert, **about: Any) -> Notification:
    """Return a digest or a group."""
    if kind == "digest":
        return samples.digest(*alerts, **about)
    return samples.notification(*alerts, group_until=datetime(2026, 2, 20, tzinfo=UTC), **about)


@pytest.mark.parametrize("kind", ["digest", "group"])
def test_trials_stand_by_severity_then_by_subscription_and_new_ones_last(kind: str) -> None:
    alerts = [
        *new(1),
        *of("NCT11", 1, CONDITIONS, "lupus"),
        *of("NCT22", 2, STOPPED, "lupus"),
        *of("NCT33", 1, ENROLLED, "car-t"),
        *of("NCT44", 1, STOPPED, "car-t"),
    ]
    message = render(gathered(kind, *alerts))
    heads = ["High · car-t", "High · lupus", "Low · lupus", "New trials · car-t"]
    found = re.findall(r"(?m)^== (.*) ==$", message.text)
    critical = ["Critical · car-t", "Critical · lupus"]
    assert found in ([*critical, *heads[:1], *heads[2:]], [heads[0], *heads[1:]])
    places = [
        message.text.index(f"{name}000000 ·") for name in ("NCT44", "NCT22", "NCT11", "NCT99")
    ]
    assert places == sorted(places)
    for head in found:
        assert f">{head}<" in message.html
        assert f"*{head}*" in str(message.slack)


@pytest.mark.parametrize("kind", ["digest", "group"])
@pytest.mark.parametrize("pages", [{}, PAGES])
def test_of_a_hundred_trials_each_has_name_sponsor_change_and_link(
    kind: str, pages: dict[str, str]
) -> None:
    alerts = [*of("NCT11", 60, samples.eventful(), "a"), *of("NCT22", 40, CONDITIONS, "b")]
    message = render(gathered(kind, *alerts, **pages))
    assert len(message.html.encode()) < 100_000
    for alert in alerts:
        nct_id = alert.trial.nct_id
        [at] = [
            number
            for number, line in enumerate(message.text.splitlines())
            if line.startswith((f"    {nct_id}: ", f"{nct_id} · "))
        ]
        around = "\n".join(message.text.splitlines()[at - 1 : at + 3])
        assert "Thing Ltd" in around
        assert re.search("Thing, asthma|A study of a thing", around)
        assert re.search("recruiting → withdrawn|onditions Eczema removed", message.text)
        where = f"{samples.MONITOR}/trials/" if pages else f"/study/{nct_id}"
        assert where in around or "CRITICAL" in message.text
        assert f">{nct_id}</a>" in message.html
    assert "more trial" not in message.text


def test_what_a_mail_cannot_hold_is_behind_one_link() -> None:
    message = render(samples.digest(*of("NCT11", 900, STOPPED, "a"), **PAGES))
    assert len(message.html.encode()) < 100_000
    for text in (message.text, message.html, str(message.slack)):
        assert text.count(PAGES["message_url"]) == 1
        assert "See all 900 trials" in text
        assert "outbox show" not in text
    named = set(re.findall(r"NCT11\d{6}", message.text))
    assert f"… and {900 - len(named)} more trials" in message.text
    assert len(json.dumps(message.slack["blocks"], ensure_ascii=False)) < 13_000


def test_ids_of_deliveries_are_in_the_data_alone() -> None:
    alerts = of("NCT11", 900, STOPPED, "a")
    for notification in (samples.updated(ENROLLED), samples.digest(*alerts), samples.digest()):
        message = render(notification)
        assert samples.UID not in message.text + message.html + str(message.slack)
        assert message.data["delivery"] == message.uid == samples.UID


def test_a_new_trial_tells_what_is_planned() -> None:
    message = render(samples.notification(*new(1)))
    for text in (message.text, re.sub(r"<[^>]+>", "", message.html), str(message.slack)):
        plain = text.replace("*", "")
        for headline in (
            "Conditions: Asthma, Eczema", "Interventions: Thing (drug)", "Phase 2", "Thing Ltd",
            "Enrollment: 200 participants (estimated)",
            "Sites: 2 sites in 2 countries: France 1, Norway 1",
            "Dates: start 2025-06-01 (actual), primary completion 2027-03-01 (estimated)",
            "Summary: About a thing.",
        ):  # fmt: skip
            assert headline in plain


def test_no_color_stands_for_before_or_after() -> None:
    html = render(samples.updated(samples.eventful())).html
    style = {
        name: re.search(rf'<span class="{name}" style="([^"]*)">', html) for name in ("b", "a")
    }
    found = {name: one[1] for name, one in style.items() if one}
    assert found["b"].startswith("color:#566171;")
    assert found["a"].startswith("color:#1c2129;")
    assert re.search(r'<del class="r" style="[^"]*line-through', html)
    assert re.search(r'<ins class="n" style="text-decoration:underline', html)


def test_statuses_are_written_in_plain_words() -> None:
    message = render(samples.updated({"statusModule.overallStatus": "UNKNOWN"}))
    words = "recruiting → unknown (the sponsor has not updated the record for two years)"
    assert f"Overall status: {words}" in message.text
    assert "UNKNOWN" not in message.text + message.html
    assert "Unknown" not in message.subject
    assert message.data["alerts"][0]["overall_status"] == "UNKNOWN"
