"""What Slack and webhooks have in common: a URL that takes one message at a time by POST."""

import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Generic, TypeVar

from monitor.channels.addresses import Resolve, resolve
from monitor.channels.checking import ANSWER_LIMIT_BYTES, check_timeout
from monitor.channels.place import Place, place_of
from monitor.channels.post import Poster


@dataclass(frozen=True, slots=True, kw_only=True)
class HookSettings:
    """Where messages are posted.

    ``url``: https, or http where ``allow_private`` is true, which also allows addresses of
    private and loopback ranges; it is never shown whole, since who has it can post.
    ``timeout_s`` bounds each silence, ``answer_limit_bytes`` an answer. ConfigError
    where they cannot work.
    """

    name: str
    url: str = field(repr=False)
    allow_private: bool = False
    timeout_s: float = 15.0
    answer_limit_bytes: int = ANSWER_LIMIT_BYTES

    def __post_init__(self) -> None:
        """Check what can be checked without the service."""
        _ = self.place
        check_timeout(self.name, self.timeout_s)

    @property
    def place(self) -> Place:
        """Where it posts to."""
        return place_of(self.name, self.url, allow_private=self.allow_private)


Settings = TypeVar("Settings", bound=HookSettings)


class HookChannel(Generic[Settings]):
    """A channel of one recipient, the URL; ``now`` and ``resolve`` are the world's own."""

    targets: tuple[str, ...] = ("",)

    def __init__(
        self,
        settings: Settings,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        resolve: Resolve = resolve,
    ) -> None:
        self.settings = settings
        self.name = settings.name
        self._now = now
        self._resolve = resolve

    def _poster(self) -> Poster:
        """Return what posts; each message has a connection of its own."""
        place = self.settings.place
        return Poster(
            place=place,
            timeout_s=self.settings.timeout_s,
            context=ssl.create_default_context() if place.tls else None,
            allow_private=self.settings.allow_private,
            resolve=self._resolve,
            answer_limit_bytes=self.settings.answer_limit_bytes,
        )


class HookConnection:
    """What posts messages one by one, as their own ``send`` says."""

    def __init__(self, poster: Poster, now: Callable[[], datetime]) -> None:
        self._poster = poster
        self._now = now

    def reach(self) -> str:
        """Connect and hang up, asking nothing; return how far it went. DeliveryError when not."""
        self._poster.reach()
        place = self._poster.place
        return f"{place.shown} answers{', its certificate is trusted' if place.tls else ''}"

    def cut(self) -> bool:
        """Shut the connection down under what is being said, from another thread."""
        self._poster.cut()
        return True
