"""Records asked for one by one: gone, become another, or only left out of a list.

The stages of ``batches`` come here with every ID that a batch did not bring.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime

import msgspec

from monitor.errors import SourceError
from monitor.model.record import RawVersion
from monitor.model.tracking import Presence, Sighting
from monitor.sources.base import Page
from monitor.sources.ctgov.crawl import Crawl, DataMovedError
from monitor.sources.ctgov.registry import STUDIES, NotFound, Redirected, Shown
from monitor.sources.ctgov.studies import Study
from monitor.sources.http import (
    HostClosedError,
    HttpStatusError,
    RetryableError,
    StoppedError,
    TlsError,
    UnreachableError,
)

_REDIRECTS = 5
# So many records, one after the other, that the registry fails to serve: it is not their fault.
_HARD_IN_A_ROW = 3
# Another ID would meet the same host, the same certificate, the same load.
_OF_ALL = (DataMovedError, HostClosedError, StoppedError, TlsError, UnreachableError)


def fetch_missing(run: Crawl) -> Iterator[Page]:
    """Yield a page for each record that the last batch did not bring.

    One of which the registry does not say clearly what has become of it is deferred: it holds up
    no other, and the pass fails at its end. SourceError at once when others would fare alike.
    """
    hard = 0
    while run.at.absent:
        nct_id, *left = run.at.absent
        try:
            answer = _answer(run, nct_id)
        except SourceError as exc:
            if _concerns_all(exc):
                raise
            yield run.defer(nct_id, exc, tuple(left))
            # Only what the host fails to serve counts; a 404 in strange words is an answer about
            # one record.
            hard = hard + 1 if isinstance(exc, RetryableError | HttpStatusError) else 0
            if hard == _HARD_IN_A_ROW:
                raise
            continue
        hard = 0
        if isinstance(answer, NotFound):
            yield from _not_found(run, nct_id, answer, tuple(left))
        else:
            yield from _shown(run, nct_id, answer, tuple(left))


def retry_failed(run: Crawl) -> Iterator[Page]:
    """Yield the records that were deferred before the pass was broken off, behind all others."""
    # Last of all, so that one record that fails every time holds up no other: the pass that it
    # broke off has by now read all that was behind it.
    before = run.deferred_before
    if before:
        run.move(absent=before, aside=tuple(one for one in run.at.aside if one not in before))
    yield from fetch_missing(run)


def _concerns_all(exc: SourceError) -> bool:
    """Tell whether the failure is none of the one record that was asked for."""
    if isinstance(exc, HttpStatusError) and exc.status == 429:
        return True
    return isinstance(exc, _OF_ALL)


def _answer(run: Crawl, nct_id: str) -> Shown | NotFound:
    """Return the answer at the end of all redirects, which is one for the ID asked for."""
    answer, asked = run.registry.study(nct_id), nct_id
    if isinstance(answer, Shown) and answer.study.problem is not None:
        # As a page is: if only the answer was broken, what changed need not wait for the next load.
        answer = run.registry.study(nct_id)
    # By hand, ID by ID: each step is asked for by its own path, and the last must name the first.
    for _ in range(_REDIRECTS):
        if not isinstance(answer, Redirected):
            break
        asked = answer.nct_id
        answer = run.registry.study(asked)
    if isinstance(answer, Redirected):
        raise SourceError(f"the registry leads {nct_id} from one ID to the next, without end")
    if isinstance(answer, NotFound):
        if asked != nct_id:
            raise SourceError(f"the registry leads {nct_id} to {asked}, which it does not know")
        return answer
    run.heed([answer.study])
    return replace(answer, study=_own(nct_id, asked, answer.study))


def _own(nct_id: str, asked: str, study: Study) -> Study:
    """Return the study; another record's is the one asked for only if it says so itself."""
    # An alias redirects to the record of now. Taken at its word, a wrong redirect would store one
    # trial's record as another's history, so the record itself has to list the ID that was asked
    # for.
    held = study.nct_id
    if study.problem is not None or (asked == nct_id and held in (nct_id, None)):
        return study
    if held is not None and nct_id in study.aliases():
        return study
    problem = (
        f"the registry shows {held or asked} for {nct_id}, and that record does not bear the ID"
    )
    if asked != nct_id:
        raise SourceError(problem)
    return replace(study, problem=problem)


def _shown(run: Crawl, nct_id: str, answer: Shown, left: tuple[str, ...]) -> Iterator[Page]:
    study = answer.study
    held = study.nct_id or nct_id
    merged = {nct_id: held} if held != nct_id and nct_id in study.aliases() else {}
    sights = merger_sights(merged)
    if study.problem is not None and not merged:
        # Whatever it is, the registry has it under this ID; of its presence it says nothing.
        held, study = nct_id, replace(study, nct_id=None)
        sights.append(_as_before(run, nct_id))
    yield from run.put(
        [study],
        membership=run.memberships.of(nct_id),
        retrieved_at=answer.at,
        origin=f"{STUDIES}/{held}",
        absences=merger_absences(run, merged, answer.at),
        sights=sights,
        absent=left,
    )


def _not_found(run: Crawl, nct_id: str, answer: NotFound, left: tuple[str, ...]) -> Iterator[Page]:
    membership = run.memberships.of(nct_id)
    row = run.known(nct_id)
    # Never shown means a slip in the configuration (NCT01234576 for …67), no withdrawal to tell of.
    was_shown = row is not None and row.presence is not Presence.UNKNOWN
    presence = Presence.GONE if was_shown else Presence.UNKNOWN
    found = [_absence(run, nct_id, answer.at, said=answer.said)] if was_shown else []
    is_told = row is not None and row.presence is Presence.GONE
    yield from run.put(
        (),
        membership=membership,
        retrieved_at=answer.at,
        # What was told as gone is only seen gone again. What is missed for the first time waits for
        # the next data load (docs/architecture.md, "The gate"): a load with gaps would say the same
        # of thousands.
        absences=found if is_told else (),
        missed=() if is_told else found,
        sights=[Sighting(nct_id=nct_id, presence=presence)],
        absent=left,
    )


def _as_before(run: Crawl, nct_id: str) -> Sighting:
    row = run.known(nct_id)
    if row is None:
        return Sighting(nct_id=nct_id)
    return Sighting(nct_id=nct_id, presence=row.presence, merged_into=row.merged_into)


def merger_sights(merged: Mapping[str, str]) -> list[Sighting]:
    """Return what is noted of records that were merged: their former IDs, each with that of now."""
    return [
        Sighting(nct_id=nct_id, presence=Presence.MERGED, merged_into=now)
        for nct_id, now in merged.items()
    ]


def merger_absences(run: Crawl, merged: Mapping[str, str], at: datetime) -> list[RawVersion]:
    """Return what is to be kept of those that were shown, or were merged into another before.

    An ID that was a former one from the start has no record of its own to miss.
    """
    rows = ((nct_id, now, run.known(nct_id)) for nct_id, now in merged.items())
    return [
        _absence(run, nct_id, at, into=now)
        for nct_id, now, row in rows
        if row is not None
        and row.presence is not Presence.UNKNOWN
        and (row.presence, row.merged_into) != (Presence.MERGED, now)
    ]


def _absence(
    run: Crawl, nct_id: str, at: datetime, *, into: str | None = None, said: str | None = None
) -> RawVersion:
    """Return what is to be kept of a record that is not shown any more."""
    presence = Presence.GONE if into is None else Presence.MERGED
    # It goes through the same pipeline as a document and becomes a version, so that its time is
    # kept, as in {"nctId": "NCT01234567", "presence": "gone"} and the registry's words.
    content = {"nctId": nct_id, "presence": presence.value, "mergedInto": into, "said": said}
    return RawVersion(
        content=msgspec.json.encode({key: value for key, value in content.items() if value}),
        media="absence",
        source=run.following.name,
        origin=f"{STUDIES}/{nct_id}",
        retrieved_at=at,
        data_date=run.at.data_date,
    )
