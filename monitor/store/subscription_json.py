"""The definition of a subscription, as JSON text and back.

Only what differs from the defaults is written, always in the same order: two subscriptions that
select the same have the same text.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

import msgspec

from monitor.data_types import DataType
from monitor.model.changes import ChangeKind, Severity
from monitor.model.subscriptions import (
    Changes,
    Filter,
    FilterKey,
    Subscription,
    SubscriptionOrigin,
    SubscriptionStatus,
    Trials,
)
from monitor.model.when import QuietHours, When, parse_quiet, parse_when
from monitor.store.row_mapping import RowMapper
from monitor.store.schema import subscriptions

_FilterJsonValues = dict[FilterKey, tuple[str, ...]]


# An unknown key is an error: a newer program's filter, read without it, would match more trials
# than it selects.
class _FilterJson(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True, frozen=True):
    wanted: _FilterJsonValues = {}
    excluded: _FilterJsonValues = {}


class _TrialsJson(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True, frozen=True):
    nct_ids: tuple[str, ...] = ()
    filters: tuple[_FilterJson, ...] = ()
    everything: bool = False


class _ChangesJson(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True, frozen=True):
    kinds: tuple[ChangeKind, ...] | None = None
    min_severity: Severity = Severity.LOW
    min_days: int | None = None
    min_percent: float | None = None


class _DefinitionJson(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True, frozen=True):
    trials: _TrialsJson
    channels: tuple[str, ...]
    when: str
    # Raw, and read through a cache: of 100,000 subscriptions most have the same.
    changes: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    critical_at_once: bool = False
    quiet: str | None = None
    send_empty: bool = False


_definitions = DataType[_DefinitionJson](_DefinitionJson)
_changes = DataType[_ChangesJson](_ChangesJson)
_filter_words = DataType[_FilterJsonValues](_FilterJsonValues)
# Welcome messages, and whether anything changed, go by this text; a subscription to one trial is
# {"trials":{"nct_ids":["NCT01234567"]},"channels":["mail"],"when":"at once"} as a whole.
_encoder = msgspec.json.Encoder(order="deterministic")


def definition_text(subscription: Subscription) -> str:
    """Return the definition of a subscription as JSON text."""
    trials, changes = subscription.trials, subscription.changes
    definition = _DefinitionJson(
        trials=_TrialsJson(
            nct_ids=_make_storable(sorted(trials.nct_ids)),
            filters=tuple(
                _FilterJson(
                    wanted=_filter_values(one.wanted), excluded=_filter_values(one.excluded)
                )
                for one in trials.filters
            ),
            everything=trials.everything,
        ),
        channels=_make_storable(subscription.channels),
        when=str(subscription.when),
        changes=msgspec.UNSET if changes == _DEFAULT else _changes_text(changes),
        critical_at_once=subscription.critical_at_once,
        quiet=None if subscription.quiet is None else str(subscription.quiet),
        send_empty=subscription.send_empty,
    )
    return _encoder.encode(definition).decode()


def _changes_text(changes: Changes) -> msgspec.Raw:
    written = _ChangesJson(
        kinds=None if changes.kinds is None else tuple(sorted(changes.kinds)),
        min_severity=changes.min_severity,
        min_days=changes.min_days,
        min_percent=changes.min_percent,
    )
    return msgspec.Raw(_encoder.encode(written))


def _filter_values(words: Mapping[str, tuple[str, ...]]) -> _FilterJsonValues:
    return _filter_words.convert({key: _make_storable(values) for key, values in words.items()})


def _make_storable(texts: Iterable[str]) -> tuple[str, ...]:
    """Return texts without halves of surrogate pairs, which an argument may hold."""
    return tuple(text.encode("utf-8", "replace").decode() for text in texts)


def subscription_of(definition: str, **values: Any) -> Subscription:
    """Read a definition; ``values``: the other fields. ValueError when it cannot be read."""
    found = _definitions.decode(definition)
    return Subscription(
        trials=_trials(found.trials),
        changes=_read_changes(found.changes),
        when=_when(found.when),
        critical_at_once=found.critical_at_once,
        quiet=None if found.quiet is None else _quiet(found.quiet),
        send_empty=found.send_empty,
        channels=found.channels,
        **values,
    )


SUBSCRIPTION = RowMapper(
    subscription_of,
    subscriptions.c,
    damaged="the subscription {2!r} of {1!r} cannot be read",
    origin=SubscriptionOrigin,
    status=SubscriptionStatus,
)
"""Reads a row of ``subscriptions``; CorruptError names the subscription."""


def _trials(written: _TrialsJson) -> Trials:
    return Trials(
        nct_ids=frozenset(written.nct_ids),
        filters=tuple(
            Filter(wanted=one.wanted, excluded=one.excluded)  # type: ignore[arg-type] # keys are texts
            for one in written.filters
        ),
        everything=written.everything,
    )


def _read_changes(written: msgspec.Raw | msgspec.UnsetType) -> Changes:
    return _DEFAULT if isinstance(written, msgspec.UnsetType) else _parse_changes(bytes(written))


_DEFAULT = Changes()


# Of 100,000 subscriptions most ask for the same few: they share what is read.
@lru_cache(maxsize=4096)
def _parse_changes(written: bytes) -> Changes:
    changes = _changes.decode(written)
    return Changes(
        kinds=None if changes.kinds is None else frozenset(changes.kinds),
        min_severity=changes.min_severity,
        min_days=changes.min_days,
        min_percent=changes.min_percent,
    )


@lru_cache(maxsize=4096)
def _when(written: str) -> When:
    return parse_when(written)


@lru_cache(maxsize=4096)
def _quiet(written: str) -> QuietHours:
    return parse_quiet(written)
