"""From the options of ``monitor subscription add`` to what the configuration would say."""

from typing import TYPE_CHECKING, Any, TextIO

from msgspec import structs

from monitor.cli.filter_options import take_filter
from monitor.config.given import Given
from monitor.config.people_tables import (
    read_subscription,
    require_channels,
    require_sources,
    sends_empty_at_once,
)
from monitor.config.wishes import nct_ids_of
from monitor.errors import UsageError

if TYPE_CHECKING:
    from monitor.config import Settings, SubscriptionSettings

_OPTIONS = {"nct_ids": "--nct-id", "channels": "--channel", "filter": "the filter"}


def wish_of(
    settings: "Settings",
    *,
    nct_ids: tuple[str, ...],
    nct_ids_from: TextIO | None,
    everything: bool,
    channels: tuple[str, ...],
    **options: Any,
) -> "SubscriptionSettings":
    """Return the subscription that the options describe; ConfigError or UsageError names them."""
    table: dict[str, Any] = {"nct_ids": [*nct_ids, *_listed(nct_ids_from)]}
    if wanted := take_filter(options):
        table["filter"] = [wanted]
    table |= {key: value for key, value in options.items() if value not in (None, False, ())}
    table |= {"all": everything, "channels": list(channels)}
    if "changes" in table:
        table["changes"] = list(table["changes"])
    given = Given(place="", value=table, from_environment=True)
    wish = read_subscription(given, {}, spell=_spelt, synonyms=settings.synonyms)
    sources = [one.name for one in settings.sources]
    require_sources(wish.filter, sources, settings.synonyms, place="--source: ")
    if not (wish.channels or _own_channels(wish, settings)):
        wish = structs.replace(wish, channels=settings.default_channels)
    _require_complete(wish, settings)
    return wish


def _own_channels(wish: "SubscriptionSettings", settings: "Settings") -> tuple[str, ...]:
    return next((p.channels for p in settings.subscribers if p.name == wish.subscriber), ())


def _spelt(_: Given, key: str) -> str:
    return _OPTIONS.get(key, f"--{key.replace('_', '-')}")


def _listed(file: TextIO | None) -> list[str]:
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


def _require_complete(wish: "SubscriptionSettings", settings: "Settings") -> None:
    some = bool(wish.nct_ids or wish.filter)
    if wish.all and some:
        raise UsageError("--all is about every trial; leave it out, or the trials and the filter")
    if not (wish.all or some):
        raise UsageError(
            "say which trials: --nct-id, --nct-ids-from, --condition and the like, or --all"
        )
    if sends_empty_at_once(wish):
        raise UsageError('--send-empty is about digests: add --when "daily 08:00" or the like')
    known = [channel.name for channel in settings.channels]
    if not (wish.channels or _own_channels(wish, settings)):
        raise UsageError(f"say where to send: --channel; there are {', '.join(known)}")
    require_channels(wish.channels, known, place="--channel")
