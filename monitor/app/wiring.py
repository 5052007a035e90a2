"""The composition root: the one place that wires settings, sources, ingest and store together.

Every command loads the parts that it needs and no others: looking something up must not wait
for SQLAlchemy, nor a list of trials for the comparison of records.
"""
# ruff: noqa: PLC0415  # parts are imported where they are wired in, for the reason above

import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from monitor.model.dates import PartialDate

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger, Processor

    from monitor.ingest import IngestReport
    from monitor.ingest.indexing import IndexReport
    from monitor.ingest.notify import Notifier
    from monitor.match.synonyms import Synonyms
    from monitor.model.changes import ChangeEvent
    from monitor.model.history import QuarantineRow, StoredVersion, TrialRow
    from monitor.model.record import RawVersion
    from monitor.settings import Settings
    from monitor.sources.base import ReadProgress, Unreadable
    from monitor.store.copying import OnStep
    from monitor.store.engine import ReaderPool
    from monitor.store.reader import Reader
    from monitor.store.revisions import SchemaStatus
    from monitor.store.writer import StoreWriter


def utc_now() -> datetime:
    """Return the present time, aware, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """The monitor with its settings; opens nothing until it is asked.

    ``reader_pool``: where connections for looking things up are kept, in a process that serves
    requests.
    """

    settings: "Settings"
    now: Callable[[], datetime] = utc_now
    reader_pool: "ReaderPool | None" = None

    @classmethod
    def configured(cls, config: Path | None, *, environ: Mapping[str, str]) -> "App":
        """Return the monitor as the configuration says; ConfigError when that is wrong."""
        from monitor.config import load

        return cls(settings=load(config, environ=environ))

    def with_store(self, url: str) -> "App":
        """Return the same monitor on another store."""
        from msgspec.structs import replace as replaced

        store = replaced(self.settings.store, url=url)
        return replace(self, settings=replaced(self.settings, store=store))

    # --- looking things up -----------------------------------------------------------------

    @contextmanager
    def reader(self) -> "Iterator[Reader]":
        """Open the store for looking things up."""
        from monitor.store.reader import open_reader

        store = self.settings.store
        with open_reader(
            store.url, busy_timeout_s=store.busy_timeout_s, pool=self.reader_pool
        ) as reader:
            yield reader

    def store(self, *, create: bool = True) -> "StoreWriter":
        """Open the store for writing; ``create``: it is made where there is none."""
        from monitor.store.writer import open_store

        store = self.settings.store
        return open_store(store.url, create=create, busy_timeout_s=store.busy_timeout_s)

    def compare(
        self, reader: "Reader", trial: "TrialRow", old: "StoredVersion", new: "StoredVersion"
    ) -> "tuple[ChangeEvent, ...]":
        """Return what changed from one stored version to another, derived anew."""
        from monitor.detect.classify import classify
        from monitor.detect.diff import diff
        from monitor.detect.rules.base import Context

        before, after = reader.record(old), reader.record(new)
        context = Context(
            old=before,
            new=after,
            version_date=new.version_date,
            first_start_date=PartialDate.parse(trial.first_start_date),
            thresholds=self.settings.thresholds,
        )
        return classify(diff(before, after), context)

    # --- taking things in ------------------------------------------------------------------

    def ingest(
        self,
        paths: Sequence[Path],
        *,
        on_progress: "Callable[[ReadProgress], None] | None" = None,
        on_batch: "Callable[[IngestReport], None] | None" = None,
        alerts: bool = True,
    ) -> "IngestReport":
        """Store what is new in files and folders, quarantine what cannot be read.

        SourceError for a path that is not there. What batches have committed stays, whatever
        happens afterwards. ``alerts`` False: what is new alerts nobody.
        """
        from monitor.sources.files import read_paths
        from monitor.sources.read_progress import Limits

        limits = Limits.of(self.settings.ingest)

        found = read_paths(paths, now=self.now, limits=limits, on_progress=on_progress)
        with self.store() as store:
            self._log("ingest started", store=self.store_name, paths=len(paths))
            notifier = self.notifier() if alerts else None
            report = self._pass(found, store, notifier, on_batch)
        self._log("ingest finished", **asdict(report))
        return report

    def retry(self, entries: "Iterable[QuarantineRow]") -> "Iterator[tuple[int, IngestReport]]":
        """Read kept input again by the same door; yield each entry's id and what came of it.

        An entry of which everything can be read now is removed from the quarantine. ``entries``
        hold their whole content.
        """
        notifier = self.notifier()
        with self.store() as store:
            for entry in entries:
                report = self._pass(self._kept(entry), store, notifier)
                if report.read and not report.quarantined:
                    with store.transaction() as transaction:
                        transaction.remove_quarantined(entry.id)
                yield entry.id, report

    def drop_quarantined(self, entry_ids: "Iterable[int]") -> None:
        """Delete these entries of the quarantine; one that is gone already is no error."""
        with self.store() as store, store.transaction() as transaction:
            for entry_id in entry_ids:
                transaction.remove_quarantined(entry_id)

    def _kept(self, entry: "QuarantineRow") -> "Iterator[RawVersion | Unreadable]":
        """Yield what the kept bytes hold, as found where and when they were."""
        from monitor.model.record import RawVersion
        from monitor.sources.files import read_paths
        from monitor.sources.read_progress import Limits

        limits = Limits.of(self.settings.ingest)

        with tempfile.TemporaryDirectory(prefix="monitor-retry-") as folder:
            file = Path(folder) / "kept"
            file.write_bytes(entry.content or b"")
            found = read_paths([file], now=lambda: entry.first_seen_at, limits=limits)
            for piece in found:
                origin = entry.origin + piece.origin.removeprefix(str(file))
                read = replace(piece, source=entry.source, origin=origin)
                # What a registry was asked for is complete, whatever it lacks.
                is_whole = origin.startswith("/api/")
                yield (replace(read, is_whole=is_whole) if isinstance(read, RawVersion) else read)

    def _pass(
        self,
        found: "Iterable[RawVersion | Unreadable]",
        store: "StoreWriter",
        notifier: "Notifier | None",
        on_batch: "Callable[[IngestReport], None] | None" = None,
    ) -> "IngestReport":
        from monitor.ingest import ingest

        def stored(so_far: "IngestReport") -> None:
            self._log("batch stored", **asdict(so_far))
            if on_batch is not None:
                on_batch(so_far)

        return ingest(
            found,
            store,
            thresholds=self.settings.thresholds,
            settings=self.settings.ingest,
            batch_records=self.settings.ingest.batch_records,
            notifier=notifier,
            on_batch=stored,
        )

    def notifier(self) -> "Notifier":
        """Return what turns changes into messages for subscribers, by the configured channels."""
        from monitor.app.channels import targets_by_channel
        from monitor.ingest.notify import Notifier

        return Notifier(
            targets=targets_by_channel(self.settings),
            now=self.now,
            on_damaged=_log_damage,
            synonyms=self.synonyms(),
        )

    def _log(self, event: str, **figures: object) -> None:
        """Log a step of a pass; the library is loaded only where such steps are logged."""
        if self.settings.log.level == "debug":
            _logger(self.settings.log.format).debug(event, **figures)

    # --- the schema ------------------------------------------------------------------------

    def upgrade(self) -> "SchemaStatus":
        """Bring the store's schema up to date; return the status it had before."""
        from monitor.store.migrate import upgrade

        store = self.settings.store
        return upgrade(store.url, busy_timeout_s=store.busy_timeout_s)

    def fill_index(self, *, on_step: "OnStep", anew: bool = False) -> "IndexReport":
        """Give what earlier programs stored, or all, its facts and its words in the search."""
        from monitor.ingest.indexing import fill_index

        with self.store(create=False) as store:
            return fill_index(store, on_step=on_step, anew=anew)

    def schema_status(self) -> "SchemaStatus":
        """Return the status of the store's schema."""
        from monitor.store.reader import schema_status

        store = self.settings.store
        return schema_status(store.url, busy_timeout_s=store.busy_timeout_s)

    def compact(self) -> bool:
        """Rewrite the store without the remains of what was erased; see ``store.compacting``."""
        from monitor.store.compacting import compact

        with self.reader():  # a store of another program, or of another schema, is left alone
            pass
        store = self.settings.store
        return compact(store.url, busy_timeout_s=store.busy_timeout_s)

    # --- settings in the terms of the parts ------------------------------------------------

    def synonyms(self) -> "Synonyms":
        """Return the sets of synonyms: in a filter each word of a set matches all of the set."""
        from monitor.match.synonyms import Synonyms

        return Synonyms(self.settings.synonyms)

    def rules(self) -> str:
        """Return the name of the present rules with these thresholds."""
        from monitor.detect.rules_version import rules_id

        return rules_id(self.settings.thresholds)

    @property
    def store_name(self) -> str:
        """The store's URL as messages may show it."""
        from monitor.settings import mask_url

        return mask_url(self.settings.store.url)


def _logger(written: str) -> "FilteringBoundLogger":
    """Return a logger to standard error; ``written``: console or json."""
    import structlog

    lines: tuple[Processor, ...] = (
        (structlog.processors.JSONRenderer(),)
        if written == "json"
        else (structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty()),)
    )
    stamps = (structlog.processors.add_log_level, structlog.processors.TimeStamper(fmt="iso"))
    made: FilteringBoundLogger = structlog.wrap_logger(
        structlog.PrintLogger(sys.stderr), processors=[*stamps, *lines]
    )
    return made


def _log_damage(sentence: str) -> None:
    from monitor.app.logs import get_logger

    get_logger().error("subscription damaged", reason=sentence)
