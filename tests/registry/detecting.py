"""What the monitor's own rules make of two sights of a synthetic trial."""

from datetime import date

import orjson

from monitor.detect.classify import classify
from monitor.detect.diff import diff
from monitor.detect.rules.base import Context
from monitor.model.record import TrialRecord
from monitor.parsers.base import parse
from monitor.settings import ThresholdSettings
from tests.registry.catalogue import Catalogue, Study
from tests.registry.examples import raw_of
from tests.registry.world import stamped


def record(catalogue: Catalogue, nct_id: str, day: date) -> TrialRecord:
    """Return the record that a trial has on a day, as the monitor reads it."""
    study = catalogue.find(nct_id, day)
    assert isinstance(study, Study)
    return parse(raw_of(orjson.dumps(stamped(study, day))))


def detected(catalogue: Catalogue, nct_id: str, before: date, after: date) -> tuple[str, ...]:
    """Return the kinds of events between a trial's records of two days, sorted."""
    old, new = record(catalogue, nct_id, before), record(catalogue, nct_id, after)
    changes = diff(old, new)
    if not changes:
        return ()
    context = Context(
        old=old, new=new, version_date=after, first_start_date=None, thresholds=ThresholdSettings()
    )
    return tuple(sorted(str(event.kind) for event in classify(changes, context)))
