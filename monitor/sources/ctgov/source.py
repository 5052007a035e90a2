"""The ``ctgov`` source: pass after pass over API v2.

``monitor.app.sources`` makes it of the configuration, ``monitor.app.polling`` takes its pages.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta

from monitor.errors import SourceError
from monitor.settings import CtgovSourceSettings
from monitor.settings.sections import INGEST_DEFAULTS
from monitor.sources.base import SourcePage, SourceState
from monitor.sources.ctgov.batches import (
    drop_untracked,
    fetch_suspects,
    fetch_unread,
    fetch_watched,
    refresh_tracked,
)
from monitor.sources.ctgov.checkpoint import Checkpoint, begin, read_checkpoint
from monitor.sources.ctgov.crawl import Crawl, DataMovedError, OnCrawlEvent, Sizes
from monitor.sources.ctgov.registry import Registry
from monitor.sources.ctgov.search import search
from monitor.sources.ctgov.single_records import fetch_missing, retry_failed
from monitor.sources.http import Client

# The registry loads once a day. Were it to move four times within one pass, its servers would be
# answering from different loads in turn; waiting helps then, asking on does not.
_RESTARTS = 3
SIZES = Sizes()
# First those that a pass that was broken off had yet to ask for; last those that failed it, and
# the gate's suspects.
_STAGES = (
    fetch_missing,
    search,
    fetch_watched,
    fetch_unread,
    refresh_tracked,
    drop_untracked,
    retry_failed,
    fetch_suspects,
    Crawl.end,
)


def _ignore_event(event: str, facts: Mapping[str, object]) -> None:
    del event, facts


class CtgovSource:
    """Follows what ``following`` says, over ``client``, whose base URL is the registry's.

    ``now`` gives an aware UTC time. ``on_step`` is called with what a log should contain besides
    pages: restarts, lists read again, records without an ID. ``stamp_ahead``: how far the stamp of
    the data may be ahead of ``now``.
    """

    def __init__(
        self,
        following: CtgovSourceSettings,
        client: Client,
        *,
        now: Callable[[], datetime],
        on_step: OnCrawlEvent = _ignore_event,
        sizes: Sizes = SIZES,
        stamp_ahead: timedelta = INGEST_DEFAULTS.stamp_ahead,
    ) -> None:
        self._following = following
        self._client = client
        self._now = now
        self._on_step = on_step
        self._sizes = sizes
        self._stamp_ahead = stamp_ahead

    @property
    def name(self) -> str:
        """What the versions of this source are marked with."""
        return self._following.name

    def pages(self, source_state: SourceState) -> Iterator[SourcePage]:
        """Yield one pass, or the rest of one; nothing when the data have not moved.

        When they move meanwhile, the pass begins again, with a new number, a few times.
        HeldError for data that are stamped too far ahead; SourceError as the protocol says;
        StoreError when the kept state is not this source's.
        """
        registry = Registry(
            self._client, now=self._now, page=self._sizes.page, stamp_ahead=self._stamp_ahead
        )
        checkpoint = read_checkpoint(source_state.state(), source=self.name)
        timestamp = registry.version()
        for _ in range(_RESTARTS + 1):
            at = begin(checkpoint, self._following, timestamp)
            if at is None:
                return
            crawl = Crawl(
                following=self._following,
                registry=registry,
                source_state=source_state,
                finished=checkpoint.finished,
                at=at,
                sizes=self._sizes,
                on_step=self._on_step,
            )
            try:
                for stage in _STAGES:
                    yield from stage(crawl)
            except DataMovedError as moved:
                crawl.report("data_moved", before=at.timestamp, timestamp=moved.timestamp)
                # The finished pass stays, and with it the cursor; only the one under way is
                # dropped. Its number is used up: sights under it belong to data that are no longer
                # served.
                checkpoint = Checkpoint(number=at.number, finished=checkpoint.finished)
                timestamp = moved.timestamp
            else:
                return
        raise SourceError(
            f"the registry's data moved {_RESTARTS + 1} times while they were being read,"
            f" last to {timestamp}"
        )
