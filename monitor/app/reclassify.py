"""Deriving the events of stored versions anew, by the settings."""
# ruff: noqa: PLC0415  # what compares records loads when it is used

import shutil
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from typing import TYPE_CHECKING

from monitor.app.wiring import App
from monitor.errors import DamagedSnapshotError, StoreError
from monitor.model.integrity import IntegrityProblem
from monitor.model.reclassified import difference
from monitor.store.address import StoreAddress
from monitor.store.writer import open_store

if TYPE_CHECKING:
    from monitor.ingest.reclassify import Scope
    from monitor.ingest.rederive import RederivedVersion
    from monitor.model.reclassified import Estimate, ReclassifyReport
    from monitor.store.copying import OnStep

_PAGE_TRIALS = 100


def reclassify(
    app: App,
    scope: "Scope",
    *,
    dry_run: bool,
    on_estimate: "Callable[[Estimate, int | None], None]",
    on_batch: "Callable[[ReclassifyReport, int], None]",
) -> "ReclassifyReport":
    """Derive the events of the scope's versions anew; see ``monitor.ingest.reclassify``.

    ``on_estimate`` is also given how many bytes the store's disk has free (None: PostgreSQL's).
    StoreError, before anything is written, when they may not suffice.
    """
    from monitor.ingest.reclassify import reclassify

    settings = app.settings.store
    path = StoreAddress.parse(settings.url).path

    def check(ahead: "Estimate") -> None:
        free = None if path is None else shutil.disk_usage(path.absolute().parent).free
        on_estimate(ahead, free)
        if free is not None and free < ahead.disk_bytes:
            raise StoreError(
                f"the disk of {path} may not have room for it: it may take up to "
                f"{ahead.disk_bytes / 1e6:,.0f} MB, {free / 1e6:,.0f} MB are free"
            )

    with app.reader():  # says what is wrong with a store before one is opened for writing
        pass
    opened = (
        nullcontext()
        if dry_run
        else open_store(settings.url, create=False, busy_timeout_s=settings.busy_timeout_s)
    )
    with opened as store:
        return reclassify(
            app.reader,
            store,
            scope,
            thresholds=app.settings.thresholds,
            on_estimate=check,
            on_batch=on_batch,
        )


def verify_events(app: App, *, on_step: "OnStep") -> "Iterator[IntegrityProblem]":
    """Yield the versions whose events are not what the present rules derive, by which they are.

    What is by older rules or thresholds is left out.
    """
    from monitor.ingest.rederive import rederive

    rules, thresholds = app.rules(), app.settings.thresholds
    with app.reader() as reader:
        total = reader.sources.versions_by(rules)
    done, after = 0, ""
    while True:
        # A reader for each page: one transaction for all would keep SQLite's log from being cut.
        with app.reader() as reader:
            page = reader.by_rules(rules, after=after, limit=_PAGE_TRIALS)
            for nct_id, count in page:
                on_step("deriving events anew", done, total)
                history = reader.history(nct_id)
                if history is None:
                    continue
                try:
                    trial = rederive(
                        history,
                        reader.events(nct_id),
                        reader.snapshot,
                        thresholds=thresholds,
                        is_wanted=lambda version: version.rules == rules,
                    )
                except DamagedSnapshotError:
                    continue  # which is named without that
                for version in trial.versions:
                    if version.is_changed:
                        yield _differs(nct_id, version)
                done += count
        if len(page) < _PAGE_TRIALS:
            return
        after = page[-1][0]


def _differs(nct_id: str, version: "RederivedVersion") -> IntegrityProblem:
    gone, came = difference(version.before, version.after)
    detail = "its events are not what the present rules derive"
    for name, events in (("stored", gone), ("derived", came)):
        words = [f"{event.severity} {event.kind}: {event.summary}" for event in events]
        detail += f"; {name} is {', '.join(words)}" if words else ""
    return IntegrityProblem(
        check="derived events",
        detail=detail,
        fix=f"`monitor reclassify {nct_id}`",
        nct_id=nct_id,
        version=version.number,
    )
