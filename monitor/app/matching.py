"""What filters can find among stored trials, and what of them no trial has."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from monitor.app.filter_check import FilterCheck
from monitor.app.queries import STATUSES
from monitor.app.wiring import App
from monitor.errors import ConfigError, UsageError
from monitor.match.filter_fields import term_under
from monitor.match.filters import require_usable
from monitor.match.synonyms import Synonyms
from monitor.match.text_index import Term
from monitor.model.subscriptions import Filter

if TYPE_CHECKING:
    from monitor.store.reader import Reader


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
    filters = [rest] if rest.wanted or rest.excluded else []
    found = FilterCheck(app, reader).sentences(filters)
    return [each for sentences in found.values() for each in sentences]


def _without_status(values: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    return {key: words for key, words in values.items() if key != "status"}


def _require_status(value: str, reader: "Reader", synonyms: Synonyms) -> None:
    """Raise UsageError for a status that neither the registry has nor a stored trial."""
    words = {term_under("status", one) for one in synonyms.of(value)} - {()}
    known = set(STATUSES)
    # The registry's own: the store need not be asked for others.
    if not words.isdisjoint(_terms(known)):
        return
    known |= reader.statuses()
    if words.isdisjoint(_terms(known)):
        shown = "_".join(value.replace("-", " ").replace(",", " ").split()).upper()
        raise UsageError(f"there is no status {shown!r}; there are {', '.join(sorted(known))}")


def _terms(statuses: set[str]) -> set[Term]:
    return {term_under("status", one) for one in statuses}
