"""Lists as CSV: the rows of a page's query, many at once; a header says where they go on."""

from dataclasses import replace
from io import BytesIO
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from monitor.app import App
from monitor.app.exports import EVENTS, TRIALS
from monitor.app.queries import select_events, select_trials
from monitor.tabular.columns import TableLayout
from monitor.tabular.text_files import write_csv
from monitor.web.pages.forms import query_pairs
from monitor.web.pages.layout import root_of
from monitor.web.pages.lists import EVENT_LIST, TRIAL_LIST, event_query, trial_query
from monitor.web.parameters import Parameters

_ROWS, _MOST_ROWS = 1_000, 10_000
_DEADLINE_S = 10.0


def events_csv(app: App, request: Request) -> Response:
    """Return changes, the newest first; ``limit``: at most so many."""
    parameters = Parameters(request.query_params, (*EVENT_LIST, "limit"))
    limit = parameters.number("limit", default=_ROWS, most=_MOST_ROWS)
    with app.reader() as reader:
        query = replace(event_query(app, reader, parameters), limit=limit)
        found = select_events(reader, query, synonyms=app.synonyms(), deadline_s=_DEADLINE_S)
    return _csv(request, "events.csv", found.events, EVENTS, found.next)


def trials_csv(app: App, request: Request) -> Response:
    """Return trials in the order that is asked for; as ``events_csv``."""
    parameters = Parameters(request.query_params, (*TRIAL_LIST, "limit"))
    limit = parameters.number("limit", default=_ROWS, most=_MOST_ROWS)
    with app.reader() as reader:
        query = replace(trial_query(app, reader, parameters), limit=limit)
        found = select_trials(reader, query, synonyms=app.synonyms(), deadline_s=_DEADLINE_S)
    return _csv(request, "trials.csv", found.trials, TRIALS, found.next)


def _csv(request: Request, name: str, rows: Any, layout: TableLayout[Any], after: Any) -> Response:
    file = BytesIO()
    write_csv(file, rows, layout)
    headers = {
        "Cache-Control": "no-cache",
        "Content-Disposition": f'attachment; filename="{name}"',
        "X-Content-Type-Options": "nosniff",
    }
    if after is not None:
        query = urlencode([*query_pairs(request, "cursor"), ("cursor", str(after))])
        headers["Link"] = f'<{root_of(request)}{name}?{query}>; rel="next"'
    return Response(file.getvalue(), headers=headers, media_type="text/csv")
