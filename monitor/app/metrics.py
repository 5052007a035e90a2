"""What the monitor counts while it runs, in the form that Prometheus reads."""

import math
import platform
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from prometheus_client import (
    CONTENT_TYPE_PLAIN_0_0_4,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)

from monitor import __version__
from monitor.app.log_queue import dropped_lines
from monitor.model.messages import MessageState

if TYPE_CHECKING:
    from monitor.model.tracking import SourceRow, StoreCounts
    from monitor.sources.http import RequestLog

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4
_STAGE_BUCKETS_S = (0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300)
_PASS_BUCKETS_S = (0.5, 1, 5, 10, 30, 60, 300, 900, 3600, 14_400)


class Metrics:
    """Counts in a registry of its own; threads may share it. ``now``: aware UTC."""

    def __init__(self, *, now: Callable[[], datetime]) -> None:
        # A second line for every count, which nobody reads; the function brings no types.
        disable_created_metrics()  # type: ignore[no-untyped-call]  # untyped there
        self._now = now
        # The library's global one would be shared by everything in the process.
        self._registry = CollectorRegistry()
        self._name_counts()
        self._name_standing()
        self._name_amounts()
        self._name_seconds()
        ProcessCollector(registry=self._registry)
        built = self._gauge("build_info", "The program that runs; always 1.", "version", "python")
        built.labels(__version__, platform.python_version()).set(1)

    def _name_counts(self) -> None:
        self._requests = self._counter(
            "requests", "Requests by status, or the kind of failure without one.", "host", "status"
        )
        self._pages = self._counter("pages", "Pages stored.", "source")
        self._records = self._counter("records", "Records that the stored pages held.", "source")
        self._passes = self._counter("passes", "Passes over a source.", "source", "outcome")
        self._versions = self._counter("versions", "Versions stored.")
        self._events = self._counter("events", "Change events stored.", "kind")
        self._deliveries = self._counter(
            "deliveries", "What became of tries to send messages.", "channel", "outcome"
        )
        self._dropped = self._gauge(
            "log_lines_dropped", "Log lines dropped because nobody read the log."
        )
        self._dropped.set_function(dropped_lines)

    def _name_standing(self) -> None:
        self._age = self._gauge(
            "source_last_success_age_seconds", "Since the last good pass; +Inf: none yet.", "source"
        )
        self._failures = self._gauge("source_failures", "Failures in a row.", "source")
        self._store = self._gauge("store_up", "1 when the store answers, else 0.")
        self._overdue = self._gauge(
            "delivery_oldest_due_age_seconds",
            "How long the oldest message that is due has waited; 0: none is due.",
            "channel",
        )
        self._paused = self._gauge(
            "channel_paused", "1 while a channel is paused after failures, else 0.", "channel"
        )
        self._config_age = self._gauge(
            "config_last_good_read_age_seconds",
            "Since the configuration in force was read; a refused one does not count.",
        )
        self._lease = self._gauge("lease_held", "1 in the process that schedules, else 0.")

    def _name_amounts(self) -> None:
        self._outbox = self._gauge("outbox_messages", "Messages in the outbox.", "channel", "state")
        self._dead = self._gauge("dead_letters", "Messages that were given up and not dropped.")
        self._quarantine = self._gauge("quarantine_entries", "Input that could not be read.")
        self._size = self._gauge(
            "store_size_bytes", "Size of the SQLite file, or of the tables and indexes."
        )
        self._free = self._gauge(
            "disk_free_bytes", "Room for the store and for channels of folders.", "folder"
        )

    def _name_seconds(self) -> None:
        self._stages = self._histogram(
            "stage_seconds", "Time in a stage of a pass.", _STAGE_BUCKETS_S, "stage"
        )
        self._pass_seconds = self._histogram(
            "pass_seconds", "Time of a pass over a source.", _PASS_BUCKETS_S, "source"
        )

    def _counter(self, name: str, says: str, *labels: str) -> Counter:
        return Counter(f"monitor_{name}", says, labels, registry=self._registry)

    def _gauge(self, name: str, says: str, *labels: str) -> Gauge:
        return Gauge(f"monitor_{name}", says, labels, registry=self._registry)

    def _histogram(
        self, name: str, says: str, buckets: tuple[float, ...], *labels: str
    ) -> Histogram:
        registry = self._registry
        return Histogram(f"monitor_{name}", says, labels, buckets=buckets, registry=registry)

    # --- what happens ----------------------------------------------------------------------

    def request(self, request: "RequestLog") -> None:
        """Count a request."""
        # The kind of a failure, not its words: each value of a label is a series of its own.
        outcome = request.error or "none" if request.status is None else str(request.status)
        self._requests.labels(request.host, outcome).inc()

    def page(self, source: str, *, records: int = 0) -> None:
        """Count a page that was stored with so many records."""
        self._pages.labels(source).inc()
        self._records.labels(source).inc(records)

    def count_pass(self, source: str, outcome: str, seconds: float) -> None:
        """Count a pass that has ended; ``outcome`` is one of a few words ("ok", "failed")."""
        self._passes.labels(source, outcome).inc()
        self._pass_seconds.labels(source).observe(seconds)

    def versions(self, count: int) -> None:
        """Count versions that were stored."""
        self._versions.inc(count)

    def events(self, kind: str, count: int = 1) -> None:
        """Count events that were stored."""
        self._events.labels(kind).inc(count)

    def delivery(self, channel: str, outcome: str) -> None:
        """Count a try to send a message: "sent", "retried", "dead" or "dropped"."""
        self._deliveries.labels(channel, outcome).inc()

    def stage(self, name: str, seconds: float) -> None:
        """Note the time that a stage of a pass took ("fetch", "ingest")."""
        self._stages.labels(name).observe(seconds)

    # --- how things stand ------------------------------------------------------------------

    def lease(self, *, held: bool) -> None:
        """Note whether this process schedules."""
        self._lease.set(held)

    def store(self, *, answers: bool) -> None:
        """Note whether the store answers."""
        self._store.set(answers)

    def sources(self, names: Iterable[str], rows: "Iterable[SourceRow]") -> None:
        """Note how the sources of these names are doing; the gauges of others go."""
        known = {row.name: row for row in rows}
        # A source that left the configuration must not keep its last value.
        self._age.clear()
        self._failures.clear()
        for name in names:
            row = known.get(name)
            last = row.last_success_at if row else None
            age_s = partial(self._age_s, last, never_s=math.inf)
            self._age.labels(name).set_function(age_s)
            self._failures.labels(name).set(row.failures if row else 0)

    def channels(self, due: Mapping[str, datetime | None], paused: Collection[str]) -> None:
        """Note when the oldest message of each channel is or was due, and which are paused."""
        self._overdue.clear()
        self._paused.clear()
        for name, due_at in due.items():
            waited_s = partial(self._age_s, due_at, never_s=0.0)
            self._overdue.labels(name).set_function(waited_s)
            self._paused.labels(name).set(name in paused)

    def amounts(
        self,
        counts: "StoreCounts",
        messages: "Mapping[MessageState, Mapping[str, int]]",
        free: Mapping[str, int],
    ) -> None:
        """Note how much the store holds, messages by state and channel, free bytes by folder."""
        self._outbox.clear()
        for state, by_channel in messages.items():
            for channel, count in by_channel.items():
                self._outbox.labels(channel, state.value).set(count)
        self._dead.set(sum(messages.get(MessageState.DEAD, {}).values()))
        self._quarantine.set(counts.quarantined)
        # An unknown size is not 0.
        self._size.set(math.nan if counts.size_bytes is None else counts.size_bytes)
        self._free.clear()
        for folder, count in free.items():
            self._free.labels(folder).set(count)

    def config_read(self, at: datetime) -> None:
        """Note when the configuration in force was read."""
        self._config_age.set_function(partial(self._age_s, at, never_s=math.inf))

    def _age_s(self, at: datetime | None, *, never_s: float) -> float:
        """Return how long ago that is now: asked when it is exposed, not when it was noted."""
        return never_s if at is None else max(0.0, (self._now() - at).total_seconds())

    def exposition(self) -> bytes:
        """Return everything in the text format of Prometheus (``CONTENT_TYPE``)."""
        return generate_latest(self._registry)
