"""The profile of a trial: its names, and what is planned, for readers to whom it is new."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from monitor.model import fields
from monitor.model.record import TrialRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Treatment:
    """The interventions under study, in the record's words.

    ``always``: what every experimental arm gets; ``sometimes``: what only some of them get.
    Placebos and what comparators alone get are neither.
    """

    always: tuple[str, ...] = ()
    sometimes: tuple[str, ...] = ()

    @classmethod
    def of(cls, record: TrialRecord) -> "Treatment":
        """Return the treatment that a record states."""
        # An observational study has interventions without arms: then all of them are studied.
        names = _names(record.items(fields.INTERVENTIONS), "name")
        arms = [
            # An arm names an intervention with its type: "Drug: Aspirin".
            {name.partition(": ")[2] or name for name in _words(arm.get("interventionNames"))}
            for arm in record.items(fields.ARM_GROUPS)
            if arm.get("type") == "EXPERIMENTAL"
        ]
        studied = [name for name in names if not arms or any(name in arm for arm in arms)] or names
        # `or`: where nothing else is left, the trial is of that.
        studied = [name for name in studied if "placebo" not in name.lower()] or studied
        always = [name for name in studied if all(name in arm for arm in arms)]
        if not always:
            return cls(always=tuple(studied))
        return cls(
            always=tuple(always),
            sometimes=tuple(name for name in studied if name not in always),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedDate:
    """A date of the record as it is written there; ``type``: ``ACTUAL``, ``ESTIMATED`` or None."""

    date: str
    type: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialProfile:
    """The profile of a trial, for readers to whom it is new; empty where not stated.

    ``interventions``: all, each with its type. ``sites``: their number by country, most first.
    """

    conditions: tuple[str, ...] = ()
    interventions: tuple[tuple[str, str], ...] = ()
    enrollment: int | None = None
    enrollment_type: str | None = None
    sites: tuple[tuple[str, int], ...] = ()
    start: PlannedDate | None = None
    primary_completion: PlannedDate | None = None
    completion: PlannedDate | None = None
    collaborators: tuple[str, ...] = ()
    summary: str | None = None

    @classmethod
    def of(cls, record: TrialRecord) -> "TrialProfile":
        """Return the profile that a record states."""
        countries = Counter(_names(record.locations, "country"))
        return cls(
            conditions=record.conditions,
            interventions=tuple(
                (str(item.get("type") or ""), name)
                for item in record.items(fields.INTERVENTIONS)
                for name in _names([item], "name")
            ),
            enrollment=record.enrollment,
            enrollment_type=record.text(fields.ENROLLMENT_TYPE),
            sites=tuple(sorted(countries.items(), key=lambda pair: (-pair[1], pair[0]))),
            start=_date(record, fields.START_DATE, fields.START_DATE_TYPE),
            primary_completion=_date(
                record, fields.PRIMARY_COMPLETION, fields.PRIMARY_COMPLETION_TYPE
            ),
            completion=_date(record, fields.COMPLETION, fields.COMPLETION_TYPE),
            collaborators=tuple(_names(record.items(fields.COLLABORATORS), "name")),
            summary=record.text(fields.BRIEF_SUMMARY),
        )


def _date(record: TrialRecord, at: fields.Path, of_type: fields.Path) -> PlannedDate | None:
    found = record.text(at)
    return PlannedDate(date=found, type=record.text(of_type)) if found else None


def _names(items: Iterable[Mapping[str, Any]], key: str) -> list[str]:
    return [name for item in items if isinstance(name := item.get(key), str) and name.strip()]


def _words(value: Any) -> list[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []
