"""Which stored trials meet a filter, as they are now."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING

from monitor.app.filter_check import FilterCheck
from monitor.app.wiring import App
from monitor.errors import ConfigError, UsageError
from monitor.match.filter_fields import FilterFields, term_under
from monitor.match.filters import KNOWN_VALUES, CompiledFilter, Hits, compile_filter, require_usable
from monitor.match.synonyms import Synonyms
from monitor.match.text_index import Term
from monitor.model.history import TrialRow
from monitor.model.record import TrialRecord
from monitor.model.subscriptions import Filter

if TYPE_CHECKING:
    from monitor.store.reader import Reader

# Of these the trial's row tells; for the others its newest record is read.
_OF_THE_ROW = frozenset({"status", "source"})


def matching_trials(
    app: App, reader: "Reader", filters: Sequence[Filter], *, changed_since: date | None = None
) -> Iterator[tuple[TrialRow, str]]:
    """Yield the trials that meet any of the filters, by NCT ID, and what matched.

    A filter matches as it does for subscriptions, but for ``status``, which is ``GONE`` or
    ``MERGED`` where the registry no longer shows the record. ``changed_since``: only trials with an
    event above noise in a version that holds from that date or later.
    """
    synonyms = app.synonyms()
    asked = [(_status_of(one, synonyms), compile_filter(one, synonyms)) for one in filters]
    for trial in reader.trials(changed_since=changed_since):
        found = _Trial(reader, trial)
        hits = (found.hit(whole) for status, whole in asked if found.could_meet(status))
        hit = next((hit for hit in hits if hit is not None), None)
        if hit is not None:
            yield trial, hit


def require_findable(app: App, reader: "Reader", one: Filter) -> None:
    """Pass when a filter can find stored trials, else raise an error with what to write.

    As for subscriptions, but that a status may also be ``GONE``, ``MERGED`` or any that a stored
    trial has, and a source any that the store knows. UsageError.
    """
    synonyms = app.synonyms()
    for values in (one.wanted, one.excluded):
        for value in values.get("status", ()):
            _require_status(value, reader, synonyms)
    if "source" in {*one.wanted, *one.excluded}:
        from monitor.config.subscriber_tables import require_sources  # noqa: PLC0415 - for this alone

        stored = (row.name for row in reader.sources.all())
        known = dict.fromkeys((*(source.name for source in app.settings.sources), *stored))
        tables = [{**one.wanted, "not": one.excluded}]
        try:
            require_sources(tables, known, app.settings.synonyms, place="")
        except ConfigError as exc:  # of a question it says nothing about the configuration
            raise UsageError(str(exc)) from exc
    rest = Filter(wanted=_without_status(one.wanted), excluded=_without_status(one.excluded))
    if rest.wanted or rest.excluded:
        try:
            require_usable(rest, synonyms)
        except ValueError as exc:
            raise UsageError(str(exc)) from exc


def unmatched_values(app: App, reader: "Reader", one: Filter) -> list[str]:
    """Return sentences on what of a filter no stored trial has, whatever their status."""
    rest = Filter(wanted=_without_status(one.wanted), excluded=_without_status(one.excluded))
    asked = [rest] if rest.wanted or rest.excluded else []
    found = FilterCheck(app, reader).sentences(asked)
    return [each for sentences in found.values() for each in sentences]


class _Trial:
    """A stored trial, of which no more is read than filters ask for."""

    def __init__(self, reader: "Reader", row: TrialRow) -> None:
        self._reader = reader
        self._row = row
        self._attributes = self._of(TrialRecord(nct_id=row.nct_id, document={}))
        self._whole: FilterFields | None = None

    def could_meet(self, status: CompiledFilter) -> bool:
        """Tell whether the trial meets what a filter says of the status alone."""
        return not status.miss(Hits(self._attributes))

    def hit(self, one: CompiledFilter) -> str | None:
        """Return what made a filter match; None when it does not."""
        if "source" in one.keys:
            following = self._reader.sources.following(self._row.nct_id)
            sources = "\n".join(word for name in following for word in term_under("source", name))
            self._attributes["source"] = sources
        if one.keys <= _OF_THE_ROW:
            return one.hit(Hits(self._attributes))
        if self._whole is None:
            self._whole = self._of(self._reader.newest_record(self._row))
        self._whole["source"] = self._attributes["source"]
        return one.hit(Hits(self._whole))

    def _of(self, record: TrialRecord) -> FilterFields:
        found = FilterFields(record)
        found["status"] = "".join(term_under("status", self._row.overall_status or ""))
        return found


def _status_of(one: Filter, synonyms: Synonyms) -> CompiledFilter:
    status = {key: values for key, values in one.wanted.items() if key == "status"}
    excluded = {key: values for key, values in one.excluded.items() if key == "status"}
    return compile_filter(Filter(wanted=status, excluded=excluded), synonyms)


def _without_status(values: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    return {key: words for key, words in values.items() if key != "status"}


def _require_status(value: str, reader: "Reader", synonyms: Synonyms) -> None:
    """Raise UsageError for a status that neither the registry has nor a stored trial."""
    words = {term_under("status", one) for one in synonyms.of(value)} - {()}
    known = {*KNOWN_VALUES["status"], "GONE", "MERGED"}
    if not words.isdisjoint(_terms(known)):
        return
    known |= reader.statuses()
    if words.isdisjoint(_terms(known)):
        shown = "_".join(value.replace("-", " ").replace(",", " ").split()).upper()
        raise UsageError(f"there is no status {shown!r}; there are {', '.join(sorted(known))}")


def _terms(statuses: set[str]) -> set[Term]:
    return {term_under("status", one) for one in statuses}
