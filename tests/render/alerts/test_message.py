"""What a message says, as text, HTML and JSON."""

import json
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.model.changes import Severity
from monitor.render.alerts import render
from tests.detect import examples
from tests.render.alerts import samples

NCT = examples.NCT
ENROLLED = {"designModule.enrollmentInfo": {"count": 240, "type": "ESTIMATED"}}
RECORD = f"https://clinicaltrials.gov/study/{NCT}"


def test_the_text_tells_trial_change_time_links_reason_and_delivery() -> None:
    assert render(samples.updated(ENROLLED)).text == (
        "A study of a thing\n"
        f"{NCT} · recruiting · Thing Ltd · Phase 2\n"
        "\n"
        "HIGH  Enrollment target: 200 → 240 (+20%)\n"
        "\n"
        "Registry record changed (version of 2026-02-19; seen between 2026-02-18 09:05 and "
        "2026-02-19 14:05 UTC)\n"
        "\n"
        f"Record at ClinicalTrials.gov: {RECORD}\n"
        f"History of the record: {RECORD}?tab=history\n"
        "\n"
        f"You get this because “car-t” includes this trial ({NCT})\n"
        "\n"
        "Sent to ana\n"
    )


def test_long_texts_are_told_by_the_words_that_changed() -> None:
    message = render(samples.rewritten("50", "75"))
    assert "LOW  Brief summary edited\n" in message.text
    assert "The dose is [-50-]{+75+} mg a day" in message.text
    assert re.search(r"The dose is <del [^>]+>50</del> <ins [^>]+>75</ins> mg", message.html)
    assert "no costs" not in message.text


def test_the_registrys_escapes_are_undone_in_short_texts_too() -> None:
    outcomes = [{"measure": "Score \\>= 12 \\~ weeks", "timeFrame": "1 \\& 2"}]
    message = render(
        samples.updated(
            {
                "identificationModule.briefTitle": "A \\& B",
                "statusModule.whyStopped": "Funds \\< 10 \\%",
                "outcomesModule.primaryOutcomes": outcomes,
            }
        )
    )
    for headline in (
        "Score >= 12 ~ weeks",
        "A & B\n",
        "Funds < 10 %",
        "A study of a thing → A & B",
    ):
        assert headline in message.text
    assert "\\" not in message.text + message.subject + message.html
    assert "\\\\" not in str(message.slack)
    assert "A \\& B" in str(message.data["alerts"][0]["title"])


def test_sites_stand_by_country_with_counts() -> None:
    text = render(samples.updated(samples.eventful())).text
    assert "34 sites added: Spain 12, France 9, Italy 5, Poland 3, Chile 2, and 3 more in 2" in text
    assert "+ France 9: Hospital 0, France City; Hospital 1, France City; " in text
    assert "; and 6 more\n" in text
    lands = ("Oman", "Peru", "Cuba", "Mali", "Laos", "Togo", "Fiji", "Iran")
    sites = [*examples.sites(examples.study()), *(samples.site(1, land) for land in lands)]
    many = render(samples.updated({"contactsLocationsModule.locations": sites})).text
    assert "    … and 2 more countries\n" in many
    assert "MEDIUM  5 countries added: Spain 12, Italy 5, Poland 3, Chile 2, Peru 1\n" in text


def test_sites_of_one_name_are_told_together_by_place() -> None:
    """Sponsors mask the names of their sites: ten of a country may be called the same."""
    cities = ["Vigo", "Madrid", "Madrid", "Lugo", "Soria", "Jaca"]
    masked = [{"facility": "Research Site", "city": city, "country": "Spain"} for city in cities]
    own = {"facility": "Hospital del Mar", "city": "Barcelona", "country": "Spain"}
    sites = [*examples.sites(examples.study()), *masked, own]
    text = render(samples.updated({"contactsLocationsModule.locations": sites})).text
    assert "+ Spain 7: Hospital del Mar, Barcelona; Research Site (" in text
    assert "Madrid 2" in text
    assert text.count("Research Site") == 1
    assert "); and 1 more\n" in text


def moved(*sites: tuple[str, str, str, str]) -> str:
    """Return the text about sites, each with city, country, status before and after."""
    old, new = (
        {
            "contactsLocationsModule.locations": [
                {"facility": "Research Site", "status": one[at], "city": one[0],
                 "state": "South", "zip": f"{number} 71", "country": one[1]}
                for number, one in enumerate(sites)
            ]
        }
        for at in (2, 3)
    )  # fmt: skip
    return render(samples.changed(examples.study(old), examples.updated(new))).text


def test_sites_whose_status_changed_alike_stand_by_country() -> None:
    opened = ("NOT_YET_RECRUITING", "RECRUITING")
    text = moved(
        ("Lyon", "France", *opened), ("Metz", "France", *opened), ("Oslo", "Norway", *opened)
    )
    assert (
        "MEDIUM  Status of 3 sites: not yet recruiting → recruiting · France 2, Norway 1\n" in text
    )
    assert "    ~ France 2: Research Site (Lyon, South; Metz, South)\n" in text
    assert "    ~ Norway 1: Research Site, Oslo, South\n" in text
    assert text.count("not yet recruiting") == 1


def test_sites_that_nothing_tells_apart_stand_in_their_country() -> None:
    """They are numbered where they are named, and some of the registry's countries hold a comma."""
    korea = "Korea, Republic of"
    key = {"facility": "Research Site", "city": "Seoul", "country": korea}
    old, new = (
        {"contactsLocationsModule.locations": [{**key, "status": status}] * 3}
        for status in ("NOT_YET_RECRUITING", "RECRUITING")
    )
    text = render(samples.changed(examples.study(old), examples.updated(new))).text
    assert "    ~ Korea, Republic of 3: Research Site (Seoul 3)\n" in text


def test_sites_whose_status_changed_differently_stand_by_what_became_of_them() -> None:
    opened, gone = ("NOT_YET_RECRUITING", "RECRUITING"), ("NOT_YET_RECRUITING", "WITHDRAWN")
    text = moved(
        ("Lyon", "France", *opened), ("Metz", "France", *gone), ("Oslo", "Norway", *opened)
    )
    assert (
        "    ~ not yet recruiting → recruiting 2: Research Site "
        "(Lyon, South, France; Oslo, South, Norway)\n"
        "    ~ not yet recruiting → withdrawn 1: Research Site, Metz, South, France\n"
    ) in text


def test_sites_that_follow_the_trials_status_are_counted_not_listed() -> None:
    sites = [{**samples.site(at, "Spain"), "status": "RECRUITING"} for at in range(9)]
    bare = [samples.site(at, "Spain") for at in range(9)]
    old = {"contactsLocationsModule.locations": sites}
    new = {"contactsLocationsModule.locations": bare, "statusModule.overallStatus": "SUSPENDED"}
    text = render(samples.changed(examples.study(old), examples.updated(new))).text
    headline = (
        "LOW  Status of 9 sites: recruiting → (none) (follows from the overall status) · Spain 9"
    )
    assert f"{headline}\n\nRegistry record changed" in text


def test_what_a_change_is_of_is_said_once() -> None:
    contacts = [{"name": "Ana", "phone": "1"}]
    message = render(samples.updated({"contactsLocationsModule.centralContacts": contacts}))
    assert "LOW  Contacts changed: 1 change of central contacts\n" in message.text
    assert "Contacts changed" in re.sub(r"<[^>]+>", "", message.html)
    assert "Contacts Contacts" not in " ".join(re.sub(r"<[^>]+>", " ", message.html).split())


def test_a_difference_is_not_broken_over_two_lines() -> None:
    html = render(samples.updated(ENROLLED)).html
    assert '<span style="white-space:nowrap;">(+20%)</span>' in html


def test_criteria_are_told_one_by_one() -> None:
    text = render(samples.updated(samples.eventful())).text
    assert "    ~ inclusion: Age >= [-18-]{+21+} years\n" in text
    assert "    + inclusion: Written consent\n    - exclusion: Smoking\n" in text


def test_events_come_in_the_order_of_their_severity() -> None:
    found = samples.updated(samples.eventful())
    reverse = tuple(reversed(found.alerts[0].events))
    again = samples.notification(samples.alert(examples.of(examples.updated()), reverse))
    for message in (render(found), render(again)):
        tags = re.findall(r"(?m)^(CRITICAL|HIGH|MEDIUM|LOW)  ", message.text)
        assert tags == sorted(tags, key=lambda tag: -Severity(tag.lower()).rank)
        assert message.severity == "critical"


def test_a_digest_is_grouped_by_trial_the_most_severe_first() -> None:
    mild = samples.many(2, {"conditionsModule.conditions": ["Asthma"]})
    worse = samples.alert(
        examples.of(examples.updated()), samples.updated(samples.eventful()).alerts[0].events
    )
    message = render(samples.digest(*mild, worse))
    lines = message.text.splitlines()
    count = len(re.findall(r"(?m)^(CRITICAL|HIGH|MEDIUM|LOW)  ", message.text))
    assert count < len(worse.events) + 2  # countries that came are told, and counted, together
    assert lines[0].startswith(f"{count} changes in 3 trials: 3 critical, ")
    assert lines[1] == "Changes from 2026-02-19 07:00 to 2026-02-20 07:00 UTC"
    order = re.findall(r"(?m)^(NCT\d{8}) ·", message.text)
    assert order == [NCT, "NCT00000000", "NCT00000001"]
    assert message.thread == "digest"


def test_versions_of_one_trial_stand_together_in_a_digest() -> None:
    record = examples.of(examples.updated(ENROLLED))
    events = samples.updated(ENROLLED).alerts[0].events
    both = [samples.alert(record, events, number=2), samples.alert(record, events, number=2)]
    message = render(samples.digest(*both))
    assert message.text.count("A study of a thing") == 1
    assert message.text.count("Enrollment target: 200 → 240") == 2
    assert message.text.count("You get this") == 1


def test_a_status_of_a_version_that_others_followed_is_told_beside_that_of_now() -> None:
    (one,) = samples.updated(ENROLLED).alerts
    gone, same = (
        render(samples.digest(replace(one, trial=replace(one.trial, status_now=now))))
        for now in ("WITHDRAWN", "RECRUITING")
    )
    reported = "recruiting in that version, now withdrawn"
    assert f"{NCT} · {reported} · Thing Ltd" in gone.text
    assert reported in gone.html
    assert reported in str(gone.slack)
    assert f"{NCT} · recruiting · Thing Ltd" in same.text


def test_a_digest_without_changes_says_so() -> None:
    message = render(samples.digest(empty_digest_of=("morning", "*all*")))
    assert message.text.startswith("No changes\nChanges from 2026-02-19 07:00")
    why = "You get this because “morning” asks for digests without changes too"
    for text in (message.text, message.html, str(message.slack)):
        assert why in text
    assert "“*all*”" in message.text
    assert "*all*" not in str(message.slack)
    assert "No changes" in message.html
    assert message.severity == "noise"
    assert message.data["alerts"] == []


def test_trials_in_lines_are_counted_where_one_subscription_names_them() -> None:
    alerts = [
        replace(one, reasons=(f"your subscription “z”: it names this trial (NCT{number:08d})",))
        for number, one in enumerate(samples.many(60, samples.eventful()))
    ]
    message = render(samples.digest(*alerts))
    for text in (message.text, str(message.slack)):
        counts = re.findall(r"You get this because “z” includes (\d+) of these trials", text)
        in_full = len(re.findall(r"because “z” includes this trial \(NCT0000\d{4}\)", text))
        assert sum(map(int, counts)) + in_full == 60
        assert "more reason" not in text


@pytest.mark.parametrize(("reasons", "more"), [(1, ""), (4, ""), (9, "for 4 more reasons")])
def test_a_digest_says_why_also_of_trials_that_it_tells_in_a_line(reasons: int, more: str) -> None:
    alerts = list(samples.many(60, samples.eventful()))
    for number in range(reasons):
        last = alerts[-1 - number]
        alerts[-1 - number] = replace(
            last, reasons=(f"your subscription “z{number}”: it names this trial",)
        )
    message = render(samples.digest(*alerts))
    for text in (message.text, message.html, str(message.slack)):
        for number in range(min(reasons, 5)):
            assert text.count(f"You get this because “z{number}” includes") == 1
        assert more in text
    in_full = message.text.count("Record at ClinicalTrials.gov: ")
    assert (
        message.text.count(f"You get this because “car-t” includes this trial ({NCT})") == in_full
    )


@pytest.mark.parametrize("count", [30, 400, 900])
def test_a_long_digest_fits_into_a_mail_and_names_every_trial(count: int) -> None:
    message = render(samples.digest(*samples.many(count, samples.eventful())))
    assert len(message.html.encode()) < 100_000
    in_full = message.text.count("Record at ClinicalTrials.gov: ")
    in_brief = len(
        re.findall(r"(?m)^    NCT\d{8}: recruiting → withdrawn \(.*\) \+ 9 more$", message.text)
    )
    more = re.search(r"(?m)^… and (\d+) more trials:$", message.text)
    assert in_full + in_brief + (int(more[1]) if more else 0) == count
    named = set(re.findall(r"NCT\d{8}", message.text)) - {NCT}  # which the reason names
    assert {one for one in named if f"/study/{one}" in message.html} == named
    elsewhere = f"and {count - len(named)} that there is no room for"
    for text in (message.text, message.html):
        assert (elsewhere in text) == (len(named) < count)
    assert len(named) >= min(count, 600)
    assert len(message.data["alerts"]) == count


def test_pages_of_our_own_are_linked_where_there_are_any() -> None:
    found = samples.updated(ENROLLED)
    plain = render(found)
    assert "monitor.example.org" not in plain.text + plain.html
    about = {"public_url": samples.MONITOR, "unsubscribe_url": f"{samples.MONITOR}/unsubscribe"}
    linked = render(samples.notification(*found.alerts, **about))
    for text in (linked.text, linked.html):
        assert (
            f"{samples.MONITOR}/trials/{NCT}/changes/{found.alerts[0].version.identity.hex()}"
            in text
        )
        assert f"{samples.MONITOR}/unsubscribe" in text
    assert linked.headers == {"List-Unsubscribe": f"{samples.MONITOR}/unsubscribe"}
    assert plain.headers == {}


def test_the_same_letter_is_always_the_same_message() -> None:
    found = samples.updated(samples.eventful())
    assert render(found) == render(found)


def test_the_html_is_small_self_contained_and_made_for_both_colour_schemes() -> None:
    html = render(samples.updated(ENROLLED)).html
    assert not re.search(r"<(img|script|link|iframe|object|form)|url\(|@import|src=", html)
    assert '<meta name="color-scheme" content="light dark">' in html
    assert "@media (prefers-color-scheme:dark)" in html
    assert "max-width:640px" in html
    assert set(re.findall(r'href="([^"]+)"', html)) == {RECORD, f"{RECORD}?tab=history"}
    assert html.index("A study of a thing") < html.index("<table")  # what a mailbox shows


def test_the_data_is_complete_and_can_be_written_as_json() -> None:
    message = render(samples.updated(ENROLLED))
    data = json.loads(json.dumps(message.data))
    (reported,) = data["alerts"]
    assert data["delivery"] == samples.UID
    assert data["counts"] == {
        "trials": 1,
        "changes": 1,
        "by_severity": {"critical": 0, "high": 1, "medium": 0, "low": 0, "noise": 0},
    }
    assert reported["events"][0]["kind"] == "enrollment_target_changed"
    assert (reported["events"][0]["before"], reported["events"][0]["after"]) == (200, 240)
    assert reported["previous_seen_at"] == (samples.READ - timedelta(hours=29)).isoformat()
    assert reported["links"]["version"] is None


def test_a_huge_event_is_sent_without_its_values() -> None:
    text = "All the words of it. " * 15_000
    (reported,) = render(samples.updated({"descriptionModule.detailedDescription": text})).data[
        "alerts"
    ]
    (event,) = reported["events"]
    assert event["truncated"] is True
    assert (event["before"], event["after"], event["fields"]) == (None, None, [])
    assert event["summary"]


def shape(value: object) -> object:
    """Return a value's names and types, of lists those of the first item."""
    if isinstance(value, dict):
        return {name: shape(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [shape(inner) for inner in value[:1]]
    return type(value).__name__


def test_the_page_shows_json_of_the_shape_that_is_sent() -> None:
    page = Path(__file__).parents[3] / "docs" / "alerts.md"
    (shown,) = re.findall(r"```json\n(.+?)```", page.read_text("utf-8"), re.DOTALL)
    assert shape(json.loads(shown)) == shape(dict(render(samples.updated(ENROLLED)).data))


def test_the_pages_pictures_are_there_and_small() -> None:
    page = Path(__file__).parents[3] / "docs" / "alerts.md"
    names = re.findall(r"\]\((images/[^)]+)\)", page.read_text("utf-8"))
    assert len(names) > 20
    assert all(0 < (page.parent / name).stat().st_size < 200_000 for name in names)
