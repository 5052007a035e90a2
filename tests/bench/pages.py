"""What pages, feeds and the API cost on a large store: CPU time of the process that answers."""

import gzip
import statistics
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from http import HTTPStatus
from itertools import islice
from urllib.parse import urlencode

from msgspec.structs import replace as replaced

from monitor.app.queries import select_events
from monitor.app.wiring import App
from monitor.model.changes import Severity
from monitor.model.public_ids import public_version_id
from monitor.model.queries import EventQuery
from monitor.settings import WebSettings
from monitor.store.reader import open_reader
from monitor.web.server import WebServer
from monitor.web.site import site_routes
from monitor.web.store_calls import StoreCalls
from tests.bench.plan import BenchPlan
from tests.bench.rows import Measurement
from tests.bench.timing import shown
from tests.web.serving import LOOPBACK, answering, ask, served

_TARGET_S = 0.06
_TRIALS = 60
_OF_A_FILTER = 5
_PROGRAMS = ("feed", "API, events")  # of which no time is asked


def measure_pages(
    url: str, queries: Mapping[str, EventQuery], plan: BenchPlan
) -> list[Measurement]:
    """Ask a site over the store for each kind of page, and return a row for each kind."""
    app = App.configured(None, environ={"MONITOR_DATABASE_URL": url})
    web = WebSettings(requests_per_minute=0)
    app = App(settings=replaced(app.settings, web=web), now=app.now)
    site = site_routes(StoreCalls(lambda: app), host=LOOPBACK)
    with served(answering(), site) as server:
        return [
            _row(kind, *_ask(server, addresses, plan.answer_runs), plan.answer_runs)
            for kind, addresses in _kinds(url, queries).items()
        ]


def _kinds(url: str, queries: Mapping[str, EventQuery]) -> dict[str, list[str]]:
    """Return addresses of each kind of page: lists by all filters, trials as these find them."""
    target = {name: urlencode([*_pairs(query)]) for name, query in queries.items()}
    of_trials = [
        text
        for name, text in target.items()
        # An NCT ID leads from the list of trials to the trial's page.
        if queries[name].filter and not queries[name].kinds and "NCT" not in text
    ]
    trials = _trials(url, queries.values())
    return {
        "what changed lately": [f"/?{text}" for text in target.values()],
        "list of trials": ["/trials", *(f"/trials?{text}" for text in of_trials)],
        "trial": [f"/trials/{one}" for one in trials],
        "record": [f"/trials/{one}/versions/1" for one in trials],
        "change": [f"/trials/{one}/changes/{version}" for one, version in trials.items()],
        "comparison": [f"/trials/{one}/compare/1..2" for one in trials],
        "about": ["/about"] * _TRIALS,
        "feed": [f"/events/feed.atom?{text}" for text in target.values()],
        "API, events": [f"/api/v1/events?{text}" for text in target.values()],
    }


def _pairs(query: EventQuery) -> Iterator[tuple[str, str]]:
    wanted = query.filter.wanted if query.filter else {}
    yield from ((key, text) for key, texts in wanted.items() for text in texts)
    yield from (("kind", kind.value) for kind in query.kinds or ())
    if query.min_severity is not Severity.LOW:
        yield "min_severity", query.min_severity.value


def _trials(url: str, queries: Iterable[EventQuery]) -> dict[str, str]:
    """Return trials with two versions, some for each filter, and a version's address."""
    with open_reader(url) as reader:
        found = {
            one.stored.nct_id: public_version_id(one.identity)
            for query in queries
            for one in select_events(reader, query).events[:_OF_A_FILTER]
            if len(reader.versions(one.stored.nct_id)) > 1
        }
    return dict(islice(found.items(), _TRIALS))


def _ask(server: WebServer, addresses: Sequence[str], runs: int) -> tuple[list[float], int]:
    """Return the CPU time of each answer, best of some, and the size of the largest, compressed."""
    taken, sizes = [], [0]
    for path in addresses:
        times = []
        for _ in range(runs):
            began = time.process_time()
            status, _, content = ask(server.address, path)
            times.append(time.process_time() - began)
            assert status == HTTPStatus.OK, (status, path)
            sizes.append(len(gzip.compress(content)))
        taken.append(min(times[1:]))
    return taken, max(sizes)


def _row(kind: str, taken: Sequence[float], largest: int, runs: int) -> Measurement:
    most = statistics.quantiles(taken, n=20)[-1]
    return Measurement(
        name=f"page_{kind.replace(' ', '_')}",
        what=f"page: {kind}",
        ours=f"{shown(most)}, {largest / 1000:.0f} KB",
        baseline=f"{shown(_TARGET_S)} asked",
        ratio=most / _TARGET_S,
        target=1 if kind not in _PROGRAMS else None,
        note=f"CPU time, 95th percentile of {len(taken)} addresses, each the best of {runs - 1}"
        f" behind a first; the median is {shown(statistics.median(taken))}, the most"
        f" {shown(max(taken))}. The size is the largest one's, compressed.",
    )
