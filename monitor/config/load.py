"""Loading the settings: choose the file, let the environment override it, check every value."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from monitor.config.keys import (
    CHANNEL,
    KEY_TYPES,
    SECTIONS,
    SOURCE,
    SUBSCRIBER,
    SUBSCRIPTION,
    SYNONYMS,
    SettingKey,
)
from monitor.config.raw_values import (
    ALIASES,
    FILE_SUFFIX,
    PREFIX,
    RawValue,
    read_environment,
    read_file,
    read_section,
    salvage_section,
    spell_for_file,
)
from monitor.config.tables import channels_of, sources_of
from monitor.config.validation import validate
from monitor.errors import ConfigError
from monitor.settings import (
    Settings,
    StoreSettings,
    SubscriberSettings,
    SubscriptionSettings,
    WebSettings,
)
from monitor.settings.suggest import suggest

DEFAULT_FILE = Path("config/monitor.toml")
CONFIG_VARIABLE = "MONITOR_CONFIG"


_WEB, _STORE = "web", "store"


def load(path: Path | None = None, *, environ: Mapping[str, str]) -> Settings:
    """Return the settings of the file, overridden by those of the environment.

    The file is ``path``, else what MONITOR_CONFIG names, else config/monitor.toml where there
    is one; without a file the defaults hold. ``MONITOR_<SECTION>__<KEY>`` overrides a key, and
    MONITOR_DATABASE_URL the store's URL; each also as ``…_FILE``, which names a file that holds
    the value. ``${NAME}`` in a text of the file stands for the environment's NAME. The
    ``[[…]]`` tables are in the file alone; the secrets of channels are looked up in
    ``environ`` when they are used.

    ConfigError names the place, the key and what may be written there, and shows no secret.
    """
    file = chosen_file(path, environ)
    given: dict[SettingKey, RawValue] = {}
    tables: dict[str, list[RawValue]] = {}
    if file:
        given, tables = read_file(file)
    sections: dict[str, dict[str, Any]] = {}
    # The later one counts: the environment overrides the file.
    for key, found in {**given, **read_environment(environ)}.items():
        section, name = key
        sections.setdefault(section, {})[name] = _value(key, found, environ)
    filled = {section: SECTIONS[section](**values) for section, values in sections.items()}
    for section, settings in filled.items():
        if contradiction := settings.contradiction():
            raise ConfigError(f"[{section}] {contradiction}")
    return _with_lists(Settings(**filled), tables, environ)  # type: ignore[arg-type]  # by name


def load_web(path: Path | None = None, *, environ: Mapping[str, str]) -> WebSettings:
    """Return where `monitor run` listens, as far as that can be read.

    For who asks a monitor that runs: it goes by what it read last, while the configuration of
    now may be wrong. What is wrong counts as not given, and nothing else of it is looked at.
    """
    given: dict[SettingKey, RawValue] = {}
    with suppress(ConfigError):
        file = chosen_file(path, environ)
        given |= read_section(file, _WEB) if file else {}
    with suppress(ConfigError):
        given |= read_environment(_variables_of(_WEB, environ))
    values: dict[str, Any] = {}
    for key, found in given.items():
        with suppress(ConfigError):
            values[key[1]] = _value(key, found, environ)
    return WebSettings(**values)


def load_store(path: Path | None = None, *, environ: Mapping[str, str]) -> StoreSettings:
    """Return which store is meant, whatever else of the configuration is wrong.

    Of a file that is not TOML the lines of [store] are read by themselves. ConfigError where the
    store's own settings are wrong: none is guessed.
    """
    file = chosen_file(path, environ)
    given = salvage_section(file, _STORE) if file else {}
    given |= read_environment(_variables_of(_STORE, environ))
    return StoreSettings(**{key[1]: _value(key, one, environ) for key, one in given.items()})


def _variables_of(section: str, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that override keys of a section."""
    prefix = f"{PREFIX}{section.upper()}__"
    aliases = [name for name, key in ALIASES.items() if key[0] == section]
    return {
        name: text
        for name, text in environ.items()
        if name.startswith(prefix) or name.removesuffix(FILE_SUFFIX) in aliases
    }


def _value(key: SettingKey, given: RawValue, environ: Mapping[str, str]) -> Any:
    return validate(KEY_TYPES[key], given, environ)


def _with_lists(
    settings: Settings, tables: Mapping[str, list[RawValue]], environ: Mapping[str, str]
) -> Settings:
    """Return the settings with what the ``[[…]]`` tables say."""
    # Channels first: deliveries, subscribers and subscriptions refer to them by name.
    channels = channels_of(tables.get(CHANNEL, ()), environ)
    # Any [[channel]] takes the place of the built-in one.
    settings = replace(settings, channels=channels or settings.channels)
    names = settings.named_channels
    if settings.delivery.operator and settings.delivery.operator not in names:
        fix = (
            suggest(settings.delivery.operator, names) if channels else "write a [[channel]] table"
        )
        raise ConfigError(
            f"[delivery] operator: there is no [[channel]] {settings.delivery.operator[:64]!r}; "
            f"{fix}"
        )
    _require_way_to_readers(settings)
    people, subscription_tables = tables.get(SUBSCRIBER, ()), tables.get(SUBSCRIPTION, ())
    subscribers: tuple[SubscriberSettings, ...] = ()
    subscriptions: tuple[SubscriptionSettings, ...] = ()
    synonyms: Mapping[str, tuple[str, ...]] = {}
    sources = sources_of(tables.get(SOURCE, ()), environ)
    if sets := tables.get(SYNONYMS, ()):
        from monitor.config.subscriber_tables import read_synonyms  # noqa: PLC0415 - as below

        synonyms = read_synonyms(sets, environ)
    if people or subscription_tables:
        # Who has no subscriptions does not wait for what reads them.
        from monitor.config.subscriber_tables import read_subscribers  # noqa: PLC0415 - above

        subscribers, subscriptions = read_subscribers(
            people,
            subscription_tables,
            environ,
            channels=names,
            default=settings.default_channels,
            sources=[source.name for source in sources],
            synonyms=synonyms,
        )
    return replace(
        settings,
        sources=sources,
        subscribers=subscribers,
        subscriptions=subscriptions,
        synonyms=synonyms,
    )


def _require_way_to_readers(settings: Settings) -> None:
    """Pass where readers may subscribe and can be reached, or may not; else ConfigError."""
    if len(settings.readers_channels) > 1:
        raise ConfigError('two [[channel]] tables have to = "subscribers"; keep one of them')
    if settings.web.subscribe and not settings.readers_channels:
        raise ConfigError(
            "[web] subscribe = true needs a [[channel]] that sends to readers; write one with"
            ' type = "email" and to = "subscribers"'
        )
    if settings.web.subscribe and not settings.delivery.public_url:
        raise ConfigError(
            "[web] subscribe = true needs [delivery] public_url: mails to readers have links"
        )


def chosen_file(path: Path | None, environ: Mapping[str, str]) -> Path | None:
    """Return the file that ``load`` reads; None without one, ConfigError for one not there."""
    if path is not None:
        return path
    named = environ.get(CONFIG_VARIABLE)
    if not named:
        return DEFAULT_FILE if DEFAULT_FILE.is_file() else None
    if not Path(named).is_file():
        raise ConfigError(
            f"{CONFIG_VARIABLE} names {named}, which is no file; name one or unset it"
        )
    return Path(named)


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """The file that is read (None: there is none), and who sets what: names, never a value.

    ``from_file``: the keys that the file sets to something else than their default
    (``[store] url``). ``tables``: how many ``[[…]]`` tables of each name it holds, at least one.
    ``from_environment``: the variables that override it.
    """

    file: Path | None
    from_file: tuple[str, ...]
    tables: Mapping[str, int]
    from_environment: tuple[str, ...]


def origin(path: Path | None = None, *, environ: Mapping[str, str]) -> Origin:
    """Return where ``load`` with the same arguments takes the settings from; the same errors."""
    file = chosen_file(path, environ)
    given, tables = read_file(file) if file else ({}, {})
    own = (
        spell_for_file((section, name))
        for (section, name), found in given.items()
        if found.value != getattr(SECTIONS[section](), name)
    )
    variables = {found.place for found in read_environment(environ).values()}
    return Origin(
        file=file,
        from_file=tuple(own),
        tables={name: len(found) for name, found in tables.items() if found},
        from_environment=tuple(sorted(variables)),
    )
