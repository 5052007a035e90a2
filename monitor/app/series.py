"""Values of a stored trial's record over its versions."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from monitor.app.lookups import find_trial, id_note
from monitor.app.wiring import App
from monitor.errors import StoreError
from monitor.model import fields
from monitor.model.bitemporal import valid_from
from monitor.model.coverage import ABSENCE
from monitor.model.history import TrialRow
from monitor.model.series import SeriesField, SeriesPoint, SeriesValue, StatedValue, series

if TYPE_CHECKING:
    from monitor.store.reader import Reader


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialSeries:
    """The points of some fields of a trial, in the order in which they were asked for.

    ``note``: which NCT ID the trial has now, where it is another than was asked for.
    """

    trial: TrialRow
    note: str | None
    fields: tuple[tuple[SeriesField, tuple[SeriesPoint, ...]], ...]


def trial_series(
    app: App, reader: "Reader", nct_id: str, wanted: Sequence[SeriesField]
) -> TrialSeries:
    """Return the values of fields over all versions of a trial; NotFoundError when there is none.

    They come from the facts; records are read for what facts do not hold, each once.
    """
    trial, versions = find_trial(app, reader, nct_id)
    facts = {version.id: one for version, one in reader.facts(trial.nct_id)}
    if any(version.id not in facts for version in versions):
        raise StoreError(f"the store lacks facts of {trial.nct_id}; `monitor db verify` says more")
    record = lru_cache(maxsize=None)(lambda at: reader.record(versions[at]))
    days = valid_from(versions)

    def value_at(field: SeriesField, at: int) -> StatedValue:
        version, known = versions[at], facts[versions[at].id]
        if field.value is None:
            value: SeriesValue = record(at).text(field.path)
        elif field.path == fields.OVERALL_STATUS and version.stated_coverage == ABSENCE:
            value = record(at).presence  # GONE or MERGED, which is no status of the record's own
        else:
            value = field.value(known)
        return StatedValue(
            number=at + 1,
            identity=version.identity,
            day=days[at],
            value=value,
            type=getattr(known, field.type_fact) if field.type_fact else None,
            is_stated=value is not None or version.coverage.states(field.path),
        )

    found = tuple(
        (field, tuple(series(field, [value_at(field, at) for at in range(len(versions))])))
        for field in wanted
    )
    return TrialSeries(trial=trial, note=id_note(reader, nct_id), fields=found)
