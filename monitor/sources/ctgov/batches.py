"""Stages of a pass that fetch records by their IDs, in batches: watched, unread, tracked, suspects.

``source`` runs them in order. Each continues behind ``crawl.at.after`` after an interruption.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby, islice

from monitor.errors import SourceError
from monitor.model.tracking import Presence, TrackedRecord
from monitor.sources.base import SourcePage
from monitor.sources.ctgov.checkpoint import Stage
from monitor.sources.ctgov.crawl import Crawl
from monitor.sources.ctgov.membership import Membership
from monitor.sources.ctgov.single_records import fetch_missing, merger_absences, merger_sights
from monitor.sources.ctgov.studies import Study, is_askable

# The order of an answer is not steady from one call to the next: a batch of several pages may miss
# a record now and then, hardly four times.
_TRIES = 4
_ROWS = 1_000


def fetch_watched(crawl: Crawl) -> Iterator[SourcePage]:
    """Yield the watched records, whatever their date; those not there are fetched singly."""
    if crawl.at.leg.is_behind(Stage.WATCHED):
        return
    if crawl.at.leg is not Stage.WATCHED:
        crawl.advance(leg=Stage.WATCHED, token=None, after="")
    # Those that were watched before come first: no batch holds both these and new ones.
    membership = {nct_id: crawl.memberships.of(nct_id) for nct_id in crawl.following.nct_ids}
    ids = sorted(membership, key=lambda nct_id: (membership[nct_id] is Membership.NEW, nct_id))
    # A page announces new trials or not as a whole, so a batch is of one membership.
    for _, alike in groupby(ids[_index_after(ids, crawl.at.after) :], key=membership.__getitem__):
        for batch in _split_batches(alike, crawl.sizes.batch):
            yield from _fetch_batch(crawl, batch, after=batch[-1], whole=True)
            yield from fetch_missing(crawl)


def fetch_unread(crawl: Crawl) -> Iterator[SourcePage]:
    """Yield the records that could not be read when they were last seen, whatever their date.

    The registry may correct one without moving its date.
    """
    if crawl.at.leg.is_behind(Stage.UNREAD):
        return
    if crawl.at.leg is not Stage.UNREAD:
        crawl.advance(leg=Stage.UNREAD, token=None, after="")
    found = frozenset(crawl.source_state.unread())
    if found:
        yield from _fetch_unseen(
            crawl, lambda row: row.nct_id in found and _stays(crawl, row), whole=True
        )


def refresh_tracked(crawl: Crawl) -> Iterator[SourcePage]:
    """Yield followed records that the pass has not seen yet.

    They may have left the search by the very change that matters. Where all is followed, no
    record can leave, and only a pass that reads all records looks for those not seen.
    """
    if crawl.at.leg.is_behind(Stage.FOLLOWERS):
        return
    if crawl.at.leg is not Stage.FOLLOWERS:
        crawl.advance(leg=Stage.FOLLOWERS, token=None, after="")
    # Without this a source that follows everything would ask for half a million records by their
    # IDs on every pass.
    if crawl.following.all and not crawl.at.reread:
        return
    yield from _fetch_unseen(crawl, lambda row: _is_due(crawl, row), whole=crawl.at.reread)


def drop_untracked(crawl: Crawl) -> Iterator[SourcePage]:
    """Yield a last time what only an earlier configuration followed, then stop following it.

    The change by which it left the search may have come with the same data.
    """
    if not crawl.memberships.may_untrack or crawl.at.leg.is_behind(Stage.LEAVING):
        return
    if crawl.at.leg is not Stage.LEAVING:
        crawl.advance(leg=Stage.LEAVING, after="")
    # Two walks: those read in the first must stay unseen until then, or a crash between the two
    # would leave them followed for ever, by no configuration.
    yield from _fetch_unseen(crawl, lambda row: _leaves(crawl, row), whole=True)
    after = ""
    while rows := crawl.source_state.tracked_records(
        after=after, limit=_ROWS, unseen_in=crawl.at.number
    ):
        after = rows[-1].nct_id
        if left := [row.nct_id for row in rows if _leaves(crawl, row)]:
            yield crawl.emit_untracked(left)


def fetch_suspects(crawl: Crawl) -> Iterator[SourcePage]:
    """Yield the gate's suspects once more, now that all else of the pass is stored.

    Always from the start: what is held stays a suspect, and is fetched in every pass.
    """
    crawl.advance(leg=Stage.SUSPECTS, token=None, after="", absent=())
    # From here on the gate decides instead of making suspects
    # (docs/decisions/2026-11-30-the-gate.md).
    crawl.is_final = True
    membership = {nct_id: crawl.memberships.of(nct_id) for nct_id in crawl.source_state.suspects()}
    ids = sorted(membership, key=lambda nct_id: (membership[nct_id] is Membership.NEW, nct_id))
    for _, alike in groupby(ids, key=membership.__getitem__):
        for batch in _split_batches(alike, crawl.sizes.batch):
            yield from _fetch_batch(crawl, batch, after="", whole=True)
            yield from fetch_missing(crawl)


def _is_due(crawl: Crawl, row: TrackedRecord) -> bool:
    """Return whether a followed record is to be fetched; watched ones were."""
    return _stays(crawl, row) and (
        crawl.at.reread or row.presence in (Presence.SHOWN, Presence.GONE)
    )


def _stays(crawl: Crawl, row: TrackedRecord) -> bool:
    """Return whether a record is followed on, and not by a watched ID of its own."""
    return (
        is_askable(row.nct_id)
        and not crawl.memberships.is_watched(row.nct_id)
        and not _leaves(crawl, row)
    )


def _leaves(crawl: Crawl, row: TrackedRecord) -> bool:
    return crawl.memberships.of(row.nct_id) is Membership.LEAVING


def _fetch_unseen(
    crawl: Crawl, is_due: Callable[[TrackedRecord], bool], *, whole: bool
) -> Iterator[SourcePage]:
    """Yield the due ones of the records that the pass has not seen."""
    while rows := crawl.source_state.tracked_records(
        after=crawl.at.after, limit=crawl.sizes.batch, unseen_in=crawl.at.number
    ):
        last = rows[-1].nct_id
        if batch := tuple(row.nct_id for row in rows if is_due(row)):
            yield from _fetch_batch(crawl, batch, after=last, whole=whole)
            yield from fetch_missing(crawl)
        else:
            crawl.advance(after=last)


def _index_after(ids: Sequence[str], after: str) -> int:
    return ids.index(after) + 1 if after else 0


def _split_batches(ids: Iterator[str], size: int) -> Iterator[tuple[str, ...]]:
    while batch := tuple(islice(ids, size)):
        yield batch


def _fetch_batch(
    crawl: Crawl, ids: Sequence[str], *, after: str, whole: bool
) -> Iterator[SourcePage]:
    """Yield the pages of a batch; the pass continues behind ``after`` once it is complete.

    ``whole``: all of the records, not those updated since the cursor; those that do not come
    are then left for ``fetch_missing``, but for those that a record which came has as former IDs.
    SourceError when the registry does not list what it counts, or lists what was not requested.
    """
    # Not `query.…`: a value of nothing but IDs switches to a look-up there that ignores all
    # filters, and with them the cursor.
    search = {"filter.ids": "|".join(ids)}
    membership = crawl.memberships.of(ids[0])  # a batch holds records of one membership
    if not whole:
        search = crawl.restrict_to_updates(search)
    seen: set[str] = set()
    now: dict[str, str] = {}
    total = 0
    for tries in range(_TRIES):
        unnamed = 0
        for response in crawl.walk(search):
            page = response.page
            studies = _reject_unrequested(page.studies, ids)
            total = page.total or total
            seen.update(one.nct_id for one in studies if one.nct_id)
            # `filter.ids` also finds by alias: for a former ID the registry lists the present
            # record, and the former one would seem to be missing.
            now |= {former: one.nct_id for one in studies if one.nct_id for former in one.aliases()}
            unnamed += sum(one.nct_id is None for one in studies)
            # What has no ID is read again once: perhaps it has one then.
            if page.token is None and len(seen) + (unnamed if tries else 0) >= total:
                # An unknown ID is simply absent from the answer, with status 200: only asking for
                # it by itself tells gone from merged from left out.
                missing = [nct_id for nct_id in ids if nct_id not in seen] if whole else []
                merged = {nct_id: now[nct_id] for nct_id in missing if nct_id in now}
                yield from crawl.emit_page(
                    studies,
                    membership=membership,
                    retrieved_at=response.at,
                    absences=merger_absences(crawl, merged, response.at),
                    sights=merger_sights(merged),
                    after=after,
                    absent=_ids_to_fetch_singly(
                        crawl, [one for one in missing if one not in merged]
                    ),
                )
                return
            yield from crawl.emit_page(studies, membership=membership, retrieved_at=response.at)
            del response, page, studies  # or their bytes would stay while the next page is fetched
        crawl.report("batch_incomplete", seen=len(seen), total=total)
    raise SourceError(
        f"the registry did not list all of a batch in {_TRIES} tries:"
        f" {len(seen)} of the {total} records that it says there are"
    )


def _reject_unrequested(studies: Sequence[Study], ids: Sequence[str]) -> list[Study]:
    """Return the studies, with a problem for each that was not requested.

    SourceError when none was requested: the registry then lists something else.
    """
    # A page of another search, out of a cache or behind a token that went wrong, looks like a good
    # answer. Stored, it would follow trials that no subscription names.
    asked = set(ids)
    found: list[Study] = []
    strange: list[str] = []
    for one in studies:
        if one.nct_id is None or one.nct_id in asked or asked.intersection(one.aliases()):
            found.append(one)
            continue
        strange.append(one.nct_id)
        problem = one.problem or f"the registry lists {one.nct_id}, which was not asked for"
        found.append(replace(one, nct_id=None, problem=problem))
    if strange and len(strange) == len(studies):
        raise SourceError(
            f"the registry listed {strange[0]}, which was not asked for, in answer to a list of IDs"
        )
    return found


def _ids_to_fetch_singly(crawl: Crawl, missing: Sequence[str]) -> tuple[str, ...]:
    """Return the IDs to fetch singly; those known not to be there wait for a reread."""
    # A withdrawn record seldom comes back; asking for each of them singly on every pass would cost
    # more requests than all the rest of a small source.
    if crawl.at.reread or crawl.is_final:
        return tuple(missing)
    known = ((nct_id, crawl.tracked_record(nct_id)) for nct_id in missing)
    return tuple(nct_id for nct_id, row in known if row is None or row.presence is Presence.SHOWN)
