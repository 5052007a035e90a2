"""What changed between two versions of a trial, in full: of neighbours, or of any two."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import groupby
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from monitor.app import App
from monitor.app.versions import find_version
from monitor.deliver.announced_events import announced_events
from monitor.errors import NotFoundError, UsageError
from monitor.model.bitemporal import valid_from
from monitor.model.changes import ChangeEvent, Severity
from monitor.model.history import StoredVersion, TrialRow
from monitor.model.history_filter import HistoryEntry
from monitor.model.public_ids import public_event_id, public_version_id
from monitor.render.alerts.blocks import headline_block
from monitor.render.alerts.page import EventBlock
from monitor.render.alerts.registry_text import clip
from monitor.render.history import sighting
from monitor.render.lines import Line
from monitor.render.values import count_text
from monitor.store.reader import Reader
from monitor.web.pages.answering import MovedError
from monitor.web.pages.details import DetailItem, items_of
from monitor.web.pages.layout import page
from monitor.web.pages.splitting import split
from monitor.web.pages.trial_parts import requested_trial, trial_title
from monitor.web.parameters import ParameterError, Parameters
from monitor.web.words import version_word

_ROOM = 90_000
_CHANGE_SIZE = 600
_SHORT = 90
_PARAMETERS = ("columns", "page")


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedEvent:
    """A change with what is behind it; ``page``: on which page it begins.

    ``short``: for the list of contents. ``groups``: its items on this page, by what they are under.
    """

    address: str
    block: EventBlock
    short: str
    page: int = 1
    is_continued: bool = False
    groups: tuple[tuple[str, tuple[DetailItem, ...]], ...] = ()

    @property
    def is_noise(self) -> bool:
        """Whether nobody needs to look at it."""
        return self.block.severity is Severity.NOISE


@dataclass(frozen=True, slots=True)
class Side:
    """A version that is compared."""

    number: int
    address: str
    day: date


@dataclass(frozen=True, slots=True)
class _ChangePiece:
    """An item of a change, or a change that has none, on its way to a page."""

    change: int
    item: DetailItem | None


def compare(app: App, request: Request) -> Response:
    """Return the page of any two versions, which the address names as ``OLD..NEW``."""
    with app.reader() as reader:
        row, versions = requested_trial(app, reader, request)
        old, new = _pair(versions, str(request.path_params["versions"]))
        found = app.compare(reader, row, versions[old], versions[new]) if old != new else ()
    sides = _sides(versions)
    return _page(
        request, row, found, "compare.html",
        title=f"Versions {old + 1} and {new + 1} compared", old=sides[old], new=sides[new],
        versions=sides[::-1],
    )  # fmt: skip


def chosen(app: App, request: Request) -> Response:
    """Lead from the form that names two versions to their page."""
    parameters = Parameters(request.query_params, ("from", "to"))
    with app.reader() as reader:
        row, versions = requested_trial(app, reader, request)
    named = [parameters.value(name, str) for name in ("from", "to")]
    for name, one in zip(("from", "to"), named, strict=True):
        if one is None:
            raise ParameterError(name, "a version is missing")
    old, new = sorted(find_version(versions, version_word(str(one))) for one in named)
    sides = _sides(versions)
    raise MovedError(f"trials/{row.nct_id}/compare/{sides[old].address}..{sides[new].address}")


def changes(app: App, request: Request) -> Response:
    """Return the page of a version: what it changed, as it was announced where it was."""
    name = str(request.path_params["version"])
    with app.reader() as reader:
        row, versions = requested_trial(app, reader, request)
        at = _find_version(row, versions, name)
        entry = _entry(app, reader, versions, at)
        found = entry.events
    sides = _sides(versions)
    before = versions.index(entry.previous) if entry.previous in versions else None
    return _page(
        request, row, found, "changes.html",
        title=f"Changes of {sides[at].day}", new=sides[at],
        old=sides[before] if before is not None else None, sighting=sighting(entry),
        previous=sides[at - 1] if at else None,
        following=sides[at + 1] if at + 1 < len(sides) else None,
    )  # fmt: skip


def _pair(versions: Sequence[StoredVersion], named: str) -> tuple[int, int]:
    old, found, new = named.partition("..")
    if not (old and found and new):
        raise UsageError("two versions are written as 1..2, each its number, its id or a day")
    first, second = (find_version(versions, version_word(one)) for one in (old, new))
    return first, second


def _find_version(row: TrialRow, versions: Sequence[StoredVersion], name: str) -> int:
    """Return the version of an address, also of one that earlier programs wrote."""
    for at, one in enumerate(versions):
        if name in (public_version_id(one.identity), one.identity.hex(), str(one.id)):
            return at
    raise NotFoundError(
        f"there is no version {name[:40]!r} of {row.nct_id} any more: the store may have been"
        " made anew since this link was written, or it is of another monitor"
    )


def _entry(app: App, reader: Reader, versions: Sequence[StoredVersion], at: int) -> HistoryEntry:
    """Return a version with all its events."""
    version = versions[at]
    if reader.outbox.announcement(version.id) is not None:
        announced = announced_events(reader, versions, version, app.settings.thresholds)
        events, previous = tuple(announced.events), announced.previous
    else:
        stored = reader.events(version.nct_id, version_ids=[version.id]).get(version.id, ())
        events = tuple(one.event for one in stored)
        previous = versions[at - 1] if at else None
    return HistoryEntry(number=at + 1, version=version, previous=previous, events=events)


def _sides(versions: Sequence[StoredVersion]) -> list[Side]:
    days = valid_from(versions)
    return [
        Side(number, public_version_id(version.identity), day)
        for number, (version, day) in enumerate(zip(versions, days, strict=True), start=1)
    ]


def _page(
    request: Request,
    row: TrialRow,
    events: Iterable[ChangeEvent],
    template: str,
    *,
    title: str,
    **values: Any,
) -> Response:
    parameters = Parameters(request.query_params, _PARAMETERS)
    columns = parameters.number("columns", default=2, most=2)
    ranked = sorted(events, key=lambda one: -one.severity.rank)
    pages = split(_pieces(ranked), _size, room=_ROOM)
    number = parameters.number("page", default=1, most=1_000_000)
    if number > len(pages):
        raise NotFoundError(f"it has {count_text(len(pages), 'page')}")
    contents = [_contents(one, at, pages) for at, one in enumerate(ranked)]
    return page(
        request, template, title=f"{title} · {row.nct_id}", heading=title,
        nct_id=row.nct_id, trial_title=trial_title(row), contents=contents,
        events=_on_page(contents, pages, number), columns=columns, pages=len(pages),
        number=number, path=request.url.path.rpartition("/")[2], **values,
    )  # fmt: skip


def _pieces(events: Sequence[ChangeEvent]) -> list[_ChangePiece]:
    found: list[_ChangePiece] = []
    for at, event in enumerate(events):
        items = items_of(event)
        found += [_ChangePiece(at, item) for item in items] or [_ChangePiece(at, None)]
    return found


def _size(piece: _ChangePiece) -> int:
    return _CHANGE_SIZE if piece.item is None else piece.item.size


def _contents(
    event: ChangeEvent, at: int, pages: Sequence[Sequence[_ChangePiece]]
) -> ComparedEvent:
    block = headline_block([event])
    headline = (block.label + block.joint if block.joint else "") + _text(block.headline)
    first = next(n for n, one in enumerate(pages, start=1) if any(p.change == at for p in one))
    return ComparedEvent(
        address=public_event_id(event), block=block, short=clip(headline, _SHORT), page=first
    )


def _text(headline: Line) -> str:
    return "".join(span.text for span in headline.spans)


def _on_page(
    contents: Sequence[ComparedEvent], pages: Sequence[Sequence[_ChangePiece]], number: int
) -> list[ComparedEvent]:
    found = []
    for at, run in groupby(pages[number - 1], lambda piece: piece.change):
        items = [piece.item for piece in run if piece.item is not None]
        groups = tuple((name, tuple(some)) for name, some in groupby(items, lambda one: one.group))
        one = contents[at]
        found.append(replace(one, groups=groups, is_continued=one.page < number))
    return found
