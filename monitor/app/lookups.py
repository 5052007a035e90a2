"""Looking up a stored trial by any NCT ID that it has or had."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from monitor.app.versions import by_number
from monitor.app.wiring import App
from monitor.errors import NotFoundError
from monitor.model.changes import Severity

if TYPE_CHECKING:
    from monitor.model.history import StoredEvent, StoredVersion, TrialRow
    from monitor.store.reader import Reader


@contextmanager
def stored_trial(app: App, nct_id: str) -> "Iterator[tuple[Reader, TrialRow, list[StoredVersion]]]":
    """Open the store and yield a trial with its ordered versions.

    It is the trial that has this NCT ID, else the one that had it before (``id_note`` says so).
    NotFoundError when there is none.
    """
    with app.reader() as reader:
        yield reader, *find_trial(app, reader, nct_id)


def find_trial(app: App, reader: "Reader", nct_id: str) -> "tuple[TrialRow, list[StoredVersion]]":
    """Return what ``stored_trial`` yields, from a store that is open."""
    trial = reader.trial(nct_id) or reader.trial_of_alias(nct_id)
    versions = reader.versions(trial.nct_id) if trial is not None else []
    if trial is None or not versions:
        raise NotFoundError(
            f"{nct_id} is not in the store {app.store_name}; `monitor trials` lists what is"
        )
    return trial, versions


def id_note(reader: "Reader", nct_id: str) -> str | None:
    """Say which NCT ID a trial has now; None where the store knows of no other than this."""
    own, now = reader.trial(nct_id), reader.trial_of_alias(nct_id)
    if now is None:
        return None
    if own is None:
        return f"{nct_id} is now {now.nct_id}"
    # A merger tells itself; a record that is shown by itself again is seen as late as the other.
    if own.overall_status == "MERGED" or own.last_seen_at >= now.last_seen_at:
        return None
    return f"{nct_id} is now {now.nct_id}: `monitor history {now.nct_id}` tells how it goes on"


def present_id(reader: "Reader", nct_id: str) -> str:
    """Return the NCT ID by which the registry shows a trial now, as far as the store knows."""
    own, now = reader.trial(nct_id), reader.trial_of_alias(nct_id)
    if now is None:
        return nct_id
    if own is None or own.overall_status == "MERGED" or own.last_seen_at < now.last_seen_at:
        return now.nct_id
    return nct_id


def version_number(
    versions: "Sequence[StoredVersion]",
    events: "Mapping[int, Sequence[StoredEvent]]",
    number: int | None,
) -> int:
    """Return a version's number, from 1; None: the last version with more than noise.

    Where all versions have noise alone it is the last one. ``events``: by a version's id; read
    only for None. NotFoundError for a number that no version has.
    """
    if number is not None:
        return by_number(versions, number) + 1
    changed = (
        at
        for at in range(len(versions), 0, -1)
        if any(
            one.event.severity is not Severity.NOISE for one in events.get(versions[at - 1].id, ())
        )
    )
    return next(changed, len(versions))
