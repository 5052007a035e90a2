"""The subject says what happened, to which trial, before → after."""

import re
from dataclasses import replace
from typing import Any

import pytest

from monitor.detect.classify import registration_event
from monitor.model.changes import ChangeKind
from monitor.render.alerts import render
from monitor.render.alerts.subject import LONGEST, subject
from tests.detect import examples
from tests.render.alerts import samples

NCT = examples.NCT
ENROLLED = {"designModule.enrollmentInfo": {"count": 240, "type": "ESTIMATED"}}
OLDER = {"eligibilityModule.minimumAge": "21 Years"}


@pytest.mark.parametrize(
    ("changes", "headline"),
    [
        (ENROLLED, "Enrollment target 200 → 240 (+20%)"),
        ({"statusModule.overallStatus": "ACTIVE_NOT_RECRUITING"},
         "ACTIVE, NOT RECRUITING"),
        ({"statusModule.overallStatus": "WITHDRAWN", "statusModule.whyStopped": "No funds"},
         "WITHDRAWN"),
        ({"statusModule.overallStatus": "UNKNOWN"}, "NOT UPDATED FOR TWO YEARS"),
        ({"statusModule.completionDateStruct": {"date": "2027-10-01", "type": "ESTIMATED"}},
         "Completion date 2027-09-01 → 2027-10-01"),
        (OLDER, "Minimum age 18 Years → 21 Years"),
        ({"outcomesModule.primaryOutcomes": examples.STUDY["protocolSection"]["outcomesModule"]
          ["primaryOutcomes"][:1]}, "Primary outcome dropped (Objective response rate)"),
        ({"ipdSharingStatementModule.ipdSharing": "YES"}, "IPD sharing NO → YES"),
    ],
)  # fmt: skip
def test_one_change_is_told_with_before_and_after(changes: dict[str, Any], headline: str) -> None:
    assert subject(samples.updated(changes)) == f"{headline}: Thing, asthma ({NCT})"


def test_a_first_sight_tells_status_and_phase_and_its_title_once() -> None:
    record = examples.of(examples.study())
    found = samples.notification(samples.alert(record, [registration_event(record)]))
    assert subject(found) == f"First seen (recruiting): Thing, asthma ({NCT})"
    message = render(found)
    assert "  Trial first seen\n" in message.text
    assert message.text.count("A study of a thing") == 1
    assert str(message.slack).count("A study of a thing") == 1


def test_of_several_changes_the_most_severe_leads() -> None:
    headline = subject(
        samples.updated({**OLDER, **ENROLLED, "statusModule.overallStatus": "WITHDRAWN"})
    )
    assert headline == f"WITHDRAWN + 2 more: Thing, asthma ({NCT})"


def test_sites_are_counted_by_country() -> None:
    sites = [samples.site(at, land) for land, n in samples.COUNTRIES.items() for at in range(n)]
    found = samples.updated(
        {"contactsLocationsModule.locations": [*examples.sites(examples.study()), *sites]}
    )
    headline = "34 sites added (Spain 12, France 9, …) + 1 more"
    assert subject(found) == f"{headline}: Thing, asthma ({NCT})"


@pytest.mark.parametrize("digest", [False, True])
def test_as_many_changes_are_counted_as_are_told(digest: bool) -> None:
    found = samples.updated(samples.eventful())
    if digest:
        found = samples.digest(*found.alerts)
    message = render(found)
    reported = re.findall(r"(?m)^(CRITICAL|HIGH|MEDIUM|LOW)  ", message.text)
    events = len(found.alerts[0].events)
    assert len(reported) == events - 4  # five countries came
    assert f" + {len(reported) - 1} more: " in message.subject
    assert message.data["counts"]["changes"] == events == len(message.data["alerts"][0]["events"])


def test_countries_that_came_together_lead_together() -> None:
    sites = [samples.site(at, land) for land, n in samples.COUNTRIES.items() for at in range(n)]
    found = samples.updated({"contactsLocationsModule.locations": sites})
    (one,) = found.alerts
    countries = [event for event in one.events if event.kind is ChangeKind.COUNTRY_ADDED]
    headline = f"5 countries added (Spain 12, Italy 5, …): Thing, asthma ({NCT})"
    for made in (samples.notification, samples.digest):
        assert subject(made(replace(one, events=tuple(countries)))) == headline


def test_a_long_text_is_edited() -> None:
    assert subject(samples.rewritten("50", "75")) == f"Brief summary edited: Thing, asthma ({NCT})"


def test_a_digest_tells_counts() -> None:
    stopped = samples.many(2, {"statusModule.overallStatus": "WITHDRAWN", **OLDER})
    found = samples.digest(*stopped)
    assert subject(found) == "4 changes in 2 trials: 2 critical, 2 high"


def test_a_digest_of_one_trial_names_it_and_one_of_one_change_tells_it() -> None:
    both = samples.digest(*samples.many(1, {**OLDER, **ENROLLED}))
    assert subject(both) == (
        "Enrollment target 200 → 240 (+20%) + 1 more: Thing, asthma (NCT00000000)"
    )
    assert subject(samples.digest(*samples.many(1, ENROLLED))) == (
        "Enrollment target 200 → 240 (+20%): Thing, asthma (NCT00000000)"
    )


def test_an_empty_digest_says_so() -> None:
    empty = samples.digest()
    assert subject(empty) == "No changes in the trials you follow"
    assert empty.digest is not None
    assert empty.occurred_at == empty.digest.until


def test_a_letter_without_alerts_is_a_digest() -> None:
    with pytest.raises(ValueError, match="can only be a digest"):
        samples.notification()


def test_a_subject_is_never_longer_than_its_limit() -> None:
    outcome = [{"measure": f"{'A long measure ' * 30}{at}"} for at in range(3)]
    headline = subject(samples.updated({"outcomesModule.primaryOutcomes": outcome}))
    assert len(headline) <= LONGEST
    assert headline.startswith("Primary outcome added (A long…) + ")
    assert headline.endswith(f": Thing, asthma ({NCT})")


ARMS = {
    "armGroups": [
        {"label": "A", "type": "EXPERIMENTAL", "interventionNames": ["Drug: BGB-A3055"]},
        {"label": "B", "type": "EXPERIMENTAL",
         "interventionNames": ["Drug: BGB-A3055", "Drug: Tislelizumab"]},
        {"label": "C", "type": "ACTIVE_COMPARATOR", "interventionNames": ["Drug: Docetaxel"]},
        {"label": "D", "type": "PLACEBO_COMPARATOR", "interventionNames": ["Drug: Placebo"]},
    ],
    "interventions": [
        {"type": "DRUG", "name": name}
        for name in ("BGB-A3055", "Tislelizumab", "Docetaxel", "Placebo")
    ],
}  # fmt: skip
SOLID = {"conditionsModule.conditions": ["Solid Tumors", "Melanoma"]}


def named(changes: dict[str, Any], **stated: Any) -> str:
    """Return the subject of a trial that states this and was terminated."""
    base = {**changes, **stated}
    old = examples.study(base)
    new = examples.study({**base, "statusModule.overallStatus": "TERMINATED"})
    return subject(samples.changed(old, new))


def test_a_trial_is_named_by_acronym_else_intervention_else_a_short_title() -> None:
    treated = {"armsInterventionsModule": ARMS, **SOLID}
    headline = named(treated)
    assert headline == f"TERMINATED: BGB-A3055 ± tislelizumab, solid tumors ({NCT})"
    headline = named(treated, **{"identificationModule.acronym": "KEYSTONE-1"})
    assert headline == f"TERMINATED: KEYSTONE-1 ({NCT})"
    headline = named(
        {"armsInterventionsModule": {},
         "identificationModule.briefTitle": "A Phase 2 Study to Evaluate Walking in Knee Pain"}
    )  # fmt: skip
    assert headline == f"TERMINATED: Walking in Knee Pain ({NCT})"


def test_what_is_long_gives_way_and_the_id_stays_whole() -> None:
    long = {"type": "DRUG", "name": "Adalimumab biosimilar candidate FKB327"}
    arms = {"interventions": [{**long, "name": f"{long['name']}{at}"} for at in range(5)]}
    title = "A study of the efficacy and safety of everything in everybody, at great length"
    stated: dict[str, Any]
    for stated in ({"armsInterventionsModule": arms},
                   {"armsInterventionsModule": {}, "identificationModule.briefTitle": title},
                   {"armsInterventionsModule": {}, "identificationModule.briefTitle": None},
                   {"identificationModule.acronym": "X" * 200}):  # fmt: skip
        headline = named(stated)
        assert headline.startswith("TERMINATED")
        assert headline.endswith(f"({NCT})")
        assert len(headline) <= LONGEST == 78


@pytest.mark.parametrize("part", [None, (2, 3)])
def test_no_change_makes_a_subject_longer_than_78(part: tuple[int, int] | None) -> None:
    (one,) = samples.updated(samples.eventful()).alerts
    for event in one.events:
        headline = subject(samples.notification(replace(one, events=(event,)), part=part))
        assert len(headline) <= LONGEST
        assert f"({NCT})" in headline
