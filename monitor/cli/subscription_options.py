"""From the options of ``monitor subscription add`` to what the configuration would say."""

from typing import TYPE_CHECKING, Any, TextIO

from msgspec import structs

from monitor.cli.filter_options import take_filter
from monitor.config.raw_values import RawValue
from monitor.config.subscriber_tables import (
    read_subscription,
    require_channels,
    require_sources,
    sends_empty_at_once,
)
from monitor.config.subscriptions import nct_ids_of
from monitor.errors import UsageError
from monitor.render.subscribers import subscription_to_json

if TYPE_CHECKING:
    from monitor.model.subscriptions import Subscription
    from monitor.settings import Settings, SubscriptionSettings

# What a subscription asks for, without the id, status and times that its JSON also has.
_KEYS = (
    "name", "subscriber", "nct_ids", "filter", "all", "changes", "min_severity", "min_days",
    "min_percent", "when", "critical_at_once", "quiet", "send_empty", "channels",
)  # fmt: skip
# Options that are not named as their key is.
_OPTIONS = {"nct_ids": "--nct-id", "channels": "--channel", "filter": "the filter"}


def parse_subscription(
    settings: "Settings",
    *,
    nct_ids: tuple[str, ...],
    nct_ids_from: TextIO | None,
    everything: bool,
    channels: tuple[str, ...],
    **options: Any,
) -> "SubscriptionSettings":
    """Return the subscription that the options describe; ConfigError or UsageError names them."""
    table: dict[str, Any] = {"nct_ids": [*nct_ids, *_read_ids(nct_ids_from)]}
    if wanted := take_filter(options):
        table["filter"] = [wanted]
    table |= {key: value for key, value in options.items() if value not in (None, False, ())}
    table |= {"all": everything, "channels": list(channels)}
    if "changes" in table:
        table["changes"] = list(table["changes"])
    # As from the environment: a number is text, and no `${NAME}` is replaced.
    given = RawValue(place="", value=table, from_environment=True)
    subscription = read_subscription(given, {}, spell=_option_name, synonyms=settings.synonyms)
    sources = [one.name for one in settings.sources]
    require_sources(subscription.filter, sources, settings.synonyms, place="--source: ")
    if not (subscription.channels or _own_channels(subscription, settings)):
        subscription = structs.replace(subscription, channels=settings.default_channels)
    _require_complete(subscription, settings)
    return subscription


def parse_draft(settings: "Settings", subscriber: str, **options: Any) -> "SubscriptionSettings":
    """Return the subscription that the options describe, which is not to be saved.

    Where it would be sent may be left open.
    """
    channels = options.pop("channels") or settings.named_channels[:1]
    return parse_subscription(
        settings, subscriber=subscriber, name="draft", channels=channels, **options
    )


def apply_options(
    settings: "Settings", one: "Subscription", *, reset: tuple[str, ...], **options: Any
) -> "SubscriptionSettings":
    """Return what a subscription asks for with these options in place of what it says there.

    UsageError when no option is given.
    """
    nct_ids = [*options.pop("nct_ids"), *_read_ids(options.pop("nct_ids_from"))]
    everything, wanted = options.pop("everything"), take_filter(options)
    given = {key: value for key, value in options.items() if value not in (None, False, ())}
    if not (given or nct_ids or wanted or everything or reset):
        raise UsageError("say what to change, by the options of `monitor subscription add`")
    # What is stored is written as a table, changed there, and read and checked like a new one.
    shape = subscription_to_json(one)
    table = {key: shape[key] for key in _KEYS if shape[key] not in (None, [])}
    for key in reset:
        table.pop(key.replace("-", "_"), None)
    if everything:
        table |= {"nct_ids": [], "filter": [], "all": True}
    # Naming trials takes back "every trial"; the two exclude each other.
    elif nct_ids or wanted:
        table["all"] = False
    table |= {"nct_ids": nct_ids} if nct_ids else {}
    table |= {"filter": [wanted]} if wanted else {}
    table |= {key: list(v) if isinstance(v, tuple) else v for key, v in given.items()}
    raw = RawValue(place="", value=table, from_environment=True)
    subscription = read_subscription(raw, {}, spell=_option_name, synonyms=settings.synonyms)
    _require_complete(subscription, settings)
    return subscription


def _own_channels(subscription: "SubscriptionSettings", settings: "Settings") -> tuple[str, ...]:
    return next((p.channels for p in settings.subscribers if p.name == subscription.subscriber), ())


def _option_name(_: RawValue, key: str) -> str:
    return _OPTIONS.get(key, f"--{key.replace('_', '-')}")


def _read_ids(file: TextIO | None) -> list[str]:
    if file is None:
        return []
    place = f"--nct-ids-from {getattr(file, 'name', '-')}"  # not every stream has a name
    try:
        text = file.read()
    except UnicodeDecodeError as exc:
        raise UsageError(f"{place} is not UTF-8") from exc
    found = sorted(nct_ids_of(text, place=place))
    if not found:
        raise UsageError(f"{place} holds no NCT ID")
    return found


def _require_complete(subscription: "SubscriptionSettings", settings: "Settings") -> None:
    some = bool(subscription.nct_ids or subscription.filter)
    if subscription.all and some:
        raise UsageError("--all is about every trial; leave it out, or the trials and the filter")
    if not (subscription.all or some):
        raise UsageError(
            "say which trials: --nct-id, --nct-ids-from, --condition and the like, or --all"
        )
    if sends_empty_at_once(subscription):
        raise UsageError('--send-empty is about digests: add --when "daily 08:00" or the like')
    known = settings.named_channels
    if not (subscription.channels or _own_channels(subscription, settings)):
        raise UsageError(f"say where to send: --channel; there are {', '.join(known)}")
    require_channels(subscription.channels, known, place="--channel")
