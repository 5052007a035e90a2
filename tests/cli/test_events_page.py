"""docs/events.md lists every kind of event, with the severity that the rules give it."""

import gzip
import json
import re
from collections import defaultdict
from itertools import pairwise
from pathlib import Path

from monitor.detect.classify import SEVERITIES, classify
from monitor.detect.diff import diff
from monitor.detect.rules.base import Context
from monitor.model.changes import ChangeKind, Severity
from monitor.model.record import TrialRecord
from monitor.settings import ThresholdSettings
from tests.detect.cases import presence
from tests.detect.examples import events, study

PAGE = (Path(__file__).parents[2] / "docs" / "events.md").read_text("utf-8")
ROWS = re.findall(r"(?m)^\| `(\w+)` \| ([^|]*) \| ([^|]*) \|(.*)\|$", PAGE)


def test_every_kind_stands_in_the_page_once_and_no_other() -> None:
    assert sorted(kind for kind, *_ in ROWS) == sorted(ChangeKind)


def test_every_kind_has_the_severity_of_the_rules() -> None:
    filled = {kind: severity.split(";")[0] for kind, severity, _, _ in ROWS}
    assert filled == {str(kind): str(severity) for kind, severity in SEVERITIES.items()}
    assert {severity for _, severity, _, _ in ROWS for severity in [severity.split(";")[0]]} == set(
        Severity
    )


def test_the_thresholds_of_the_page_are_the_defaults() -> None:
    defaults = ThresholdSettings()
    assert f"low below {defaults.date_days_medium} days" in PAGE
    assert f"high from {defaults.date_days_high} days" in PAGE
    assert f"critical from {defaults.date_days_critical} days" in PAGE
    assert f"high from {defaults.enrollment_percent_high:.0f} %" in PAGE
    assert f"high below {defaults.enrollment_actual_percent_low:.0f} % of the last target" in PAGE


def test_every_fact_of_a_record_that_goes_or_comes_back_stands_in_its_row() -> None:
    filled = {kind: facts_of(kind) for kind, *_ in ROWS}
    for case in presence.CASES:
        found = events(study(case.old), study(case.new))
        [event] = [event for event in found if event.kind is case.kind]
        assert set(event.facts) - {"life_phase"} <= filled[event.kind], event.kind


def test_every_fact_of_real_changes_stands_in_its_row(shared_data: Path) -> None:
    series: dict[str, list[TrialRecord]] = defaultdict(list)
    place = shared_data / "ctgov" / "snapshots" / "daily_snapshots_2026-02_03.jsonl.gz"
    with gzip.open(place, "rt", encoding="utf-8") as lines:
        for line in lines:
            found = json.loads(line)
            nct_id = found["nct_id"]
            series[nct_id].append(TrialRecord(nct_id=nct_id, document=found["study"]))
    filled = {kind: facts_of(kind) for kind, *_ in ROWS}
    for records in series.values():
        for old, new in pairwise(records):
            assert new.last_update_date is not None
            context = Context(
                old=old,
                new=new,
                version_date=new.last_update_date,
                first_start_date=records[0].start_date,
                thresholds=ThresholdSettings(),
            )
            for event in classify(diff(old, new), context):
                assert set(event.facts) - {"life_phase"} <= filled[event.kind], event.kind


def facts_of(kind: str) -> set[str]:
    """Return the facts that the page names for a kind; ``as above`` adds those of the row above."""
    names: set[str] = set()
    for name, _, _, facts in ROWS:
        own = set(re.findall(r"`(\w+)`", facts))
        names = names | own if "as above" in facts else own
        if name == kind:
            return names
    raise AssertionError(kind)
