"""What a source is, and which there are."""

from collections.abc import Iterator
from typing import Protocol

from monitor.model.record import RawVersion
from monitor.sources.files import FilesSource
from monitor.sources.reading import Limits, Progress, Unreadable

__all__ = ["SOURCES", "Limits", "Progress", "Source", "Unreadable"]


class Source(Protocol):
    """Yields versions of records as it finds them."""

    @property
    def name(self) -> str:
        """What the versions of this source are marked with."""
        ...

    def fetch(self) -> Iterator[RawVersion | Unreadable]:
        """Yield the versions in the source's order, and what it holds that is none.

        SourceError when the source cannot be read at all; a bad piece is yielded, not raised.
        """
        ...


SOURCES: dict[str, type[Source]] = {"files": FilesSource}
