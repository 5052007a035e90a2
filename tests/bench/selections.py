"""The newest events of a large store for twenty filters, a page further, and what is ended."""

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import replace

import psycopg

from monitor.app.queries import DEADLINE_S, select_events
from monitor.model.changes import ChangeKind, Severity
from monitor.model.queries import EventQuery, EventResults
from monitor.model.record import TrialRecord
from monitor.model.subscriptions import Filter
from monitor.store.reader import Reader, open_reader
from monitor.store.writer import open_store
from tests.bench.made_store import COPIES, MadeStore, fill
from tests.bench.pages import measure_pages
from tests.bench.plan import Bench
from tests.bench.rows import Measurement, against
from tests.bench.timing import Sample, best, timed

_TARGET_S = 0.05
_MEGABYTE = 1_000_000
_WHOLE = 570_000
_TARGET_B = 300 * _MEGABYTE / _WHOLE
_PAGE = 50
_PAGES = 20
_SAMPLE = 300  # trials that the filters' words are taken from


def measure(bench: Bench) -> list[Measurement]:
    """Make the store, or take the one that is named, and ask it."""
    made = MadeStore(bench.corpus, bench.plan.selected_trials // COPIES)
    url = bench.plan.store_url or f"sqlite:///{bench.folder / 'large.db'}"
    with open_store(url) as store:
        with open_reader(url) as reader:
            is_empty = reader.counts()["trials"] == 0
        if is_empty:
            fill(store, made, lambda step: bench.say(f"selections: {step}"))
    bench.say("selections: asking")
    with open_reader(url) as reader:
        queries, runs = twenty_filters(made), bench.plan.answer_runs
        found = {name: _best(reader, query, runs) for name, query in queries.items()}
        further = _further(reader, queries["all"])
        ended = _ended(reader)
        rows = [
            _slowest(found),
            *_each(found, runs),
            further,
            ended,
            _size(url, made.trials * COPIES),
        ]
    bench.say("selections: asking for pages")
    return [*rows, *measure_pages(url, queries, bench.plan)]


def twenty_filters(made: MadeStore) -> dict[str, EventQuery]:
    """Return the twenty filters: words that many trials have, and few."""
    records = [made.record(n, second=False)[0] for n in range(min(_SAMPLE, made.trials))]
    condition, *_, rare = _by_number(word for one in records for word in _words(one.conditions))
    country, second, *_, far = _by_number(one for record in records for one in _countries(record))
    sponsor, *_, small = _by_number(one.lead_sponsor or "" for one in records)
    kinds = [ChangeKind.ENROLLMENT_TARGET_CHANGED, ChangeKind.TRIAL_SUSPENDED]
    filters: dict[str, dict[str, str]] = {
        "common condition": {"condition": condition},
        "common condition, two words": {"condition": _pair(records)},
        "rare condition": {"condition": rare},
        "common country": {"country": country},
        "rare country": {"country": far},
        "common sponsor": {"sponsor": "University"},
        "sponsor by its whole name": {"sponsor": sponsor},
        "rare sponsor": {"sponsor": small},
        "common text": {"text": "safety"},
        "rare text": {"text": records[0].nct_id},
        "condition, country, status": {
            "condition": condition, "country": country, "status": "COMPLETED"},
        "text, country, phase": {"text": "safety", "country": second, "phase": "PHASE2"},
        "phase, study type, status": {
            "phase": "PHASE3", "study_type": "INTERVENTIONAL", "status": "RECRUITING"},
        "broad words without a result": {
            "study_type": "OBSERVATIONAL", "phase": "PHASE3", "country": country},
        "more broad words without a result": {
            "text": "patients", "study_type": "OBSERVATIONAL", "phase": "PHASE2"},
    }  # fmt: skip
    queries = {name: EventQuery(filter=_filter(one_filter)) for name, one_filter in filters.items()}
    queries |= {
        "all": EventQuery(),
        "common kind": EventQuery(kinds=kinds[:1]),
        "rare kind": EventQuery(kinds=kinds[1:]),
        "critical ones": EventQuery(min_severity=Severity.CRITICAL),
        "condition and kind": EventQuery(filter=_filter({"condition": condition}), kinds=kinds[:1]),
    }
    return queries


def _filter(one_filter: dict[str, str]) -> Filter:
    return Filter(wanted={key: (value,) for key, value in one_filter.items()})


def _by_number(words: Iterable[str]) -> list[str]:
    return [word for word, _ in Counter(filter(None, words)).most_common()]


def _words(texts: Iterable[str]) -> Iterator[str]:
    return (word for text in texts for word in text.split() if word.isalpha() and len(word) > 3)


def _pair(records: Iterable[TrialRecord]) -> str:
    pairs = Counter(" ".join(text.split()[:2]) for one in records for text in one.conditions)
    return next((pair for pair, _ in pairs.most_common() if " " in pair), "breast cancer")


def _countries(record: TrialRecord) -> set[str]:
    return {str(site["country"]) for site in record.locations if site.get("country")}


def _asking(reader: Reader, query: EventQuery, pages: list[EventResults]) -> Callable[[], None]:
    return lambda: pages.append(select_events(reader, query))


def _best(reader: Reader, query: EventQuery, runs: int) -> tuple[Sample, EventResults]:
    pages: list[EventResults] = []
    samples = [timed(_asking(reader, query, pages)) for _ in range(runs)]
    return best(samples), pages[-1]


def _slowest(found: dict[str, tuple[Sample, EventResults]]) -> Measurement:
    name = max(found, key=lambda name: found[name][0].wall_s)
    return _row(
        f"newest {_PAGE} events, the slowest of {len(found)} filters ({name})",
        found[name][0],
        _TARGET_S,
        "Each filter of the rows below.",
    )


def _each(found: dict[str, tuple[Sample, EventResults]], runs: int) -> Iterator[Measurement]:
    for name, (sample, page) in found.items():
        text = "the whole page" if page.is_complete else "ended by the deadline"
        yield _row(
            f"newest events: {name}",
            sample,
            None,
            f"`select_events`, {len(page.events)} events, {text}; best of {runs} runs.",
        )


def _further(reader: Reader, query: EventQuery) -> Measurement:
    samples: list[Sample] = []
    for _ in range(_PAGES):
        pages: list[EventResults] = []
        samples.append(timed(_asking(reader, query, pages)))
        if pages[0].next is None:
            break
        query = replace(query, after=pages[0].next)
    worst = max(samples, key=lambda sample: sample.wall_s)
    return _row(
        f"page {len(samples)} of all events, and those before it",
        worst,
        _TARGET_S,
        "The slowest of them; each is asked for by the key that the one before it ended with.",
    )


def _ended(reader: Reader) -> Measurement:
    one_filter = Filter(wanted={"text": ('"patients safety of the"',)})
    sample = timed(lambda: select_events(reader, EventQuery(filter=one_filter)))
    return _row(
        "frequent words that never follow each other, as a phrase",
        sample,
        DEADLINE_S + 0.2,
        "The records that have all the words are looked at until the deadline of a second.",
    )


def _size(url: str, trials: int) -> Measurement:
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as file:
            target = "SELECT sum(pgsize) FROM dbstat WHERE name LIKE 'trial_search%'"
            [size] = file.execute(target).fetchone()
    else:
        with psycopg.connect(url) as server:
            [size] = server.execute("SELECT pg_total_relation_size('trial_search')").fetchall()[0]
    return Measurement(
        name="selections",
        what="the index of words, with what it is made of",
        ours=f"{size / _MEGABYTE:,.0f} MB, {size / trials:,.0f} B a trial",
        baseline=f"{_TARGET_B:,.0f} B a trial",
        ratio=size / trials / _TARGET_B,
        target=1.0 if trials >= _WHOLE else None,
        note="300 MB for 570,000 trials are asked for.",
    )


def _row(what: str, sample: Sample, asked_s: float | None, note: str) -> Measurement:
    allowed = asked_s or _TARGET_S
    asked = Sample(wall_s=allowed, cpu_s=allowed)
    target = None if asked_s is None else 1.0
    return against("selections", what, sample, asked, "asked", target=target, note=note)
