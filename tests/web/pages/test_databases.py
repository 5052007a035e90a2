"""The pages of a store on SQLite and of one on PostgreSQL say the same."""

from pathlib import Path

from tests.cli.calls import Monitor
from tests.cli.test_help import SEEDS
from tests.web.pages.site import get, site_of

NCT = "NCT06733935"


SAID = {
    "/": "high Enrollment target: 144 → 240 (+67%)",
    "/?condition=lupus&since=1d&min_severity=low": "in 4 trials",
    "/trials?condition=lupus&sort=last_changed": "4 trials",
    "/trials.csv?country=Spain": "nct_id,title",
    f"/trials/{NCT}": "2 versions, newest first",
    f"/trials/{NCT}/versions/1": "Enrollment info 144",
    f"/trials/{NCT}/compare/1..2": "2 changes",
    "/about": "Trials5",
}


def test_each_page_is_there_on_both(store_url: str, tmp_path: Path) -> None:
    monitor = Monitor(store_url, tmp_path)
    monitor.answer("ingest", *map(str, sorted(SEEDS.glob("*.txt"))))
    monitor.answer("ingest", str(SEEDS / "2026-07"))
    with site_of(store_url) as server:
        for path, text in SAID.items():
            got = get(server, path)
            assert (path, got.status, text in got.text) == (path, 200, True)
