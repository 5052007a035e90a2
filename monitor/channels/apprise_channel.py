"""Services that apprise knows and that need no promise of our own beyond "it arrived".

apprise is held tight: one object per delivery, so that its throttling never sleeps; no retries
of its own, which the outbox counts; no redirects; no words of its log in ours, because a URL of
a service holds the key to it.
"""
# ruff: noqa: PLC0415  # importing apprise takes 110 ms and its plugins 170 ms more

import contextlib
import logging
import re
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar

from monitor.channels.config_errors import config_error
from monitor.channels.strip_markdown import strip_markdown
from monitor.channels.truncation import clip, size, truncate
from monitor.errors import DeliveryError
from monitor.model.messages import Message, Rendering
from monitor.model.sanitize import sanitize
from monitor.settings import AppriseChannelSettings, DeliverySettings, Secret
from monitor.settings.sections import DELIVERY_DEFAULTS

if TYPE_CHECKING:
    import apprise

_SCHEME = re.compile(r"([a-z][a-z0-9]*)://", re.IGNORECASE)
# How its plugins put the status of HTTP into their log, which is the only place where it is.
_STATUS = re.compile(r"\berror=([1-5][0-9]{2})\b")
# Too slow, too early, too many requests: the same message may be taken later.
_PASSING = {408, 425, 429}
# Characters that apprise may put between a title and the body below it.
_JOINT = 4


class AppriseChannel:
    """Notifies one target of one service.

    Making it looks its URL up and loads apprise, at start and not with the first message.
    ConfigError when apprise cannot use the URL, or when it names more than one target: of
    several, nobody could tell who got a message.
    """

    type: ClassVar[str] = "apprise"
    is_reachable: ClassVar[bool] = False
    renderings: ClassVar[frozenset[Rendering]] = frozenset({"text"})
    targets: tuple[str, ...] = ("",)

    def __init__(
        self, settings: AppriseChannelSettings, _: DeliverySettings = DELIVERY_DEFAULTS
    ) -> None:
        self.settings = settings
        self.name = settings.name
        self._url = settings.url.resolve()
        found = _SCHEME.match(self._url.reveal().strip())
        if found is None:
            raise config_error(
                self.name, "url", "a URL as apprise has them, for example ntfy://topic"
            )
        self._schema = found[1].lower()
        # Before the URL is used: apprise finds no plugin that is not enabled.
        _ADMITTED.admit(self._schema)
        service = _service(self._url)
        if service is None:
            raise config_error(
                settings.name, "url", f"apprise cannot use this {self._schema}:// URL"
            )
        if len(service) > 1:
            raise config_error(
                settings.name, "url", "one target only; give each a channel of its own"
            )

    @contextlib.contextmanager
    def connect(self) -> Iterator["AppriseConnection"]:
        """Yield what notifies."""
        yield AppriseConnection(self._url, self._schema)


class AppriseConnection:
    """Notifies with one message after the other."""

    def __init__(self, url: Secret, schema: str) -> None:
        self._url = url
        self._schema = schema

    def send(self, message: Message) -> str:
        """Send the message's text, cut to what the service takes; return the service's name.

        DeliveryError when anything but success comes back; permanent where the service's
        plugin tells a status of HTTP that says so.
        """
        import apprise

        service = _service(self._url)
        if service is None:
            raise self._failed("it is not available")
        title, body = _within_limits(service, message)
        notifier = apprise.Apprise(asset=_asset())
        notifier.add(service)
        result = notifier.notify(
            body=body,
            title=title,
            body_format=apprise.NotifyFormat.TEXT,
            notify_type=apprise.NotifyType.INFO,
            # A backslash and an "n" in the registry's text are two characters, not a line end.
            interpret_escapes=False,
        )
        outcomes = list(result.results) if result is not None else []
        # apprise reports failure by a false value; no outcome at all is no success either.
        if result is None or not outcomes or not all(outcomes):
            raise self._judged([entry.message for one in outcomes for entry in one.logs()])
        return sanitize(str(service.service_name))

    def cut(self) -> bool:
        """Do nothing: it does not let itself be ended from outside."""
        return False

    def _judged(self, lines: list[str]) -> DeliveryError:
        statuses = [int(found[1]) for line in lines if (found := _STATUS.search(line))]
        if not statuses:
            return self._failed("it did not take the message, or not in time")
        # A plugin may make several requests, and the last one decided.
        status = statuses[-1]
        permanent = 400 <= status < 500 and status not in _PASSING
        return self._failed(f"it answered {status}", permanent=permanent)

    def _failed(self, reason: str, *, permanent: bool = False) -> DeliveryError:
        return DeliveryError(f"{self._schema}: {reason}", permanent=permanent)


def _within_limits(service: "apprise.NotifyBase", message: Message) -> tuple[str, str]:
    """Return title and body as the service takes them.

    apprise hands on what is too long, or splits it into several messages, of which some could
    fail; services refuse it. Where a title is put above the body it takes of the body's room, and
    where that is short (SMS) both are one text.
    """
    title, body = strip_markdown(sanitize(message.subject)), strip_markdown(message.text)
    room = service.body_maxlen
    if service.title_maxlen > 0:
        title = clip(title, service.title_maxlen)
    if service.title_maxlen <= 0 or service.overflow_amalgamate_title:
        if size(title) > room // 2:
            title, body = "", f"{title}\n{body}"
        else:
            room -= size(_written(service, title)) + _JOINT
    least = room
    # Escaping makes a text longer by what is in it, so it is cut, measured and cut again; each
    # round is shorter, so this ends.
    while True:
        shortened = truncate(body, least)
        beyond = size(_written(service, shortened)) - room
        if beyond <= 0 or least <= 1:
            return title, shortened
        least = max(1, least - beyond)


def _written(service: "apprise.NotifyBase", text: str) -> str:
    """Return a text as apprise puts it, which is longer where Markdown has to be escaped.

    Of HTML, services count what is seen.
    """
    import apprise
    from apprise import conversion

    convert: Any = conversion.convert_between  # it brings no types
    plain = apprise.NotifyFormat.TEXT
    if service.resolve_format(plain) != apprise.NotifyFormat.MARKDOWN:
        return text
    return str(convert(plain, apprise.NotifyFormat.MARKDOWN, text))


class _Admitted:
    """The services that the configuration names: apprise, one for the process, knows no other."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._schemas: set[str] = set()

    def admit(self, schema: str) -> None:
        """Let a service be used, and keep apprise's words to itself."""
        with self._lock:
            _hush()
            from apprise.manager_plugins import NotificationManager

            self._schemas.add(schema)
            plugins: Any = NotificationManager  # it brings no types
            # Each call replaces the list, so all schemas that were admitted so far are named.
            plugins().enable_only(*self._schemas)


def _hush() -> None:
    """Keep the libraries' words to themselves: below INFO they tell URLs and tokens."""
    log = logging.getLogger("apprise")
    log.setLevel(logging.INFO)  # from there on it is read for the status
    log.propagate = False
    # With neither a handler nor a parent, `logging` would print warnings to standard error.
    if not log.handlers:
        log.addHandler(logging.NullHandler())
    logging.getLogger("urllib3").setLevel(logging.WARNING)


_ADMITTED = _Admitted()


def _asset() -> "apprise.AppriseAsset":
    import apprise

    return apprise.AppriseAsset(
        app_id="trial-monitor",
        app_desc="Trial monitor",
        # In our own thread: that is the one which the deadline can give up.
        async_mode=False,
        http_redirects=False,
        interpret_emojis=False,
        interpret_escapes=False,
        # Retries are the outbox's, which counts and stores them (docs/delivery.md, "When it
        # fails").
        default_service_retry=0,
        service_timeout=0,
    )


def _service(url: Secret) -> "apprise.NotifyBase | None":
    """Return a fresh service; what the URL says against our rules does not count."""
    import apprise

    made = apprise.Apprise.instantiate(url.reveal().strip(), asset=_asset())
    if made is None:
        return None
    # The query of the URL (`?retry=3`) overrides the asset, so it is overridden here.
    made.retry = 0
    made.redirects = False
    made.optional = False
    return made
