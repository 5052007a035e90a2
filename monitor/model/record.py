"""TrialRecord: one state of a trial's registry record; RawVersion: its bytes and their origin.

Sources make raw versions, parsers make records of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from monitor.model import fields
from monitor.model.coverage import Coverage
from monitor.model.dates import PartialDate
from monitor.model.fields import Path
from monitor.model.nct import is_nct_id


@dataclass(frozen=True, slots=True, kw_only=True)
class RawVersion:
    """The bytes of one version of one trial's record, as a source found them.

    ``content``: the raw slice (one study's JSON, one history answer, one page).
    ``media``: ``json``, ``text`` or ``absence``. ``source``: the source's name; ``origin``:
    where in it (file and line, URL). ``retrieved_at``: when it was read, aware UTC.
    ``registry_version``: the registry's own version number, where the source knows it.
    ``data_date``: of the data load that it was seen in, where the source knows it and the
    bytes do not say. ``is_whole``: the source asked for the whole record, so that the document is
    complete whatever it lacks.
    """

    content: bytes
    media: str
    source: str
    origin: str
    retrieved_at: datetime
    registry_version: int | None = None
    data_date: date | None = None
    is_whole: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialRecord:
    """A trial's record in canonical form (the study document of ClinicalTrials.gov API v2).

    ``document`` is never changed once the record exists. A field outside ``coverage`` is not
    stated by the source. Properties give None (or an empty tuple) where a field is absent or
    has a type that the registry does not use; the document keeps what was there.
    """

    nct_id: str
    document: Mapping[str, Any]
    coverage: Coverage = field(default_factory=Coverage.complete)
    registry_version: int | None = None

    def get(self, path: Path) -> Any:
        """Return the value at a path that runs through no list; None when absent."""
        value: Any = self.document
        for name in path:
            if not isinstance(value, dict):
                return None
            value = value.get(name)
        return value

    def has(self, path: Path) -> bool:
        """Return whether there is a value at ``path``; an empty text, list or object is none."""
        value = self.get(path)
        # 0 and False are something: no participants, no results.
        return value is not None and value not in ("", [], {})

    def text(self, path: Path) -> str | None:
        """Return the string at ``path``; None when absent or not a string."""
        value = self.get(path)
        return value if isinstance(value, str) else None

    def date_at(self, path: Path) -> PartialDate | None:
        """Return the date at ``path``; None when absent or not a date of the calendar."""
        return PartialDate.parse(self.get(path))

    def items(self, path: Path) -> tuple[Mapping[str, Any], ...]:
        """Return the objects of the list at ``path``; () when absent."""
        value = self.get(path)
        if not isinstance(value, list):
            return ()
        return tuple(item for item in value if isinstance(item, dict))

    def texts(self, path: Path, name: str) -> list[str]:
        """Return the strings ``name`` of the objects of the list at ``path``."""
        found = self.get(path)
        if not isinstance(found, list):
            return []
        return [
            value
            for item in found
            if isinstance(item, dict) and isinstance(value := item.get(name), str)
        ]

    def words(self, path: Path) -> tuple[str, ...]:
        """Return the strings of the list at ``path``; () when absent."""
        value = self.get(path)
        if not isinstance(value, list):
            return ()
        return tuple(item for item in value if isinstance(item, str))

    @property
    def aliases(self) -> tuple[str, ...]:
        """The NCT IDs that the trial had before, by which the registry still knows it."""
        return self.words(fields.NCT_ID_ALIASES)

    @property
    def former_ids(self) -> tuple[tuple[str, str], ...]:
        """Pairs of a former NCT ID and that of now: of its aliases, and its own once merged."""
        pairs = [(alias, self.nct_id) for alias in self.aliases]
        # Once merged, the record's own ID is a former one.
        pairs.append((self.nct_id, self.text(fields.REGISTRY_MERGED_INTO) or ""))
        return tuple((old, now) for old, now in pairs if is_nct_id(old) and is_nct_id(now))

    @property
    def title(self) -> str | None:
        """The brief title, else the official one."""
        return self.text(fields.BRIEF_TITLE) or self.text(fields.OFFICIAL_TITLE)

    @property
    def overall_status(self) -> str | None:
        """The registry's word, known to this program or not."""
        return self.text(fields.OVERALL_STATUS)

    @property
    def presence(self) -> str | None:
        """``GONE`` or ``MERGED`` where the registry no longer shows the record, else None."""
        return self.text(fields.REGISTRY_PRESENCE)

    @property
    def enrollment(self) -> int | None:
        """Number of participants, planned or actual."""
        count = self.get(fields.ENROLLMENT_COUNT)
        return count if isinstance(count, int) and not isinstance(count, bool) else None

    @property
    def start_date(self) -> PartialDate | None:
        """Start of the study, estimated or actual."""
        return self.date_at(fields.START_DATE)

    @property
    def primary_completion_date(self) -> PartialDate | None:
        """Last data collection for the primary outcomes, estimated or actual."""
        return self.date_at(fields.PRIMARY_COMPLETION)

    @property
    def results_submit_date(self) -> PartialDate | None:
        """When results were first submitted, posted since or not.

        Until they are posted the registry tells it only beside the record: in the derived
        section, and as events that a past version has too.
        """
        stated = self.date_at(fields.RESULTS_FIRST_SUBMIT)
        tracked = stated or self.date_at(fields.UNPOSTED_RESULTS_SUBMIT)
        # The history has no derived section, but these events.
        events = self.items(fields.UNPOSTED_EVENTS)
        released = (event.get("date") for event in events if event.get("type") == "RELEASE")
        return tracked or min(filter(None, map(PartialDate.parse, released)), default=None)

    @property
    def lead_sponsor(self) -> str | None:
        """The lead sponsor's name."""
        return self.text(fields.LEAD_SPONSOR_NAME)

    @property
    def phases(self) -> tuple[str, ...]:
        """``PHASE1``, ``PHASE2``, …; more than one for combined phases."""
        return self.words(fields.PHASES)

    @property
    def conditions(self) -> tuple[str, ...]:
        """The conditions under study."""
        return self.words(fields.CONDITIONS)

    @property
    def locations(self) -> tuple[Mapping[str, Any], ...]:
        """The sites."""
        return self.items(fields.LOCATIONS)

    @property
    def primary_outcomes(self) -> tuple[Mapping[str, Any], ...]:
        """The primary outcomes."""
        return self.items(fields.PRIMARY_OUTCOMES)

    @property
    def last_update_date(self) -> date | None:
        """The registry's date of this version: last update posted, else submitted.

        A month without a day counts as its first day.
        """
        for path in (fields.LAST_UPDATE_POST, fields.LAST_UPDATE_SUBMIT):
            found = self.date_at(path)
            if found is not None:
                return found.first_day()
        return None

    @property
    def data_date(self) -> date | None:
        """The date of the registry's data load (``versionHolder``), where stated."""
        found = self.date_at(fields.VERSION_HOLDER)
        return found.first_day() if found else None
