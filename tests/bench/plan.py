"""How much a run of the benchmark measures, and what every measurement is given."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.bench.records import Corpus


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchPlan:
    """Sizes of one run.

    ``records``: trials of the real series to take (None: all). ``rounds``: how often each
    measurement is repeated. ``later_versions``: synthetic versions of each trial in the
    bulk ingest. ``sites``/``changed_sites``: of the large record. ``stored_trials`` with
    ``stored_versions`` each make the large store, ``few_trials`` the small one.
    ``history_runs``: how often the command is run on each store. ``watched``: records that are
    polled, ``poll_rounds`` times. ``registry_records``: of the whole registry,
    ``registry_daily`` of which change on a day. ``subscriptions``: that ``changed_trials`` are
    matched against, ``fanout_rounds`` times. ``selected_trials``: of the store that events are
    selected from; ``store_url``: one that is there, or that is made there, else one is made.
    Of that store each list and page is asked for ``answer_runs`` times.
    """

    records: int | None = None
    rounds: int = 25
    bulk_rounds: int = 3
    later_versions: int = 3
    sites: int = 2_000
    changed_sites: int = 300
    stored_trials: int = 20_000
    stored_versions: int = 5
    few_trials: int = 200
    history_runs: int = 21
    watched: int = 10_000
    poll_rounds: int = 5
    registry_records: int = 570_000
    registry_daily: int = 5_000
    subscriptions: int = 100_000
    changed_trials: int = 5_000
    fanout_rounds: int = 3
    selected_trials: int = 570_000
    store_url: str | None = None
    answer_runs: int = 5


FULL = BenchPlan()
TINY = BenchPlan(
    records=8,
    rounds=1,
    bulk_rounds=1,
    later_versions=3,
    sites=40,
    changed_sites=6,
    stored_trials=6,
    stored_versions=2,
    few_trials=3,
    history_runs=1,
    watched=30,
    poll_rounds=1,
    registry_records=40,
    registry_daily=4,
    subscriptions=200,
    changed_trials=20,
    fanout_rounds=1,
    selected_trials=60,
    answer_runs=2,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What a measurement works with: sizes, records, a folder of its own, a voice for progress."""

    plan: BenchPlan
    corpus: Corpus
    folder: Path
    say: Callable[[str], None]
