"""One pass over one source, and what is kept of how it went."""

import threading
import time
import uuid
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Literal

from monitor.app.backfills import backfill_lease, history, pending_backfills
from monitor.app.logs import bound_fields, get_logger, log_request, log_step
from monitor.app.sources import HISTORY, Sources, find_source, first_base_url
from monitor.app.wiring import App
from monitor.errors import HeldError, MonitorError, StoreError
from monitor.ingest import IngestReport
from monitor.ingest.notify import Notifier
from monitor.ingest.page_storage import Follower, StoredPage
from monitor.model.lease import Lease
from monitor.model.tracking import SourceRow
from monitor.sources.base import FollowedSource
from monitor.sources.http import RequestLog, StoppedError
from monitor.store.lease_keeper import LeaseHeldError, LeaseLostError, require_lease
from monitor.store.lease_observer import LeaseObserver
from monitor.store.writer import StoreWriter

if TYPE_CHECKING:
    from monitor.app.metrics import Metrics
from monitor.sources.ctgov_history import HistoryProgress

PassOutcome = Literal["ok", "failed", "stopped"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PollReport:
    """What a pass over a source did; ``reason``: why it failed or was stopped.

    ``again_at``: from when on it may be tried again, where another process was at it.
    """

    source: str
    outcome: PassOutcome
    reason: str | None = None
    report: IngestReport = field(default_factory=IngestReport)
    pages: int = 0
    requests: int = 0
    again_at: datetime | None = None


OnHistory = Callable[["HistoryProgress"], None]
OnPage = Callable[[IngestReport], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Work:
    """What one pass is over, and who may cut it short."""

    name: str
    type: str
    open: Callable[[Sources], AbstractContextManager[FollowedSource]]
    stop: threading.Event
    leases: tuple[Lease, ...]
    on_page: OnPage | None = None


@dataclass(slots=True, kw_only=True)
class _PassCount:
    report: IngestReport = field(default_factory=IngestReport)
    pages: int = 0
    requests: int = 0
    held: bool = False


@dataclass(slots=True, kw_only=True)
class Poller:
    """Does passes; threads may share it. ``patient``: a backfill observes who has its lease."""

    app: App
    metrics: "Metrics | None" = None
    patient: bool = False
    _observer: LeaseObserver = field(default_factory=LeaseObserver, init=False)
    _notifier: Notifier = field(init=False)

    def __post_init__(self) -> None:
        self._notifier = self.app.notifier()

    def poll(
        self,
        source_name: str,
        *,
        stop: threading.Event,
        lease: Lease | None = None,
        on_page: OnPage | None = None,
    ) -> PollReport:
        """Follow a source of the configuration once: fetch, store, note how it went.

        What goes wrong is in the report, in the log, in the source's row, and, once it has
        happened often enough, with the operator. ConfigError when there is no such source.
        ``on_page`` is called with the counts so far after each page.
        """
        source = find_source(self.app.settings, source_name)
        work = _Work(
            name=source_name,
            type=source.type,
            open=lambda sources: sources.open(source),
            stop=stop,
            leases=() if lease is None else (lease,),
            on_page=on_page,
        )
        return self._run(work)

    def backfill_due(
        self, *, stop: threading.Event, lease: Lease | None = None
    ) -> list[PollReport]:
        """Fill in the past of newly followed records, where their source says so."""
        with self.app.reader() as reader:
            wanted = pending_backfills(self.app.settings, reader)
        return [
            self.backfill(nct_ids, base_url=base_url, stop=stop, lease=lease)
            for base_url, nct_ids in wanted.items()
            if not stop.is_set()
        ]

    def backfill(
        self,
        nct_ids: Iterable[str],
        *,
        stop: threading.Event,
        lease: Lease | None = None,
        base_url: str | None = None,
        since: date | None = None,
        on_progress: OnHistory | None = None,
    ) -> PollReport:
        """Fill in the earlier versions of these records that the store lacks; they alert nobody.

        A version later than all that are stored alerts, whichever source reads it first.

        ``base_url``: where it is not given, that of the first ``ctgov`` source. ``since``: only
        versions that the registry dates on or after it. One process does so at a time: the
        others' report is "stopped".
        """
        asked = base_url or first_base_url(self.app.settings)
        try:
            with backfill_lease(self.app, self._observer, stop=stop, patient=self.patient) as held:
                work = _Work(
                    name=HISTORY,
                    type=HISTORY,
                    open=partial(history, self.app, asked, tuple(nct_ids), under=held,
                                   since=since, on_progress=on_progress),
                    stop=held.stop,
                    leases=(held.lease,) if lease is None else (lease, held.lease),
                )  # fmt: skip
                return self._run(work)
        except LeaseHeldError as exc:
            who = "another process" if exc.lease is None else exc.lease.holder
            reason = f"earlier versions are being fetched by {who}; a second one has to wait"
            get_logger().info("backfill waits", source=HISTORY, reason=reason)
            return PollReport(
                source=HISTORY,
                outcome="stopped",
                reason=reason,
                again_at=None if exc.lease is None else self._lost_at(exc.lease),
            )

    def _lost_at(self, lease: Lease) -> datetime:
        """Return when a lease is lost at the latest that nobody renews."""
        return self.app.now() + timedelta(seconds=lease.observed_s)

    # --- one pass --------------------------------------------------------------------------

    def _run(self, work: _Work) -> PollReport:
        counted = _PassCount()
        began = time.monotonic()
        # In every line that is logged during the pass, by any module.
        with bound_fields(pass_id=uuid.uuid4().hex[:12], source=work.name):
            log = get_logger()
            log.debug("pass started")
            with self.app.store() as store:
                outcome, reason = self._attempt(work, store, counted)
                self._note(work, store, outcome, reason, held=counted.held)
            report = PollReport(
                source=work.name,
                outcome=outcome,
                reason=reason,
                report=counted.report,
                pages=counted.pages,
                requests=counted.requests,
            )
            seconds = time.monotonic() - began
            if self.metrics is not None:
                self.metrics.count_pass(work.name, outcome, seconds)
            _log_pass(report, seconds)
        return report

    def _attempt(
        self, work: _Work, store: StoreWriter, counted: _PassCount
    ) -> tuple[PassOutcome, str | None]:
        try:
            with work.open(self._sources(work, counted)) as source:
                for page in self._follower(work, store).follow(source):
                    self._count(work, page, counted)
                    # After a page: all of it is stored, and the next pass goes on behind it.
                    if work.stop.is_set():
                        raise StoppedError
        # The order matters: these are kinds of MonitorError.
        except (StoppedError, LeaseLostError) as exc:
            return "stopped", str(exc)
        except HeldError as exc:
            counted.held = True
            return "failed", str(exc)
        except MonitorError as exc:
            return "failed", str(exc)
        except Exception as exc:  # noqa: BLE001 - the pass loop: recorded on the source's row
            get_logger().error("pass crashed", exc_info=exc)
            return "failed", f"unforeseen: {type(exc).__name__}: {exc}"
        return "ok", None

    def _follower(self, work: _Work, store: StoreWriter) -> Follower:
        return Follower(
            store=store,
            reader=self.app.reader,
            type=work.type,
            thresholds=self.app.settings.thresholds,
            settings=self.app.settings.ingest,
            now=self.app.now,
            batch_records=self.app.settings.ingest.batch_records,
            leases=work.leases,
            notifier=self._notifier,
        )

    def _sources(self, work: _Work, counted: _PassCount) -> Sources:
        def on_request(request: RequestLog) -> None:
            counted.requests += 1
            if self.metrics is not None:
                self.metrics.request(request)
            get_logger().debug("request", **log_request(request))

        return Sources(
            http=self.app.settings.http,
            ingest=self.app.settings.ingest,
            now=self.app.now,
            stop=work.stop,
            on_request=on_request,
            on_step=log_step,
        )

    def _count(self, work: _Work, page: StoredPage, counted: _PassCount) -> None:
        counted.report = counted.report + page.report
        counted.pages += 1
        log = get_logger()
        log.debug("page stored", page=counted.pages, **asdict(counted.report))
        if page.unreadable is not None:
            log.warning("records quarantined", count=page.report.quarantined, first=page.unreadable)
        if work.on_page is not None:
            work.on_page(counted.report)
        if self.metrics is None:
            return
        self.metrics.page(work.name, records=page.report.read)
        self.metrics.versions(page.report.stored)
        for kind, count in page.kinds.items():
            self.metrics.events(kind, count)
        self.metrics.stage("fetch", page.fetch_s)
        self.metrics.stage("ingest", page.store_s)

    # --- how it went -----------------------------------------------------------------------

    def _note(
        self,
        work: _Work,
        store: StoreWriter,
        outcome: PassOutcome,
        reason: str | None,
        *,
        held: bool,
    ) -> None:
        """Keep how the pass went; log that the source fails, once it counts, and its end."""
        # A pass that was cut short says nothing about its source.
        if outcome == "stopped":
            return
        try:
            before, after = self._put(
                work, store, reason if outcome == "failed" else None, held=held
            )
        except StoreError as exc:
            get_logger().error("pass not noted", reason=str(exc), outcome=outcome)
            return
        except LeaseLostError:
            return
        since = before.failing_since or after.failing_since
        facts = {"source": work.name, "failing_since": since and since.isoformat()}
        if after.reported and not before.reported:
            reason = after.last_reason
            get_logger().error("source failing", failures=after.failures, reason=reason, **facts)
        elif before.reported and not after.reported:
            get_logger().warning("source recovered", **facts)

    def _put(
        self, work: _Work, store: StoreWriter, reason: str | None, *, held: bool
    ) -> tuple[SourceRow, SourceRow]:
        now = self.app.now()
        with store.transaction() as tx:
            # Whoever lost the lease must not write over what its next holder noted.
            for lease in work.leases:
                require_lease(tx, lease, now=now)
            before = tx.sources.get(work.name) or SourceRow(name=work.name, type=work.type)
            if reason is None:
                after = before.after_success(now)
            elif held:
                after = before.after_hold(reason, now)
            else:
                alarm_at = self.app.settings.daemon.failures_before_alarm
                after = before.after_failure(reason, now, alarm_at=alarm_at)
            tx.sources.store_row(after)
        return before, after


def _log_pass(report: PollReport, seconds: float) -> None:
    """Log how a pass went."""
    log = get_logger()
    facts: dict[str, object] = {
        "seconds": round(seconds, 3),
        "pages": report.pages,
        "requests": report.requests,
        **asdict(report.report),
    }
    if report.outcome == "ok":
        log.info("pass finished", **facts)
    elif report.outcome == "stopped":
        log.info("pass stopped", reason=report.reason, **facts)
    else:
        log.warning("pass failed", reason=report.reason, **facts)
