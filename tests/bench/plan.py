"""How much a run of the benchmark measures, and what every measurement is given."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.bench.records import Corpus


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Sizes of one run.

    ``records``: trials of the real series to take (None: all). ``rounds``: how often each
    measurement is repeated. ``later_versions``: synthetic versions of each trial in the bulk
    ingest. ``sites``/``changed_sites``: of the large record. ``stored_trials`` with
    ``stored_versions`` each make the large store, ``few_trials`` the small one.
    ``history_runs``: how often the command is run on each store.
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


FULL = Plan()
TINY = Plan(
    records=12,
    rounds=1,
    bulk_rounds=1,
    later_versions=1,
    sites=40,
    changed_sites=6,
    stored_trials=6,
    stored_versions=2,
    few_trials=3,
    history_runs=2,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What a measurement works with: sizes, records, a folder of its own, a voice for progress."""

    plan: Plan
    corpus: Corpus
    folder: Path
    say: Callable[[str], None]
