"""A catalogue of records that are given one by one, each with the data date it appears on."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from itertools import count
from typing import Any

from tests.registry.catalogue import Alias, Document, RegistryVersion, Study
from tests.registry.days import as_date
from tests.registry.paths import values

_ID = ("protocolSection", "identificationModule", "nctId")
_STATUS = ("protocolSection", "statusModule")
_POSTED = (*_STATUS, "lastUpdatePostDateStruct", "date")
_SUBMITTED = (*_STATUS, "lastUpdateSubmitDate")
_WITHHELD_TITLE = "[Trial of device that is not approved or cleared by the U.S. FDA]"

State = Document | Alias | None


@dataclass(slots=True)
class _Record:
    days: list[date] = field(default_factory=list)
    states: list[State] = field(default_factory=list)
    keys: list[int] = field(default_factory=list)
    past: list[Document] = field(default_factory=list)
    not_passed: set[int] = field(default_factory=set)

    def at(self, day: date) -> tuple[int, State]:
        index = bisect_right(self.days, day) - 1
        return index, self.states[index] if index >= 0 else None


class Records:
    """Dated states of records: documents, absences, aliases, withheld records.

    Documents are given as API v2 serves them; a stamp of the data load in them is ignored.
    They are kept as they are and must not be changed afterwards.
    """

    def __init__(self) -> None:
        self._records: dict[str, _Record] = {}
        self._given = count()

    def put(self, document: Document, *, on: date | str) -> str:
        """Let a record read like this from a data date on; return its NCT ID."""
        nct_id = next(values(document, _ID), None)
        if not nct_id:
            raise ValueError("the document states no NCT ID")
        self._state(str(nct_id), document, on)
        return str(nct_id)

    def remove(self, nct_id: str, *, on: date | str) -> None:
        """Let a record be unknown from a data date on (404)."""
        self._state(nct_id, None, on)

    def merge(self, nct_id: str, *, into: str, on: date | str) -> None:
        """Make an NCT ID an alias of another record, which then lists it (301).

        The other record must be there on the day, with a document.
        """
        day = as_date(on)
        _, target = self._records[into].at(day)
        if target is None or isinstance(target, Alias):
            raise ValueError(f"{into} is no record on {day}")
        self._state(nct_id, Alias(into), day)
        self._state(into, with_alias(target, nct_id), day)

    def withhold(self, nct_id: str, *, on: date | str) -> None:
        """Show nothing of a record but that it exists."""
        day = as_date(on)
        _, state = self._records[nct_id].at(day)
        if state is None or isinstance(state, Alias):
            raise ValueError(f"{nct_id} is no record on {day}")
        self._state(nct_id, withheld(state, day), day)

    def past(self, nct_id: str, documents: Sequence[Document]) -> None:
        """Give a record registry versions from before its first state, oldest first."""
        self._records.setdefault(nct_id, _Record()).past = list(documents)

    def not_passed(self, nct_id: str, version: int) -> None:
        """Mark a version of the history: results came with it that the review refused."""
        self._records[nct_id].not_passed.add(version)

    def _state(self, nct_id: str, state: State, on: date | str) -> None:
        record, day = self._records.setdefault(nct_id, _Record()), as_date(on)
        index = bisect_right(record.days, day)
        if index and record.days[index - 1] == day:
            del record.days[index - 1], record.states[index - 1], record.keys[index - 1]
            index -= 1
        record.days.insert(index, day)
        record.states.insert(index, state)
        record.keys.insert(index, next(self._given))

    def first_day(self) -> date:
        """Return the first data date that anything is known of."""
        return min(record.days[0] for record in self._records.values() if record.days)

    # --- the catalogue ----------------------------------------------------------------------
    def listed(self, day: date) -> list[str]:
        """Return the NCT IDs of all studies that lists contain on the day, ascending."""
        return sorted(study.nct_id for study in self._studies(day))

    def updated(self, low: date, high: date, day: date) -> list[str]:
        """Return those whose last update was posted between the dates, in their order."""
        found = [
            (study.posted, study.nct_id)
            for study in self._studies(day)
            if study.posted and low <= date.fromisoformat(study.posted) <= high
        ]
        return [nct_id for _, nct_id in sorted(found)]

    def find(self, nct_id: str, day: date) -> Study | Alias | None:
        """Return what an NCT ID stands for on the day; None when nothing is known of it."""
        record = self._records.get(nct_id)
        if record is None:
            return None
        index, state = record.at(day)
        if state is None or isinstance(state, Alias):
            return state
        return Study(
            nct_id=nct_id,
            posted=next(values(state, _POSTED), None),
            key=(nct_id, record.keys[index]),
            document=lambda: state,
        )

    def history(self, nct_id: str, day: date) -> list[RegistryVersion]:
        """Return the versions of a record that exist by the day: one for each update date."""
        record = self._records.get(nct_id)
        if record is None:
            return []
        return [
            RegistryVersion(
                number=number,
                document=partial(_itself, document),
                review_not_passed=number in record.not_passed,
            )
            for number, document in enumerate(_versions(record, day))
        ]

    def _studies(self, day: date) -> Iterator[Study]:
        for nct_id in self._records:
            found = self.find(nct_id, day)
            if isinstance(found, Study):
                yield found


def _itself(document: Document) -> Document:
    return document


def _versions(record: _Record, day: date) -> Iterator[Document]:
    """Yield one document for each update that a sponsor sent: the first that bears its date."""
    index, _ = record.at(day)
    seen = [state for state in record.states[: index + 1] if state and not isinstance(state, Alias)]
    sent: dict[Any, Document] = {}
    for document in (*record.past, *seen):
        dates = (*values(document, _SUBMITTED), "|", *values(document, _POSTED))
        sent.setdefault(dates, document)
    yield from sent.values()


def with_alias(document: Document, nct_id: str) -> dict[str, Any]:
    """Return the document with one more NCT ID that it is known by."""
    protocol = dict(document["protocolSection"])
    names = dict(protocol["identificationModule"])
    names["nctIdAliases"] = sorted({*names.get("nctIdAliases", []), nct_id})
    return {**document, "protocolSection": {**protocol, "identificationModule": names}}


def withheld(document: Document, day: date) -> dict[str, Any]:
    """Return what the registry shows of a record that it withholds.

    A placeholder title, the organization, the status and the dates of the record itself.
    """
    protocol = document["protocolSection"]
    names, status = protocol["identificationModule"], protocol["statusModule"]
    dates = {
        name: status[name]
        for name in ("studyFirstSubmitDate", "studyFirstSubmitQcDate", "studyFirstPostDateStruct")
        if name in status
    }
    return {
        "protocolSection": {
            "identificationModule": {
                "nctId": names["nctId"],
                **({"organization": names["organization"]} if "organization" in names else {}),
                "briefTitle": _WITHHELD_TITLE,
            },
            "statusModule": {
                "statusVerifiedDate": day.strftime("%Y-%m"),
                "overallStatus": "WITHHELD",
                **dates,
                "lastUpdateSubmitDate": day.isoformat(),
                "lastUpdatePostDateStruct": {"date": day.isoformat(), "type": "ACTUAL"},
            },
        },
        "hasResults": False,
    }
