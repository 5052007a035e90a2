"""Requests to API v2, and what its responses mean.

It calls the HTTP client; the stages of a pass call it, and see studies, never an HTTP status.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from urllib.parse import urlsplit

import msgspec

from monitor.data_types import DataType
from monitor.errors import HeldError, SourceError
from monitor.settings.sections import INGEST_DEFAULTS
from monitor.sources.ctgov.studies import Study, StudyPage, is_askable, single_study, split_studies
from monitor.sources.http import Client, HttpResponse, TooLargeError

VERSION, STUDIES = "/api/v2/version", "/api/v2/studies"
# From the oldest update to the newest: what is updated meanwhile moves to the end, not forward.
_ORDER = {"sort": "LastUpdatePostDate:asc"}
# A page of studies with results can pass the limit of an answer; the mean is some 17 KB a study,
# the largest known one 3.6 MB.
_SMALLER = 5  # factor by which the page shrinks when one is too large
_SMALLEST_SHARE = 25

# The words are the registry's own, in text/plain: "NCT number NCT01234567 not found". A 404 of the
# edge, or of a path that was renamed, has others and says nothing about the record.
_NOT_FOUND_MESSAGE = re.compile(r"(?i)\bNCT number\s+(NCT[0-9]{8})\s+not found\b")
_PLACE = re.compile(re.escape(STUDIES) + r"/(NCT[0-9]{8})/?")
# Seen is "2026-08-14T09:00:05"; fractions and a "Z" would mean the same.
_TIMESTAMP = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z?")
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


class TokenRefusedError(SourceError):
    """A page token is not, or no longer, valid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StudiesResponse:
    """A page of studies and when it came."""

    page: StudyPage
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyFound:
    """One study, fetched by its ID, and when it came."""

    study: Study
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyNotFound:
    """The registry does not know the ID; ``message``: in its own words."""

    message: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyRedirect:
    """The registry redirects to another ID."""

    nct_id: str


class _RegistryVersionBody(msgspec.Struct):
    dataTimestamp: str  # noqa: N815 - the registry's own name


_VERSION = DataType[_RegistryVersionBody](_RegistryVersionBody)


class Registry:
    """API v2 behind a client; ``now`` gives an aware UTC time; ``page`` studies come at once.

    ``stamp_ahead``: how far the stamp of the data may be ahead of ``now``. All methods raise
    SourceError for an answer that is none.
    """

    def __init__(
        self,
        client: Client,
        *,
        now: Callable[[], datetime],
        page: int,
        stamp_ahead: timedelta = INGEST_DEFAULTS.stamp_ahead,
    ) -> None:
        self._client = client
        self._now = now
        self._page = page
        self._stamp_ahead = stamp_ahead
        self._smallest = max(1, page // _SMALLEST_SHARE)

    def version(self) -> str:
        """Return the timestamp of the data load, as the registry writes it (it has no zone).

        HeldError when it is too far ahead of the clock: what is dated by such data would stand in
        the way of all that comes before that day.
        """
        # One small request that mostly says "nothing new": the data move on weekdays only, once a
        # day.
        response = self._client.get(VERSION)
        _check_status(response)
        try:
            stamp = _VERSION.decode(response.body).dataTimestamp
            date.fromisoformat(stamp[:10])
        except (msgspec.MsgspecError, ValueError, RecursionError) as exc:
            message = f"{_describe(response)} is of another shape than known: {str(exc)[:200]}"
            raise SourceError(message) from None
        if not _TIMESTAMP.fullmatch(stamp):
            raise SourceError(f"{_describe(response)} has no time of the data load")
        now = self._now().astimezone(UTC)
        if _parse_stamp(stamp) - now > self._stamp_ahead:
            raise HeldError(
                f"the registry's data are stamped {stamp}, more than {self._stamp_ahead.days} days"
                f" ahead of the clock ({now:%Y-%m-%d %H:%M} UTC)"
            )
        return stamp

    def studies(self, search: Mapping[str, str], token: str | None) -> StudiesResponse:
        """Return a page of a search, in a steady order; the first one says how many there are.

        TokenRefusedError when the token is refused.
        """
        params = {**search, **_ORDER}
        # `countTotal` is answered on the first page alone, and may be left out afterwards; all
        # other parameters must be repeated, or the token brings wrong rows with status 200.
        params |= {"countTotal": "true"} if token is None else {"pageToken": token}
        response = self._get_page(params)
        # How long a token lives is documented nowhere; it may end with the day's load. Without a
        # token a 400 is about the search itself, and asking again would not help.
        if response.status == 400 and token is not None:
            raise TokenRefusedError(f"{_describe(response)} refuses a page token{_quote(response)}")
        _check_status(response)
        try:
            page = split_studies(response.body)
            if token is None and page.total is None and not page.is_whole:
                # Nothing could then tell a page that broke off from one with a broken study.
                raise SourceError("not valid JSON, and does not say how many records there are")
        except SourceError as exc:
            raise SourceError(f"{_describe(response)} is {exc}") from None
        return StudiesResponse(page=page, at=self._now())

    def study(self, nct_id: str) -> StudyFound | StudyNotFound | StudyRedirect:
        """Return what the registry answers for one ID."""
        # The status comes first: an error's body is text/plain and no JSON.
        response = self._client.get(f"{STUDIES}/{nct_id}")
        if response.status in _REDIRECTS:
            return StudyRedirect(nct_id=_redirect_target(response))
        if response.status == 404:
            found = _NOT_FOUND_MESSAGE.search(response.excerpt)
            if found is None or found[1].upper() != nct_id:
                raise SourceError(
                    f"{_describe(response)} is a 404 that does not say that the record is unknown"
                    f"{_quote(response)}"
                )
            return StudyNotFound(message=response.excerpt, at=self._now())
        _check_status(response)
        try:
            return StudyFound(study=single_study(response.body), at=self._now())
        except SourceError as exc:
            raise SourceError(f"{_describe(response)} is {exc}") from None

    def _get_page(self, params: dict[str, str]) -> HttpResponse:
        """Get a page of as many studies as one response may hold, and shrink it where necessary."""
        while True:
            try:
                return self._client.get(STUDIES, {**params, "pageSize": str(self._page)})
            except TooLargeError:
                if self._page <= self._smallest:
                    raise
                # Stays smaller for the rest of the pass: the next page would be too large again.
                self._page = max(self._smallest, self._page // _SMALLER)


def _parse_stamp(stamp: str) -> datetime:
    """Return when a stamp is, to the day at least."""
    try:
        found = datetime.fromisoformat(stamp)
    except ValueError:
        found = datetime.fromisoformat(stamp[:10])
    return found.replace(tzinfo=found.tzinfo or UTC)


def _check_status(response: HttpResponse) -> None:
    if response.status != 200:
        raise SourceError(f"{_describe(response)} has status {response.status}{_quote(response)}")


def _describe(response: HttpResponse) -> str:
    parts = urlsplit(response.url)
    return f"the answer of {parts.netloc} to {parts.path}"


def _quote(response: HttpResponse) -> str:
    return f": {response.excerpt}" if response.excerpt else ""


def _redirect_target(response: HttpResponse) -> str:
    """Return the ID that a redirect leads to; a redirect to anywhere else is a SourceError."""
    # Read, not followed: the redirect drops the query, and a wrong one must not make us ask another
    # host, or take another trial's record for this one.
    found = _PLACE.search(urlsplit(response.location or "").path)
    if found is None or not is_askable(found[1]):
        raise SourceError(f"{_describe(response)} leads elsewhere than to a study")
    return found[1]
