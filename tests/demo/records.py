"""The seeds as a registry serves them: the pages of 2025, then what July 2026 changed."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from monitor.detect.partial_records import merge_partial, split_run_in
from monitor.model.record import RawVersion, TrialRecord
from monitor.parsers.base import parse
from tests.registry import Records
from tests.registry.world import World

SEEDS = Path(__file__).parents[2] / "seeds"
BEFORE, AFTER = "2026-01-12", "2026-07-15"
"""The data dates on which the registry shows the pages, and the records of July."""


def seed_world() -> World:
    """Return a registry of the five seed trials, on the day of their pages."""
    records = Records()
    for page in sorted(SEEDS.glob("*.txt")):
        old = _read(page, "text")
        new = _read(SEEDS / "2026-07" / f"{old.nct_id}.json", "json")
        before = replace(old, document=_with_conditions_apart(old, new))
        # What a page never states the record had all the same.
        records.put(dict(merge_partial(new, before).document), on=BEFORE)
        records.put(dict(merge_partial(old, new).document), on=AFTER)
    return World(records, day=records.first_day())


def _read(path: Path, media: str) -> TrialRecord:
    raw = RawVersion(
        content=path.read_bytes(),
        media=media,
        source="seeds",
        origin=path.name,
        retrieved_at=datetime(2026, 1, 12, tzinfo=UTC),
    )
    return parse(raw)


def _with_conditions_apart(old: TrialRecord, new: TrialRecord) -> dict[str, Any]:
    """Return the page's document with the conditions that it runs into one line as a list."""
    document: dict[str, Any] = json.loads(json.dumps(old.document))
    protocol: Mapping[str, Any] = document["protocolSection"]
    module = protocol.get("conditionsModule")
    stated = new.document["protocolSection"].get("conditionsModule", {}).get("conditions")
    if module and stated:
        module["conditions"], _ = split_run_in(module["conditions"], stated)
    return document
