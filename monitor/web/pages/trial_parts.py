"""What pages say of a trial as a whole: its head, where it is, its versions."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from starlette.requests import Request

from monitor.app import App
from monitor.app.lookups import find_trial
from monitor.errors import NotFoundError, UsageError
from monitor.model import fields
from monitor.model.dates import PartialDate
from monitor.model.history import StoredVersion, TrialRow
from monitor.model.nct import normalize_nct_id
from monitor.model.public_ids import public_version_id
from monitor.model.record import TrialRecord
from monitor.render.code_words import phase_words, status_words
from monitor.render.values import unescape, value_text
from monitor.store.reader import Reader
from monitor.web.pages.answering import MovedError

_STOPPED = frozenset({"WITHDRAWN", "TERMINATED", "SUSPENDED", "GONE", "MERGED"})
_ENDED = frozenset({"COMPLETED", "UNKNOWN", "NO_LONGER_AVAILABLE", "APPROVED_FOR_MARKETING"})
_DATES = (
    ("Start", fields.START_DATE, fields.START_DATE_TYPE),
    ("Primary completion", fields.PRIMARY_COMPLETION, fields.PRIMARY_COMPLETION_TYPE),
    ("Completion", fields.COMPLETION, fields.COMPLETION_TYPE),
)


@dataclass(frozen=True, slots=True)
class Fact:
    """A fact of a trial's head: its name, its value, what qualifies it."""

    name: str
    value: str
    aside: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialHead:
    """What a trial is and how it stands; ``look``: of the status, for the style sheet."""

    nct_id: str
    acronym: str
    title: str
    status: str
    look: str
    facts: tuple[Fact, ...]
    conditions: tuple[str, ...]
    interventions: tuple[str, ...]


def requested_trial(
    app: App, reader: Reader, request: Request
) -> tuple[TrialRow, list[StoredVersion]]:
    """Return the trial that an address names, and its versions.

    MovedError where it has another NCT ID now or is written otherwise; NotFoundError where there
    is no such trial.
    """
    written = str(request.path_params["nct_id"])
    try:
        trial, versions = find_trial(app, reader, normalize_nct_id(written))
    except (NotFoundError, UsageError, ValueError):  # readers learn nothing about the store
        raise NotFoundError(f"this monitor does not follow a trial {written[:40]!r}") from None
    # Every page of a trial has one address: `/trials/nct06733935/compare/1..2` is redirected with
    # the rest of its path and its query.
    if trial.nct_id != written:
        rest = request.url.path.partition(f"/trials/{written}")[2]
        query = f"?{request.url.query}" if request.url.query else ""
        raise MovedError(f"trials/{trial.nct_id}{rest}{query}")
    return trial, versions


def trial_title(trial: TrialRow) -> str:
    """Return a trial's title, for where there is no record at hand."""
    return unescape(trial.title) if trial.title else "(no title stated)"


def status_look(status: str | None) -> str:
    """Return the class of the style sheet for a status."""
    return "stopped" if status in _STOPPED else "ended" if status in _ENDED else ""


def trial_head(trial: TrialRow, record: TrialRecord, today: date) -> TrialHead:
    """Return a trial's head."""
    conditions = [value_text(one) for one in record.conditions]
    interventions = [value_text(one) for one in record.texts(fields.INTERVENTIONS, "name")]
    return TrialHead(
        nct_id=trial.nct_id,
        acronym=unescape(record.text(fields.ACRONYM) or ""),
        title=trial_title(trial),
        status=status_words(trial.overall_status),
        look=status_look(trial.overall_status),
        facts=tuple(_facts(trial, record, today)),
        conditions=tuple(conditions),
        interventions=tuple(interventions),
    )


def _facts(trial: TrialRow, record: TrialRecord, today: date) -> Iterator[Fact]:
    yield Fact("Sponsor", unescape(trial.lead_sponsor or "not stated"))
    # "Phase 1/2" instead of "Phase 1/Phase 2".
    yield Fact("Phase", phase_words(record.phases).replace("/Phase ", "/"))
    if record.enrollment is not None:
        kind = (record.text(fields.ENROLLMENT_TYPE) or "").lower()
        yield Fact("Enrollment", f"{record.enrollment:,}", value_text(kind) if kind else "")
    sites = len(record.locations)
    if sites:
        named = {one.get("country") for one in record.locations} - {None}
        many = f"in {len(named)} countries" if len(named) > 1 else "in 1 country" if named else ""
        yield Fact("Sites", f"{sites:,}", many)
    yield from _next_date(record, today)
    yield Fact("Last change", str(trial.last_changed or "none seen yet"))


def _next_date(record: TrialRecord, today: date) -> Iterator[Fact]:
    """Yield the first of the trial's dates that is still to come, else the last one."""
    stated = [
        (found.first_day(), name, str(found), (record.text(of_type) or "").lower())
        for name, path, of_type in _DATES
        if (found := PartialDate.parse(record.get(path)))
    ]
    if stated:
        ahead = [one for one in stated if one[0] >= today]
        _, name, written, kind = min(ahead) if ahead else max(stated)
        yield Fact(name, written, value_text(kind) if kind else "")


@dataclass(frozen=True, slots=True)
class VersionChoice:
    """A version as a list offers it."""

    number: int
    address: str
    day: date


def version_choices(versions: Sequence[StoredVersion], days: Sequence[date]) -> list[VersionChoice]:
    """Return all versions, the newest first; ``days``: from when each holds."""
    found = [
        VersionChoice(number, public_version_id(version.identity), day)
        for number, (version, day) in enumerate(zip(versions, days, strict=True), start=1)
    ]
    return found[::-1]
