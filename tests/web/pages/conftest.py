"""Sites that several tests ask: of the seeds, and of real records with long histories."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import pytest
import time_machine

from monitor.web.server import WebServer
from tests.bench.edits import later_version
from tests.cli.calls import Monitor
from tests.cli.test_help import SEEDS
from tests.records import mixed_studies
from tests.web.pages.site import site_of

READ = datetime(2026, 6, 4, 8, tzinfo=UTC)
WIDEST = "NCT02513394"
"""The real trial with 437 sites."""
VERSIONS = 15


@pytest.fixture(scope="session")
def seeds_url(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return a store of the five seeds, their versions read a day apart."""
    folder = tmp_path_factory.mktemp("seeds-site")
    monitor = Monitor(f"sqlite:///{folder / 'monitor.db'}", folder)
    for at, paths in (
        (READ, sorted(SEEDS.glob("*.txt"))),
        (READ + timedelta(days=1), [SEEDS / "2026-07"]),
    ):
        with time_machine.travel(at, tick=False):
            monitor.answer("ingest", *map(str, paths))
    return monitor.url


@pytest.fixture(scope="session")
def seeds_site(seeds_url: str) -> Iterator[WebServer]:
    """Serve the site of the seeds."""
    with site_of(seeds_url) as server:
        yield server


@pytest.fixture(scope="session")
def wide_url(tmp_path_factory: pytest.TempPathFactory, shared_data: Path) -> str:
    """Return a store with the trial of 437 sites in 15 versions, and the largest real record."""
    folder = tmp_path_factory.mktemp("wide-site")
    monitor = Monitor(f"sqlite:///{folder / 'monitor.db'}", folder)
    first = next(orjson.dumps(one) for one in mixed_studies(shared_data) if _nct_id(one) == WIDEST)
    for number in range(VERSIONS):
        study = later_version(first, trial=1, version=number)
        assert monitor.ingest(study, at=READ + timedelta(days=7 * number)).exit_code == 0
    return monitor.url


def _nct_id(study: dict[str, dict[str, dict[str, str]]]) -> str:
    return study["protocolSection"]["identificationModule"]["nctId"]


@pytest.fixture(scope="session")
def wide_site(wide_url: str) -> Iterator[WebServer]:
    """Serve its site."""
    with site_of(wide_url) as server:
        yield server
