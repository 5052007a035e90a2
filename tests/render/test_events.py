"""One event as lines: what it says, then what lies behind it."""

import io
from typing import Any

import pytest

from monitor.model.changes import ChangeEvent, ChangeKind, FieldChange, Op, Severity
from monitor.model.fields import Path
from monitor.render.code_words import plain_codes
from monitor.render.events import BRIEF, FULL, Detail, event_lines, item_names
from monitor.render.screen import Screen

STATUS: Path = ("protocolSection", "statusModule", "overallStatus")
SITES: Path = ("protocolSection", "contactsLocationsModule", "locations")
SUMMARY: Path = ("protocolSection", "descriptionModule", "briefSummary")
CRITERIA: Path = ("protocolSection", "eligibilityModule", "eligibilityCriteria")


def change(
    field: Path, before: Any, after: Any, *, op: Op = "changed", path: Path = ()
) -> FieldChange:
    """Return a field change; ``path`` when it lies in a list item."""
    return FieldChange(path=path or field, field=field, op=op, before=before, after=after)


def event(
    *changes: FieldChange,
    summary: str,
    severity: Severity = Severity.HIGH,
    before: Any = None,
    after: Any = None,
    **facts: Any,
) -> ChangeEvent:
    """Return an event of these changes."""
    return ChangeEvent(
        kind=ChangeKind.FIELD_CHANGED,
        severity=severity,
        label="Thing",
        path=".".join(changes[0].field) if changes else "",
        summary=summary,
        before=before,
        after=after,
        facts=facts,
        fields=changes,
    )


def text(found: ChangeEvent, detail: Detail = BRIEF) -> str:
    """Return an event as a pipe gets it."""
    stream = io.StringIO()
    Screen(stream=stream).show(event_lines(found, detail))
    return stream.getvalue()


def added_site(name: str) -> FieldChange:
    """Return the addition of a site."""
    return change(SITES, None, {"facility": name}, op="added", path=(*SITES, name))


def test_escapes_of_the_registry_are_undone_and_the_change_is_still_set_off() -> None:
    found = event(
        summary="Thing: A \\& B → " + "x" * 158 + "\\…",
        before="A \\& B",
        after="x" * 158 + "\\*\\*",
    )
    (headline, *_) = event_lines(found, BRIEF)
    reported = [(span.text, span.role) for span in headline.spans]
    assert ("A & B", "before") in reported
    assert ("x" * 158 + "…", "after") in reported


def test_a_single_value_is_told_in_one_line() -> None:
    found = event(
        change(STATUS, "RECRUITING", "COMPLETED"),
        summary="Overall status: RECRUITING → COMPLETED",
        before="RECRUITING",
        after="COMPLETED",
    )
    assert text(found) == "  HIGH      Overall status: recruiting → completed\n"
    spans = event_lines(found, BRIEF)[0].spans
    assert [(span.text, span.role) for span in spans if span.role in {"before", "after"}] == [
        ("recruiting", "before"),
        ("completed", "after"),
    ]


def test_many_sites_are_one_line_with_the_first_few_behind_it() -> None:
    sites = [added_site(f"Clinic {number}") for number in range(43)]
    found = event(*sites, summary="43 sites added (Spain 43)", by_country={"Spain": 43})
    lines = text(found).splitlines()
    assert lines[0] == "  HIGH      43 sites added (Spain 43)"
    assert lines[1:] == [
        "            + Clinic 0",
        "            + Clinic 1",
        "            + Clinic 2",
        "            … and 40 more",
    ]
    assert len(text(found, FULL).splitlines()) == 44


def test_one_more_than_the_first_few_is_shown_rather_than_counted() -> None:
    sites = [added_site(f"Clinic {number}") for number in range(4)]
    assert "more" not in text(event(*sites, summary="4 sites added"))


def test_a_change_inside_an_item_names_the_item_and_the_field() -> None:
    status = (*SITES, "status")
    moves = [
        change(status, "RECRUITING", "COMPLETED", path=(*SITES, f"Clinic {number}", "status"))
        for number in range(2)
    ]
    found = event(*moves, summary="Status of 2 sites", by_country={"Spain": 1, "France": 1})
    lines = text(found).splitlines()
    assert lines[0] == "  HIGH      Status of 2 sites · Spain 1, France 1"
    assert lines[1] == "            ~ Clinic 0 » Site status: recruiting → completed"


def test_a_long_text_is_told_by_its_changed_words() -> None:
    before = "The study looks at the safety of a thing in adults. " * 3 + "It takes 4 weeks."
    after = before.replace("4 weeks", "6 weeks")
    found = event(
        change(SUMMARY, before, after),
        summary="Brief summary: The study … → The study …",
        before=before,
        after=after,
    )
    lines = text(found).splitlines()
    assert lines[0] == "  HIGH      Thing edited"
    assert lines[1].endswith("It takes [-4-]{+6+} weeks.")
    assert lines[1].startswith("            ~ Brief summary: …")


def test_criteria_are_told_item_by_item() -> None:
    found = event(
        change(CRITERIA, "long before " * 30, "long after " * 30),
        summary="Eligibility criteria: 4 criteria changed",
        before="long before " * 30,
        after="long after " * 30,
        added=[{"section": "inclusion", "text": "Adults"}],
        dropped=[{"section": "exclusion", "text": "Pregnancy"}],
        edited=[
            {
                "section": "inclusion",
                "words": [["same", "FVC > "], ["removed", "60"], ["added", "70"]],
            }
        ],
        moved=[{"text": "Asthma", "from": "inclusion", "to": "exclusion"}],
    )
    assert text(found, FULL).splitlines() == [
        "  HIGH      Eligibility criteria: 4 criteria changed",
        "            ~ inclusion: FVC > [-60-]{+70+}",
        "            + inclusion: Adults",
        "            - exclusion: Pregnancy",
        "            ~ from inclusion to exclusion: Asthma",
    ]


def test_a_reworded_outcome_shows_its_words_instead_of_one_gone_and_one_come() -> None:
    outcomes = ("protocolSection", "outcomesModule", "secondaryOutcomes")
    before, after = "Pain at rest", "Pain at rest, by scale"
    found = event(
        change(outcomes, None, {"measure": after}, op="added", path=(*outcomes, after)),
        change(outcomes, {"measure": before}, None, op="removed", path=(*outcomes, before)),
        change(outcomes, {"measure": "Flares"}, None, op="removed", path=(*outcomes, "Flares")),
        summary="Secondary outcomes: 1 reworded; removed Flares",
        reworded=[{"before": before, "after": after, "same": "sure", "likeness": 0.9}],
    )
    assert text(found).splitlines()[1:] == [
        "            ~ Pain at rest{+, by scale+}",
        "            - Flares",
    ]


def test_facts_that_the_summary_leaves_out_stand_behind_it() -> None:
    date = ("protocolSection", "statusModule", "completionDateStruct", "date")
    kind = (*date[:-1], "type")
    moved = event(
        change(date, "2027-03-31", "2026-01-27"),
        change(kind, "ESTIMATED", "ACTUAL"),
        summary="Completion date: 2027-03-31 → 2026-01-27 (−428 days)",
        before="2027-03-31",
        after="2026-01-27",
        type="ACTUAL",
        type_before="ESTIMATED",
    )
    assert text(moved) == (
        "  HIGH      Completion date: 2027-03-31 → 2026-01-27 (−428 days) · estimated → actual\n"
    )
    stopped = event(summary="Why stopped: money", reason_class="business")
    assert text(stopped) == "  HIGH      Why stopped: money · reason: business\n"


def test_all_classes_of_a_reason_are_told_the_leading_one_first() -> None:
    stopped = event(
        summary="Why stopped: both",
        reason_class="safety",
        reason_classes=["safety", "external_evidence"],
    )
    assert text(stopped) == ("  HIGH      Why stopped: both · reason: safety, external evidence\n")


def test_noise_is_its_headline_alone() -> None:
    sites = [added_site(f"Clinic {number}") for number in range(9)]
    found = event(*sites, summary="nine things", severity=Severity.NOISE)
    assert text(found, FULL) == "  noise     nine things\n"


def test_every_field_change_of_a_gathered_event_is_told_in_full() -> None:
    changes = [
        change(SUMMARY, None, "New words", op="added"),
        change(SITES, {"name": "Clinic"}, None, op="removed", path=(*SITES, "Clinic")),
        change((*SITES, "zip"), "1", "2", path=(*SITES, "Other clinic", "zip")),
    ]
    lines = text(event(*changes, summary="Things: 1 added, 1 removed, 1 changed"), FULL)
    assert lines.splitlines()[1:] == [
        "            + Brief summary: New words",
        "            - Clinic",
        "            ~ Other clinic » Zip: 1 → 2",
    ]


def test_items_are_named_outermost_first() -> None:
    contacts = (*SITES, "contacts", "phone")
    found = change(contacts, "1", "2", path=(*SITES, "Clinic", "contacts", "Site contact", "phone"))
    assert item_names(found) == ("Clinic", "Site contact")
    assert item_names(change(STATUS, "A", "B")) == ()


@pytest.mark.parametrize(
    ("op", "before", "after", "headline", "behind"),
    [
        ("changed", "OTHER", "DRUG", "Arms: changed A (type: OTHER → DRUG)", []),
        (
            "removed", "Once a day", None, "Arms: changed A (type removed)",
            ["            - A » Type: Once a day"],
        ),
    ],
)  # fmt: skip
def test_a_part_of_an_item_is_told_once(
    op: Op, before: Any, after: Any, headline: str, behind: list[str]
) -> None:
    arms: Path = ("protocolSection", "armsInterventionsModule", "armGroups")
    edit = change((*arms, "type"), before, after, op=op, path=(*arms, "A", "type"))
    assert text(event(edit, summary=headline)).splitlines() == [
        f"  HIGH      {plain_codes(headline)}",
        *behind,
    ]
