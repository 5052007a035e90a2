"""Read responses of the history API; it is documented nowhere and may change any day.

Sources: the recorded answers of NCT06510816, NCT03690141 and NCT04280705, and the keys that
PavelAbramau/pharma_statistics (src/pharma_stats/history/schema_guard.py) holds them to.
"""

import re
from collections.abc import Sequence
from datetime import date
from typing import Annotated, TypeVar

import msgspec
from msgspec import UNSET, Meta, Raw, Struct, UnsetType

from monitor.data_types import DataType
from monitor.errors import SourceError
from monitor.model.nct import is_nct_id

RawObject = dict[str, Raw]
Number = Annotated[int, Meta(ge=0)]


class UnreadableResponseError(SourceError):
    """A complete response that cannot be read: one record's, unless others fail alike.

    ``body`` was answered to ``path``; ``what`` is wrong with it.
    """

    def __init__(self, message: str, *, path: str, body: bytes, what: str) -> None:
        super().__init__(message)
        self.path = path
        self.body = body
        self.what = what


class HistoryShapeError(UnreadableResponseError):
    """The history API answers in another shape: where it always does, backfill alone stops."""

    def __init__(self, path: str, what: str, body: bytes = b"") -> None:
        super().__init__(
            "backfill alone stops, following goes on: the registry's history API no longer"
            f" answers as it is known to, at {path}: {what}",
            path=path,
            body=body,
            what=what,
        )


class IndexEntry(Struct, frozen=True, rename="camel"):
    """One version in the index; ``date`` is the day on which it was submitted.

    Keys that some of the recorded answers do not have may be missing, but have their type.
    """

    version: Number
    date: date
    status: str
    module_labels: list[str]
    study_type: str | UnsetType = UNSET
    last_update_submit_qc_date: str | UnsetType = UNSET
    review_not_passed: bool | UnsetType = UNSET


class _IndexBody(Struct, frozen=True, rename="camel"):
    changes: Annotated[list[IndexEntry], Meta(min_length=1)]
    last_update_versions: RawObject
    outcomes_update_count: Number
    original_data: RawObject | UnsetType = UNSET


class _Identification(Struct, frozen=True, rename="camel"):
    nct_id: str


class _Protocol(Struct, frozen=True, rename="camel"):
    identification_module: _Identification
    status_module: RawObject


class _StudyBody(Struct, frozen=True, rename="camel"):
    protocol_section: _Protocol
    has_results: bool | UnsetType = UNSET
    results_section: RawObject | UnsetType = UNSET
    document_section: RawObject | UnsetType = UNSET
    annotation_section: RawObject | UnsetType = UNSET
    derived_section: RawObject | UnsetType = UNSET


class _RecordVersionBody(Struct, frozen=True, rename="camel"):
    study_version: Number
    study: _StudyBody


_Response = TypeVar("_Response", _IndexBody, _RecordVersionBody)
_INDEX, _VERSION = (
    DataType[_IndexBody](_IndexBody),
    DataType[_RecordVersionBody](_RecordVersionBody),
)
_WHERE = re.compile(r"^(?P<what>.*?)(?: - at `\$\.?(?P<where>.*)`)?$", re.DOTALL)


# A gap means that versions were taken back or that counting begins at 1 now. Either way a number
# would mean another version than the one that was stored under it.
def read_index(body: bytes, path: str) -> Sequence[IndexEntry]:
    """Return the versions that the index lists, which count from 0 without a gap.

    ``path`` is what was asked for. HistoryShapeError when the answer differs from what is
    known; UnreadableResponseError when it is no JSON but closes, SourceError when it broke off.
    """
    entries = _decode(body, _INDEX, path).changes
    for at, entry in enumerate(entries):
        if entry.version != at:
            what = f"changes[{at}].version is {entry.version}, not {at}"
            raise HistoryShapeError(path, what, body)
    return entries


def read_version(body: bytes, path: str, *, number: int) -> str:
    """Return the NCT ID that a version states; errors as those of ``read_index``."""
    response = _decode(body, _VERSION, path)
    if response.study_version != number:
        message = f"studyVersion is {response.study_version}, and {number} was asked for"
        raise HistoryShapeError(path, message, body)
    nct_id = response.study.protocol_section.identification_module.nct_id
    if not is_nct_id(nct_id):
        where = "study.protocolSection.identificationModule.nctId"
        raise HistoryShapeError(path, f"{where} is no NCT ID", body)
    return nct_id


def _decode(body: bytes, response_type: DataType[_Response], path: str) -> _Response:
    try:
        # msgspec passes over unknown keys: a key that the registry adds stops nothing, one that it
        # takes away or gives another type does.
        return response_type.decode(body)
    except msgspec.ValidationError as exc:
        raise HistoryShapeError(path, _locate(str(exc)), body) from exc
    except (msgspec.DecodeError, RecursionError) as exc:
        message = f"the answer to {path} is no valid JSON: {exc}"
        # An answer that broke off is the line's fault and is fetched again; one that closes would
        # come back the same.
        if _is_closed(body):
            what = f"not valid JSON: {exc}"
            raise UnreadableResponseError(message, path=path, body=body, what=what) from exc
        raise SourceError(message) from exc


def _is_closed(body: bytes) -> bool:
    """Return whether an answer did not break off."""
    text = body.strip()
    return text.startswith(b"{") and text.endswith(b"}")


def _locate(complaint: str) -> str:
    """Return msgspec's complaint with the place before what is wrong there."""
    match = _WHERE.match(complaint)
    if match is None or not match["where"]:
        return complaint
    return f"{match['where']}: {match['what']}"
