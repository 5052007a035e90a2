"""Fixtures of the command line's tests."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.cli.calls import NOON, Monitor
from tests.cli.studies import OTHER, study
from tests.filled import FilledStores


@pytest.fixture
def monitor(sqlite_url: str, tmp_path: Path) -> Monitor:
    """Return the command line on an empty store."""
    return Monitor(sqlite_url, tmp_path)


@pytest.fixture
def filled(monitor: Monitor, filled_stores: FilledStores) -> Monitor:
    """Return the command line on a store with a trial of three versions and another of one.

    The second version is one of the sponsor, the third one of the registry alone.
    """
    filled_stores.fill(
        monitor.url, "three versions and another trial", lambda _: tell_operator(monitor)
    )
    return monitor


def tell_operator(monitor: Monitor) -> None:
    """Ingest the versions."""
    sites = (("Clinic A", "France", "RECRUITING"), ("Clinic B", "Spain", "RECRUITING"))
    more = (*sites, ("Clinic C", "Spain", "NOT_YET_RECRUITING"))
    later = datetime(2026, 3, 9, 8, 30, tzinfo=UTC)
    monitor.ingest(study("2026-02-02", sites=sites), study(nct_id=OTHER, status="COMPLETED"))
    monitor.ingest(study("2026-02-02", "2026-03-06", sites=sites), at=NOON + timedelta(days=4))
    monitor.ingest(
        study("2026-03-07", sites=more, enrollment=240, status="ACTIVE_NOT_RECRUITING"), at=later
    )
    monitor.ingest(
        study(
            "2026-03-07",
            "2026-03-12",
            sites=more,
            enrollment=240,
            status="ACTIVE_NOT_RECRUITING",
            statusVerifiedDate="2026-03",
        ),
        at=later + timedelta(days=4),
    )
