"""The requests of a backfill, and what their statuses mean.

``record`` says which version is wanted; what is in an answer is for ``responses`` to read.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from monitor.errors import SourceError
from monitor.model.nct import is_nct_id
from monitor.sources.ctgov_history.responses import (
    HistoryShapeError,
    IndexEntry,
    read_index,
    read_version,
)
from monitor.sources.http import Client, HttpResponse

# What the registry's own website asks. It is documented nowhere, and `/api/v2/…/history` is a 404.
_STUDIES = "/api/int/studies"
_DOCUMENTED = "/api/v2"

# The registry's own words; a 404 with others is a wrong path, or comes from the edge.
_UNKNOWN_RECORD = re.compile(r"NCT number \S+ not found", re.IGNORECASE)
_NOT_FOUND = re.compile(r"\bnot found\b", re.IGNORECASE)


class UnknownRecordError(Exception):
    """The registry says in its own words that it has no such record; never leaves the package."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class MergedRecordError(Exception):
    """The ID is an alias of another record; never leaves the package."""

    def __init__(self, into: str) -> None:
        super().__init__(into)
        self.into = into


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionResponse:
    """One version's answer."""

    body: bytes
    url: str


class HistoryRequests:
    """Asks the history API about records, one request after the other.

    SourceErrors come as they are; UnreadableResponseError for answers that cannot be read.
    UnknownRecordError and MergedRecordError for IDs that have no history of their own.
    """

    def __init__(self, client: Client) -> None:
        self._client = client

    def warm_up(self) -> None:
        """Ask the documented API first, over the connection that the history is asked over.

        Public projects read the history only after such a call in the same session.
        """
        _check_status(self._client.get(f"{_DOCUMENTED}/version"), f"{_DOCUMENTED}/version")

    def url(self, path: str) -> str:
        """Return the URL of a path."""
        return self._client.url(path)

    def index_url(self, nct_id: str) -> str:
        """Return the address of the index of a record's versions."""
        return self.url(_index_path(nct_id))

    def index(self, nct_id: str) -> Sequence[IndexEntry]:
        """Return the versions that the registry lists of a record."""
        path = _index_path(nct_id)
        response = self._client.get(path)
        _check_is_known(response)
        if response.status == 301:
            raise self._other_record(
                nct_id, None, response, path, "it redirects to another address"
            )
        _check_status(response, path)
        return read_index(response.body, path)

    def version(self, nct_id: str, number: int) -> VersionResponse | None:
        """Return one version; None when the registry says that it has none of this number."""
        path = f"{_index_path(nct_id)}/{number}"
        response = self._client.get(path)
        _check_is_known(response)
        # The index may list a number that is not handed out. Noted as lacking, or the backfill of
        # this record would never end.
        if response.status == 404 and _NOT_FOUND.search(response.excerpt):
            return None
        _check_status(response, path)
        stated = read_version(response.body, path, number=number)
        # An alias answers with the present record. Stored under the former ID, its whole history
        # would be there twice.
        if stated != nct_id:
            what = f"the study is {stated}, and {nct_id} was asked for"
            raise self._other_record(nct_id, stated, response, path, what)
        return VersionResponse(body=response.body, url=response.url)

    def _other_record(
        self, nct_id: str, stated: str | None, response: HttpResponse, path: str, what: str
    ) -> MergedRecordError | HistoryShapeError:
        """Return what another record's answer means: the documented API redirects an alias."""
        location = self._client.get(f"{_DOCUMENTED}/studies/{nct_id}").location or ""
        # Example: "https://clinicaltrials.gov/api/v2/studies/NCT07280598" was the answer for
        # NCT07048704.
        into = location.partition("?")[0].rpartition("/")[2]
        if is_nct_id(into) and into != nct_id and stated in {None, into}:
            return MergedRecordError(into)
        return HistoryShapeError(path, what, response.body)


def _index_path(nct_id: str) -> str:
    return f"{_STUDIES}/{nct_id}/history"


def _check_is_known(response: HttpResponse) -> None:
    if response.status == 404 and _UNKNOWN_RECORD.search(response.excerpt):
        raise UnknownRecordError(response.excerpt)


def _check_status(response: HttpResponse, path: str) -> None:
    if response.status == 200:
        return
    words = f": {response.excerpt}" if response.excerpt else ""
    message = f"the registry answered {response.status} to {path}{words}"
    if response.status == 404:
        message += "; these are not its words for a record that it does not have"
    raise SourceError(message)
