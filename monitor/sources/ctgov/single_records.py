"""Fetch records one by one: gone, merged into another, or only left out of a list.

The stages of ``batches`` call it with every ID that a batch did not bring.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime

import msgspec

from monitor.errors import SourceError
from monitor.model.record import RawVersion
from monitor.model.tracking import Presence, Sighting
from monitor.sources.base import SourcePage
from monitor.sources.ctgov.crawl import Crawl, DataMovedError
from monitor.sources.ctgov.registry import STUDIES, StudyFound, StudyNotFound, StudyRedirect
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
# So many records in a row that the registry fails to serve: the cause is not in the records.
_HARD_IN_A_ROW = 3
# Another ID would meet the same host, the same certificate, the same load.
_HOST_ERRORS = (DataMovedError, HostClosedError, StoppedError, TlsError, UnreachableError)


def fetch_missing(crawl: Crawl) -> Iterator[SourcePage]:
    """Yield a page for each record that the last batch did not bring.

    A record about which the registry gives no clear answer is deferred: it delays no other, and the
    pass fails at its end. SourceError at once when other records would fail alike.
    """
    hard = 0
    while crawl.at.absent:
        nct_id, *left = crawl.at.absent
        try:
            response = _fetch(crawl, nct_id)
        except SourceError as exc:
            if _concerns_all(exc):
                raise
            yield crawl.defer(nct_id, exc, tuple(left))
            # Only what the host fails to serve counts; a 404 in strange words is an answer about
            # one record.
            hard = hard + 1 if isinstance(exc, RetryableError | HttpStatusError) else 0
            if hard == _HARD_IN_A_ROW:
                raise
            continue
        hard = 0
        if isinstance(response, StudyNotFound):
            yield from _emit_missing(crawl, nct_id, response, tuple(left))
        else:
            yield from _emit_found(crawl, nct_id, response, tuple(left))


def retry_failed(crawl: Crawl) -> Iterator[SourcePage]:
    """Yield the records that were deferred before the pass was broken off, behind all others."""
    # Last of all, so that one record that fails every time holds up no other: the pass that it
    # broke off has by now read all that was behind it.
    before = crawl.deferred_before
    if before:
        crawl.advance(
            absent=before, aside=tuple(one for one in crawl.at.aside if one not in before)
        )
    yield from fetch_missing(crawl)


def _concerns_all(exc: SourceError) -> bool:
    """Return whether the failure would be the same for any other record."""
    if isinstance(exc, HttpStatusError) and exc.status == 429:
        return True
    return isinstance(exc, _HOST_ERRORS)


def _fetch(crawl: Crawl, nct_id: str) -> StudyFound | StudyNotFound:
    """Return the response at the end of all redirects, checked to be about the requested ID."""
    response, asked = crawl.registry.study(nct_id), nct_id
    if isinstance(response, StudyFound) and response.study.problem is not None:
        # As a page is: if only the answer was broken, what changed need not wait for the next load.
        response = crawl.registry.study(nct_id)
    # Not by the HTTP client, but ID by ID: each step is requested by its own path, and the last
    # must name the first.
    for _ in range(_REDIRECTS):
        if not isinstance(response, StudyRedirect):
            break
        asked = response.nct_id
        response = crawl.registry.study(asked)
    if isinstance(response, StudyRedirect):
        raise SourceError(f"the registry leads {nct_id} from one ID to the next, without end")
    if isinstance(response, StudyNotFound):
        if asked != nct_id:
            raise SourceError(f"the registry leads {nct_id} to {asked}, which it does not know")
        return response
    crawl.check_load_date([response.study])
    return replace(response, study=_verify_study(nct_id, asked, response.study))


def _verify_study(nct_id: str, asked: str, study: Study) -> Study:
    """Return the study; another record's only where it lists the requested ID as an alias."""
    # An alias redirects to the present record. Taken at its word, a wrong redirect would store one
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


def _emit_found(
    crawl: Crawl, nct_id: str, response: StudyFound, left: tuple[str, ...]
) -> Iterator[SourcePage]:
    study = response.study
    held = study.nct_id or nct_id
    merged = {nct_id: held} if held != nct_id and nct_id in study.aliases() else {}
    sights = merger_sights(merged)
    if study.problem is not None and not merged:
        # Whatever it is, the registry has it under this ID; of its presence it says nothing.
        held, study = nct_id, replace(study, nct_id=None)
        sights.append(_last_sighting(crawl, nct_id))
    yield from crawl.emit_page(
        [study],
        membership=crawl.memberships.of(nct_id),
        retrieved_at=response.at,
        origin=f"{STUDIES}/{held}",
        absences=merger_absences(crawl, merged, response.at),
        sights=sights,
        absent=left,
    )


def _emit_missing(
    crawl: Crawl, nct_id: str, response: StudyNotFound, left: tuple[str, ...]
) -> Iterator[SourcePage]:
    membership = crawl.memberships.of(nct_id)
    row = crawl.tracked_record(nct_id)
    # Never shown means a slip in the configuration (NCT01234576 for …67), no withdrawal to tell of.
    was_shown = row is not None and row.presence is not Presence.UNKNOWN
    presence = Presence.GONE if was_shown else Presence.UNKNOWN
    found = [_absence(crawl, nct_id, response.at, message=response.message)] if was_shown else []
    is_known_gone = row is not None and row.presence is Presence.GONE
    yield from crawl.emit_page(
        (),
        membership=membership,
        retrieved_at=response.at,
        # What was reported as gone is only seen gone again. What is missed for the first time waits
        # for the next data load (docs/architecture.md, "The gate"): a load with gaps would say the
        # same of thousands.
        absences=found if is_known_gone else (),
        missed=() if is_known_gone else found,
        sights=[Sighting(nct_id=nct_id, presence=presence)],
        absent=left,
    )


def _last_sighting(crawl: Crawl, nct_id: str) -> Sighting:
    row = crawl.tracked_record(nct_id)
    if row is None:
        return Sighting(nct_id=nct_id)
    return Sighting(nct_id=nct_id, presence=row.presence, merged_into=row.merged_into)


def merger_sights(merged: Mapping[str, str]) -> list[Sighting]:
    """Return the sightings of merged records: their former IDs, each with the present one."""
    return [
        Sighting(nct_id=nct_id, presence=Presence.MERGED, merged_into=now)
        for nct_id, now in merged.items()
    ]


def merger_absences(crawl: Crawl, merged: Mapping[str, str], at: datetime) -> list[RawVersion]:
    """Return the absences of merged records that were shown, or merged into another before.

    An ID that was a former one from the start has no record of its own to miss.
    """
    rows = ((nct_id, now, crawl.tracked_record(nct_id)) for nct_id, now in merged.items())
    return [
        _absence(crawl, nct_id, at, into=now)
        for nct_id, now, row in rows
        if row is not None
        and row.presence is not Presence.UNKNOWN
        and (row.presence, row.merged_into) != (Presence.MERGED, now)
    ]


def _absence(
    crawl: Crawl, nct_id: str, at: datetime, *, into: str | None = None, message: str | None = None
) -> RawVersion:
    """Return the tombstone of a record that is not shown any more, as a raw version."""
    presence = Presence.GONE if into is None else Presence.MERGED
    # It goes through the same pipeline as a document and becomes a version, so that its time is
    # kept, as in {"nctId": "NCT01234567", "presence": "gone"} and the registry's words.
    content = {"nctId": nct_id, "presence": presence.value, "mergedInto": into, "said": message}
    return RawVersion(
        content=msgspec.json.encode({key: value for key, value in content.items() if value}),
        media="absence",
        source=crawl.following.name,
        origin=f"{STUDIES}/{nct_id}",
        retrieved_at=at,
        data_date=crawl.at.data_date,
    )
