"""Makes sources of their settings."""

import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from monitor.errors import ConfigError
from monitor.settings import (
    AnySourceSettings,
    CtgovSourceSettings,
    FilesSourceSettings,
    HttpSettings,
    IngestSettings,
    Settings,
)
from monitor.settings.sources import REGISTRY
from monitor.sources.base import FollowedSource
from monitor.sources.ctgov import CtgovSource
from monitor.sources.ctgov_history import HistorySource
from monitor.sources.http import HISTORY_PACE, Client, OnRequest, RequestPace, RetryLog
from monitor.sources.read_progress import Limits
from monitor.sources.watched_folder import WatchedFolderSource

if TYPE_CHECKING:
    from monitor.sources.ctgov_history import HistoryProgress

HISTORY = "ctgov_history"
"""The name and the type of the source that fills in earlier versions."""


def find_source(settings: Settings, name: str) -> AnySourceSettings:
    """Return the settings of a source; ConfigError when there is none of this name."""
    for source in settings.sources:
        if source.name == name:
            return source
    raise ConfigError(f"the configuration has no source named {name!r}")


def first_base_url(settings: Settings) -> str:
    """Return the registry that the first enabled ``ctgov`` source asks; the real one without."""
    for source in settings.sources:
        if isinstance(source, CtgovSourceSettings) and source.enabled:
            return source.base_url
    return REGISTRY


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Makes sources, open as long as the block that asked for them.

    ``stop``, once set, ends their waits and transfers at once. ``on_step``: what a log should
    hold besides pages, such as a request that is made once more; ``on_request``: every single
    request.
    """

    http: HttpSettings
    ingest: IngestSettings
    now: Callable[[], datetime]
    stop: threading.Event
    on_request: OnRequest
    on_step: Callable[[str, Mapping[str, object]], None]

    @contextmanager
    def open(self, source: AnySourceSettings) -> Iterator[FollowedSource]:
        """Yield the source that the configuration describes."""
        # A folder needs no HTTP client, nor anything to be closed.
        if isinstance(source, FilesSourceSettings):
            yield self._watched_folder(source)
            return
        with self._client(source.base_url) as client:
            yield CtgovSource(
                source,
                client,
                now=self.now,
                on_step=self.on_step,
                stamp_ahead=self.ingest.stamp_ahead,
            )

    @contextmanager
    def history(
        self,
        base_url: str,
        nct_ids: Iterable[str],
        *,
        since: date | None = None,
        stored: Callable[[str], Collection[int]],
        on_progress: "Callable[[HistoryProgress], None] | None" = None,
    ) -> Iterator[FollowedSource]:
        """Yield the source of these records' earlier versions; ``stored``: those not to fetch."""
        # More slowly than the API is asked: one request at a time
        # (monitor/sources/http/pacing.py).
        with self._client(base_url, pace=HISTORY_PACE) as client:
            yield HistorySource(
                HISTORY,
                client,
                nct_ids=nct_ids,
                since=since,
                now=self.now,
                on_progress=on_progress,
                stored=stored,
            )

    def _client(self, base_url: str, pace: RequestPace | None = None) -> Client:
        return Client(
            self.http,
            base_url=base_url,
            pace=pace,
            on_request=self.on_request,
            on_retry=self._log_retry,
            stop=self.stop,
        )

    def _log_retry(self, retry: RetryLog) -> None:
        facts = {
            "reason": retry.reason,
            "attempt": retry.attempt,
            "pause_s": round(retry.pause_s, 1),
        }
        self.on_step("request_retried", facts)

    def _watched_folder(self, source: FilesSourceSettings) -> FollowedSource:
        return WatchedFolderSource(settings=source, limits=Limits.of(self.ingest), now=self.now)
