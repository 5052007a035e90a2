"""The subject says what happened, to which trial, before → after."""

import re
from dataclasses import replace
from typing import Any

import pytest

from monitor.detect.classify import first_seen
from monitor.model.changes import ChangeKind
from monitor.render.alerts import render
from monitor.render.alerts.subject import LONGEST, subject
from tests.detect import examples
from tests.render.alerts import letters

NCT = examples.NCT
ENROLLED = {"designModule.enrollmentInfo": {"count": 240, "type": "ESTIMATED"}}
OLDER = {"eligibilityModule.minimumAge": "21 Years"}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (ENROLLED, "enrollment target 200 → 240 (+20 %)"),
        ({"statusModule.overallStatus": "ACTIVE_NOT_RECRUITING"},
         "RECRUITING → ACTIVE NOT RECRUITING"),
        ({"statusModule.overallStatus": "WITHDRAWN", "statusModule.whyStopped": "No funds"},
         "RECRUITING → WITHDRAWN"),
        ({"statusModule.completionDateStruct": {"date": "2027-10-01", "type": "ESTIMATED"}},
         "completion date 2027-09-01 → 2027-10-01 (+30 days)"),
        (OLDER, "minimum age: 18 Years → 21 Years"),
        ({"outcomesModule.primaryOutcomes": examples.STUDY["protocolSection"]["outcomesModule"]
          ["primaryOutcomes"][:1]}, "primary outcome dropped: Objective response rate"),
        ({"ipdSharingStatementModule.ipdSharing": "YES"}, "IPD sharing NO → YES"),
    ],
)  # fmt: skip
def test_one_change_is_told_with_before_and_after(changes: dict[str, Any], said: str) -> None:
    assert subject(letters.updated(changes)) == f"{NCT}: {said}"


def test_a_first_sight_tells_status_and_phase_and_its_title_once() -> None:
    record = examples.of(examples.study())
    found = letters.letter(letters.alert(record, [first_seen(record)]))
    assert subject(found) == f"{NCT}: first seen (RECRUITING, Phase 2)"
    message = render(found)
    assert "  Trial first seen\n" in message.text
    assert message.text.count("A study of a thing") == 1
    assert str(message.slack).count("A study of a thing") == 1


def test_of_several_changes_the_most_severe_leads() -> None:
    said = subject(
        letters.updated({**OLDER, **ENROLLED, "statusModule.overallStatus": "WITHDRAWN"})
    )
    assert said == f"{NCT}: RECRUITING → WITHDRAWN + 2 more"


def test_sites_are_counted_by_country() -> None:
    sites = [letters.site(at, land) for land, n in letters.COUNTRIES.items() for at in range(n)]
    found = letters.updated(
        {"contactsLocationsModule.locations": [*examples.sites(examples.study()), *sites]}
    )
    said = (
        "34 sites added: Spain 12, France 9, Italy 5, Poland 3, Chile 2, and 3 more in 2 countries"
    )
    assert subject(found) == f"{NCT}: {said} + 1 more"


@pytest.mark.parametrize("digest", [False, True])
def test_as_many_changes_are_counted_as_are_told(digest: bool) -> None:
    found = letters.updated(letters.eventful())
    if digest:
        found = letters.digest(*found.alerts)
    message = render(found)
    told = re.findall(r"(?m)^(CRITICAL|HIGH|MEDIUM|LOW)  ", message.text)
    events = len(found.alerts[0].events)
    assert len(told) == events - 4  # five countries came
    counted = f"{len(told)} changes in {NCT}: " if digest else f" + {len(told) - 1} more"
    assert counted in message.subject
    assert message.data["counts"]["changes"] == events == len(message.data["alerts"][0]["events"])


def test_countries_that_came_together_lead_together() -> None:
    sites = [letters.site(at, land) for land, n in letters.COUNTRIES.items() for at in range(n)]
    found = letters.updated({"contactsLocationsModule.locations": sites})
    (one,) = found.alerts
    countries = [event for event in one.events if event.kind is ChangeKind.COUNTRY_ADDED]
    said = f"{NCT}: 5 countries added: Spain 12, Italy 5, Poland 3, Chile 2, Peru 1"
    for made in (letters.letter, letters.digest):
        assert subject(made(replace(one, events=tuple(countries)))) == said


def test_a_long_text_is_edited() -> None:
    assert subject(letters.rewritten("50", "75")) == f"{NCT}: brief summary edited"


def test_a_digest_tells_counts() -> None:
    stopped = letters.many(2, {"statusModule.overallStatus": "WITHDRAWN", **OLDER})
    found = letters.digest(*stopped)
    assert subject(found) == "4 changes in 2 trials: 2 critical, 2 high"


def test_a_digest_of_one_trial_names_it_and_one_of_one_change_tells_it() -> None:
    both = letters.digest(*letters.many(1, {**OLDER, **ENROLLED}))
    assert subject(both) == "2 changes in NCT00000000: 2 high"
    assert subject(letters.digest(*letters.many(1, ENROLLED))) == (
        "NCT00000000: enrollment target 200 → 240 (+20 %)"
    )


def test_an_empty_digest_says_so() -> None:
    empty = letters.digest()
    assert subject(empty) == "No changes in the trials you follow"
    assert empty.digest is not None
    assert empty.occurred_at == empty.digest.until


def test_a_letter_without_alerts_is_a_digest() -> None:
    with pytest.raises(ValueError, match="can only be a digest"):
        letters.letter()


def test_a_subject_is_never_longer_than_its_limit() -> None:
    outcome = [{"measure": f"{'A long measure ' * 30}{at}"} for at in range(3)]
    said = subject(letters.updated({"outcomesModule.primaryOutcomes": outcome}))
    assert len(said) <= LONGEST
    assert said.startswith(f"{NCT}: primary outcome added: A long measure")
