"""Values of a stored trial's record over its versions."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from monitor.app.lookups import find_trial, id_note
from monitor.app.wiring import App
from monitor.model.bitemporal import valid_from
from monitor.model.history import TrialRow
from monitor.model.series import Point, SeriesField, VersionRecord, series

if TYPE_CHECKING:
    from monitor.store.reader import Reader


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialSeries:
    """The points of some fields of a trial, in the order in which they were asked for.

    ``note``: which NCT ID the trial has now, where it is another than was asked for.
    """

    trial: TrialRow
    note: str | None
    fields: tuple[tuple[SeriesField, tuple[Point, ...]], ...]


def trial_series(
    app: App, reader: "Reader", nct_id: str, wanted: Sequence[SeriesField]
) -> TrialSeries:
    """Return the values of fields over all versions of a trial; NotFoundError when there is none.

    Each version is read once.
    """
    trial, versions = find_trial(app, reader, nct_id)
    days = valid_from(versions)
    read = [
        VersionRecord(
            number=number, identity=version.identity, day=day, record=reader.record(version)
        )
        for number, (version, day) in enumerate(zip(versions, days, strict=True), start=1)
    ]
    found = tuple((field, tuple(series(field, read))) for field in wanted)
    return TrialSeries(trial=trial, note=id_note(reader, nct_id), fields=found)
