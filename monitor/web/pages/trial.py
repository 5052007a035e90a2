"""A trial's page: how it stands, what became of its plans, what changed, newest first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from starlette.requests import Request
from starlette.responses import Response

from monitor.app import App
from monitor.model.bitemporal import valid_from
from monitor.model.history import StoredVersion, TrialRow
from monitor.model.public_ids import public_version_id
from monitor.store.reader import Reader
from monitor.web import charts as drawing
from monitor.web.charts import enrollment_chart, sites_chart, slip_chart
from monitor.web.pages.events import ListedEvents, list_events
from monitor.web.pages.layout import feeds_of, page
from monitor.web.pages.trial_parts import requested_trial, trial_head, version_choices
from monitor.web.parameters import Parameters

_VERSIONS = 40
_BOX = {
    "width": drawing.WIDTH, "height": drawing.HEIGHT, "left": drawing.LEFT,
    "right": drawing.RIGHT, "top": drawing.TOP, "bottom": drawing.BOTTOM,
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineRow:
    """A version in a trial's timeline."""

    number: int
    address: str
    day: date
    events: ListedEvents

    @property
    def is_noise(self) -> bool:
        """Whether nothing but noise changed."""
        return not self.events.notable and bool(self.events.noise)


def trial(app: App, request: Request) -> Response:
    """Return the page; ``before``: a version's number, below which the timeline begins."""
    parameters = Parameters(request.query_params, ("before",))
    with app.reader() as reader:
        row, versions = requested_trial(app, reader, request)
        days = valid_from(versions)
        # Pages are cut by version numbers, which a new version does not shift as offsets would.
        before = parameters.number("before", default=len(versions) + 1, most=1_000_000)
        last = min(before - 1, len(versions))
        entries = _timeline(reader, row, versions, days, last)
        record = reader.newest_record(row)
        by_id = {one.id: day for one, day in zip(versions, days, strict=True)}
        facts = [(by_id[one.id], stated) for one, stated in reader.facts(row.nct_id)]
    charts = (slip_chart(facts), enrollment_chart(facts), sites_chart(facts))
    head = trial_head(row, record, app.now().date())
    return page(
        request, "trial.html", title=f"{head.title} ({row.nct_id})", head=head,
        charts=[one for one in charts if one is not None] if len(versions) > 1 else [],
        runs=_runs(entries), versions=version_choices(versions, days), total=len(versions),
        older=entries[-1].number if entries and entries[-1].number > 1 else None,
        is_whole=last == len(versions), box=_BOX,
        feeds=feeds_of(f"trials/{row.nct_id}"), can_subscribe=app.settings.web.subscribe,
    )  # fmt: skip


def _timeline(
    reader: Reader,
    row: TrialRow,
    versions: Sequence[StoredVersion],
    days: Sequence[date],
    last: int,
) -> list[TimelineRow]:
    """Return the entries from the ``last`` version down, the newest first."""
    first = max(0, last - _VERSIONS)
    shown = versions[first:last]
    events = reader.events(row.nct_id, version_ids=[one.id for one in shown])
    return [
        TimelineRow(
            number=at + 1,
            address=public_version_id(versions[at].identity),
            day=days[at],
            events=list_events(one.event for one in events.get(versions[at].id, ())),
        )
        for at in range(last - 1, first - 1, -1)
    ]


def _runs(entries: Sequence[TimelineRow]) -> list[list[TimelineRow]]:
    """Return the entries, those with noise alone that follow each other together."""
    runs: list[list[TimelineRow]] = []
    for is_noise, run in groupby(entries, lambda one: one.is_noise):
        found = list(run)
        runs += [found] if is_noise else [[one] for one in found]
    return runs
