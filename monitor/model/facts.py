"""The facts of a version: plain values of its record for tables and series.

``detect.facts`` takes them, the store keeps them as columns.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Results = Literal["POSTED", "SUBMITTED", "NONE"]


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionFacts:
    """The facts of one version; None: the record does not state it, or not in a form known.

    Dates are as the registry wrote them, with a day or without; their types ``ACTUAL`` or
    ``ESTIMATED``, as that of the enrollment. ``reason_class``: of why the trial was stopped.
    ``sites``, ``arms`` and outcomes: how many.
    """

    overall_status: str | None = None
    reason_class: str | None = None
    study_type: str | None = None
    phases: tuple[str, ...] = ()
    start_date: str | None = None
    start_date_type: str | None = None
    primary_completion_date: str | None = None
    primary_completion_date_type: str | None = None
    completion_date: str | None = None
    completion_date_type: str | None = None
    enrollment: int | None = None
    enrollment_type: str | None = None
    lead_sponsor: str | None = None
    sites: int | None = None
    sites_by_country: Mapping[str, int] = field(default_factory=dict)
    arms: int | None = None
    primary_outcomes: int | None = None
    secondary_outcomes: int | None = None
    results: Results | None = None
    minimum_age: str | None = None
    maximum_age: str | None = None
    sex: str | None = None
