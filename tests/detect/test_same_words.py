"""The same words in other signs are no news, whatever text of the record they stand in."""

import json
from pathlib import Path
from typing import Any

import pytest

from monitor.detect.texts import same_text, same_words
from monitor.model.changes import ChangeEvent, ChangeKind, Severity
from tests.detect.examples import assert_accounted_for, compared, events, kinds, study, updated
from tests.records import record

SIGNS = {
    "micro sign": ("dose of 5 µg", "dose of 5 μg"),
    "apostrophe": ("the sponsor’s dose", "the sponsor's dose"),
    "quotes": ("the “low” dose", 'the "low" dose'),
    "no-break hyphen": ("dose of I‑DXd", "dose of I-DXd"),  # noqa: RUF001 - as above
    "en dash": ("5 – 10 doses", "5-10 doses"),
    "em dash": ("low — or high", "low -- or high"),
    "comparator": ("dose ≥ 5 mg", "dose >= 5mg"),
    "comparator apart": ("dose ≤5 mg", "dose < = 5 mg"),
    "zero-width": ("low\u200b dose\ufeff of\u2060 it", "low dose of it"),
    "soft hyphen": ("interven\u00adtion", "intervention"),
    "marks of direction": ("low \u202adose\u202c of\u2066 it\u2069", "low dose of it"),
    "a mark of shape": ("low dose\ufe0f of it", "low dose of it"),
    "zero-width in entities": ("low&#8203; dose&shy; of it", "low dose of it"),
    "a letter of another keyboard": ("\u0441ough in SO\u0405", "cough in SOS"),
    "back quote": ("the sponsor`s dose", "the sponsor's dose"),
    "slash": ("5 mg∕kg of it", "5 mg/kg of it"),  # noqa: RUF001 - as above
    "as wide as ideographs": ("（a） ５％，then b", "(a) 5%, then b"),  # noqa: RUF001 - as above
    "no space after a comma": ("asthma,eczema and such", "asthma, eczema and such"),
    "written-out trade mark": ("Thing(R) and Other(TM)", "Thing® and Other™"),
    "a sign of times": ("2 × 10 mg of it", "2x10 mg of it"),
    "escaped twice": ("dose \\\\> 5 mg", "dose > 5 mg"),
    "no-break space": ("5\u00a0mg of\u202fit", "5 mg of it"),
    "entities": ("a &amp; b &gt; c, the sponsor&#39;s", "a & b > c, the sponsor's"),
    "entities escaped twice": ("a &amp;amp; b &amp;gt; c", "a & b > c"),
    "ligature": ("efﬁcacy of it", "efficacy of it"),
    "raised digit": ("5 mg/m²", "5 mg/m2"),
    "degrees": ("at 37 ºC", "at 37 °C"),
    "plus or minus": ("5 +/- 1 mg", "5 ± 1 mg"),
    "trade mark": ("Thing® given", "Thing given"),
    "letter case": ("I-DxD given", "I-DXd given"),
}
OTHER = [
    ("10² cells", "102 cells"), ("1½ doses", "11/2 doses"), ("CD4+ cells", "CD4- cells"),
    ("5 mg", "5 µg"), ("dose > 5", "dose ≥ 5"), ("2.5 mg", "25 mg"), ("&foo; it", "foo it"),
    ("A & B", "A B"), ("-5 °C", "5 °C"), ("1,000 mg", "1.000 mg"), ("2 x 10 mg", "2 x 1 mg"),
]  # fmt: skip
ARM = {"label": "Thing", "type": "EXPERIMENTAL", "interventionNames": ["Drug: Thing"]}
TEXTS: dict[str, Any] = {
    "an arm's description": lambda text: (
        "armsInterventionsModule.armGroups", [{**ARM, "description": text}]
    ),
    "an arm's label": lambda text: (
        "armsInterventionsModule",
        {
            "armGroups": [{**ARM, "label": text}],
            "interventions": [{"type": "DRUG", "name": "Thing", "armGroupLabels": [text]}],
        },
    ),
    "an intervention's name": lambda text: (
        "armsInterventionsModule",
        {
            "armGroups": [{**ARM, "interventionNames": [f"Drug: {text}"]}],
            "interventions": [
                {"type": "DRUG", "name": text, "otherNames": [text], "armGroupLabels": ["Thing"]}
            ],
        },
    ),
    "a model's description": lambda text: (
        "designModule.designInfo.interventionModelDescription", text
    ),
    "a masking's description": lambda text: (
        "designModule.designInfo.maskingInfo.maskingDescription", text
    ),
    "a brief title": lambda text: ("identificationModule.briefTitle", text),
    "an official title": lambda text: ("identificationModule.officialTitle", text),
    "a sponsor": lambda text: ("sponsorCollaboratorsModule.leadSponsor.name", text),
    "a collaborator": lambda text: (
        "sponsorCollaboratorsModule.collaborators", [{"name": text, "class": "OTHER"}]
    ),
    "the organization": lambda text: ("identificationModule.organization.fullName", text),
    "a reason for stopping": lambda text: ("statusModule.whyStopped", text),
    "conditions": lambda text: ("conditionsModule.conditions", ["Asthma", text]),
    "keywords": lambda text: ("conditionsModule.keywords", [text]),
    "a summary": lambda text: ("descriptionModule.briefSummary", text),
    "a study population": lambda text: ("eligibilityModule.studyPopulation", text),
    "the criteria": lambda text: (
        "eligibilityModule.eligibilityCriteria", f"Inclusion Criteria:\n\n* {text}\n* Asthma"
    ),
    "a primary outcome": lambda text: (
        "outcomesModule.primaryOutcomes",
        [{"measure": text, "description": text, "timeFrame": text}],
    ),
    "a secondary outcome": lambda text: (
        "outcomesModule.secondaryOutcomes", [{"measure": text, "timeFrame": "1 day"}]
    ),
    "a contact": lambda text: (
        "contactsLocationsModule.centralContacts", [{"name": text, "phone": "1"}]
    ),
    "an official": lambda text: (
        "contactsLocationsModule.overallOfficials", [{"name": text, "affiliation": text}]
    ),
    "a site": lambda text: (
        "contactsLocationsModule.locations",
        [{"facility": text, "city": text, "country": "Norway", "contacts": [{"name": text}]}],
    ),
    "a reference": lambda text: (
        "referencesModule.references", [{"type": "RESULT", "citation": text}]
    ),
    "data sharing": lambda text: ("ipdSharingStatementModule.description", text),
    "results": lambda text: ("resultsSection.participantFlowModule.recruitmentDetails", text),
    "a field that no rule knows": lambda text: ("quantumModule.words", text),
}  # fmt: skip


@pytest.mark.parametrize("signs", SIGNS)
@pytest.mark.parametrize("place", TEXTS)
def test_the_same_words_in_other_signs_are_noise_in_every_text(place: str, signs: str) -> None:
    there = TEXTS[place]
    for before, after in (SIGNS[signs], SIGNS[signs][::-1]):
        old, new = dict([there(before)]), dict([there(after)])
        found = events(study(old), updated(new))
        assert kinds(found) == [], [event.summary for event in found]


@pytest.mark.parametrize(("before", "after"), OTHER, ids=[one for one, _ in OTHER])
@pytest.mark.parametrize("place", ["an arm's description", "a brief title", "a sponsor"])
def test_signs_that_say_something_else_are_news(place: str, before: str, after: str) -> None:
    assert not same_words(before, after)
    old, new = (dict([TEXTS[place](text)]) for text in (before, after))
    assert kinds(events(study(old), updated(new))) != []


def test_characters_that_nobody_sees_are_no_words_anywhere() -> None:
    document = updated()
    hidden = _with_marks(document)
    assert hidden != document
    assert kinds(events(study(), hidden)) == []


def _with_marks(value: Any) -> Any:
    """Return a copy with a zero-width space within every word that is no code of the registry."""
    if isinstance(value, dict):
        return {name: _with_marks(below) for name, below in value.items()}
    if isinstance(value, list):
        return [_with_marks(item) for item in value]
    if not isinstance(value, str) or value[:1].isdigit() or value.isupper() or "NCT" in value:
        return value
    return " ".join(f"{word[:1]}\u200b{word[1:]}\ufeff" for word in value.split(" "))


def test_items_of_one_name_pair_by_their_words_not_by_their_signs() -> None:
    output = ["Score of pain, by the patient", "Score of pain, by the physician's reading"]
    old = [{"measure": "Pain", "description": text, "timeFrame": "1 year"} for text in output]
    new = [
        {"measure": "Pain.", "description": f"{text.upper()}.", "timeFrame": "1 Year."}
        for text in output
    ]
    new.reverse()
    path = "outcomesModule.secondaryOutcomes"
    assert kinds(events(study({path: old}), updated({path: new}))) == []


def test_entities_are_the_signs_that_they_stand_for() -> None:
    assert same_text("A &amp; B &lt; 5&nbsp;&#181;g &#x27;x&#39;", "A & B < 5 µg 'x'")
    assert not same_text("R&D; more", "RD; more")


def _case(shared_data: Path, number: str) -> list[tuple[ChangeEvent, ...]]:
    (folder,) = (shared_data / "cases").glob(f"{number}-*")
    versions = []
    for path in sorted(folder.glob("v[12].*")):
        lines = path.read_text("utf-8")
        many = path.suffix == ".jsonl"
        versions.append([json.loads(line) for line in (lines.splitlines() if many else [lines])])
    found = []
    for old, new in zip(*versions, strict=True):
        changes, reported = compared(record(old), record(new))
        assert_accounted_for(changes, reported)
        found.append(reported)
    return found


@pytest.mark.parametrize("number", ["04", "09"])
def test_real_records_in_other_signs_are_noise(shared_data: Path, number: str) -> None:
    found = _case(shared_data, number)
    assert found
    for reported in found:
        assert kinds(reported) == [], [event.summary for event in reported]


def test_a_real_edit_of_letter_case_in_arms_is_noise(shared_data: Path) -> None:
    ((*reported,),) = _case(shared_data, "20")
    assert ChangeKind.ARM_CHANGED not in kinds(reported)
    (noise,) = (e for e in reported if e.label == "Arms and interventions")
    assert (noise.kind, noise.severity) == (ChangeKind.ADMINISTRATIVE_UPDATE, Severity.NOISE)
    assert "the same words in other letters or marks" in noise.summary
