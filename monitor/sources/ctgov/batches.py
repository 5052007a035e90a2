"""Records asked for by their IDs: the watched ones, and those followed through the search."""

from collections.abc import Collection, Iterator, Sequence
from itertools import dropwhile, islice

from monitor.errors import SourceError
from monitor.model.following import Followed, Presence
from monitor.sources.base import Page
from monitor.sources.ctgov.passing import Pass
from monitor.sources.ctgov.progress import Leg
from monitor.sources.ctgov.singles import singles
from monitor.sources.ctgov.studies import Study, is_askable

_TRIES = 4
_ROWS = 1_000


def watched(run: Pass) -> Iterator[Page]:
    """Yield the watched records, whatever their date; those not there are asked for singly."""
    if run.at.leg is Leg.FOLLOWERS:
        return
    if run.at.leg is not Leg.WATCHED:
        run.move(leg=Leg.WATCHED, token=None, after="")
    while True:
        yield from singles(run)
        left = dropwhile(lambda nct_id: nct_id <= run.at.after, run.following.nct_ids)
        batch = tuple(islice(left, run.sizes.batch))
        if not batch:
            return
        yield from _read(run, batch, after=batch[-1], whole=True)


def followers(run: Pass) -> Iterator[Page]:
    """Yield followed records that the pass has not seen yet.

    They may have left the search by the very change that matters. Where all is followed, no
    record can leave, and only a pass that reads all records looks for those not seen.
    """
    if run.at.leg is not Leg.FOLLOWERS:
        run.move(leg=Leg.FOLLOWERS, token=None, after="")
    if run.following.everything and not run.at.reread:
        return
    kept = _Kept(run)
    if run.follows_anew:
        yield from _leave(run, kept)
    while True:
        yield from singles(run)
        rows = run.memory.followed(
            after=run.at.after, limit=run.sizes.batch, unseen_in=run.at.number
        )
        if not rows:
            return
        last = rows[-1].nct_id
        batch = tuple(row.nct_id for row in rows if row in kept)
        if batch:
            yield from _read(run, batch, after=last, whole=run.at.reread)
        else:
            run.move(after=last)


def _leave(run: Pass, kept: "_Kept") -> Iterator[Page]:
    """Yield the ends of what only an earlier configuration of the source followed."""
    after = ""
    while rows := run.memory.followed(after=after, limit=_ROWS, unseen_in=run.at.number):
        after = rows[-1].nct_id
        if left := [row.nct_id for row in rows if row.nct_id not in kept.ids]:
            yield run.leave(left)


class _Kept:
    """Which of the followed records are to be asked for besides the watched ones."""

    def __init__(self, run: Pass) -> None:
        self._reread = run.at.reread
        self._watched = ids = frozenset(run.following.nct_ids)
        self.ids = ids | {row.merged_into or "" for row in _merged(run) if row.nct_id in ids}
        self._only: Collection[str] | None = None
        if run.following.search is None:
            # What an earlier search brought is not followed any more; what watched records
            # became is.
            self._only = self.ids

    def __contains__(self, row: Followed) -> bool:
        if row.nct_id in self._watched or not is_askable(row.nct_id):
            return False
        if self._only is not None and row.nct_id not in self._only:
            return False
        return self._reread or row.presence in (Presence.SHOWN, Presence.GONE)


def _merged(run: Pass) -> Iterator[Followed]:
    after = ""
    while rows := run.memory.followed(after=after, limit=_ROWS, presence=Presence.MERGED):
        yield from rows
        after = rows[-1].nct_id


def _read(run: Pass, ids: Sequence[str], *, after: str, whole: bool) -> Iterator[Page]:
    """Yield the batch; the pass goes on behind ``after`` once it is complete.

    ``whole``: all of the records, not those updated since the cursor; those that do not come
    are then left for ``singles``. SourceError when the registry does not list what it counts, or
    lists what was not asked for.
    """
    search = {"filter.ids": "|".join(ids)}
    if not whole:
        search = run.narrowed(search)
    seen: set[str] = set()
    total = 0
    for tries in range(_TRIES):
        unnamed = 0
        for answered in run.walk(search):
            page = answered.cut
            _check_asked(page.studies, ids)
            total = page.total or total
            seen.update(one.nct_id for one in page.studies if one.nct_id)
            unnamed += sum(one.nct_id is None for one in page.studies)
            # What has no ID is read again once: perhaps it has one then.
            if page.token is None and len(seen) + (unnamed if tries else 0) >= total:
                absent = _absent(run, ids, seen) if whole else ()
                yield from run.put(
                    page.studies, retrieved_at=answered.at, after=after, absent=absent
                )
                return
            yield from run.put(page.studies, retrieved_at=answered.at)
            del answered, page  # or their bytes would stay while the next page is fetched
        run.tell("batch_incomplete", seen=len(seen), total=total)
    raise SourceError(
        f"the registry did not list all of a batch in {_TRIES} tries:"
        f" {len(seen)} of the {total} records that it says there are"
    )


def _check_asked(studies: Sequence[Study], ids: Sequence[str]) -> None:
    asked = set(ids)
    for one in studies:
        if one.nct_id is None or one.nct_id in asked or asked.intersection(one.aliases()):
            continue
        raise SourceError(
            f"the registry listed {one.nct_id}, which was not asked for, in answer to a list of IDs"
        )


def _absent(run: Pass, ids: Sequence[str], seen: Collection[str]) -> tuple[str, ...]:
    """Return the IDs to ask for singly; what is known not to be there waits for a reread.

    A record that others were merged into comes for all of their IDs and stands for itself only.
    """
    missing = [nct_id for nct_id in ids if nct_id not in seen]
    if run.at.reread:
        return tuple(missing)
    known = ((nct_id, run.known(nct_id)) for nct_id in missing)
    return tuple(nct_id for nct_id, row in known if row is None or row.presence is Presence.SHOWN)
