"""What was asked for and cannot be heard of: values that no trial has, trials that nobody follows.

The stored trials tell which values there are, so a misspelt one is told with the nearest.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from monitor.app.follows import followers
from monitor.app.lookups import present_id
from monitor.app.wiring import App
from monitor.match.filter_fields import WHOLE_KEYS, FilterFields
from monitor.match.filters import CompiledFilter, Hits, compile_filter
from monitor.model import fields
from monitor.model.history import TrialRow
from monitor.model.record import TrialRecord
from monitor.model.subscriptions import Filter, Subscription, SubscriptionStatus
from monitor.model.tracking import Presence, SourceRow
from monitor.render.subscribers import filter_words
from monitor.settings import CtgovSourceSettings
from monitor.store.reader import Reader

COMPARED = 5_000
"""How many records are read at most, those that changed last; each takes about a millisecond. Of
all others the rows tell conditions, brief title, lead sponsor and status, in some microseconds."""

_SHOWN = 20
_LONGEST_SUGGESTION = 80
_NO_SUGGESTION = frozenset({"text", "phase", "status", "study_type"})
# Which filter key knows the words of a query of the registry.
_QUERY_KEYS = {"cond": "condition", "intr": "intervention", "spons": "sponsor", "lead": "sponsor"}

_Value = tuple[str, str, bool]
"""Key, value, whether it is excluded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmatched:
    """A sentence on what cannot be heard of, and ``about`` which subscription or source it is.

    ``fix``: a command, where one mends it, else "".
    """

    about: str
    said: str
    fix: str = ""

    def __str__(self) -> str:
        return f"{self.said}: {self.fix}" if self.fix else self.said


def unmatched_subscriptions(
    app: App,
    reader: Reader,
    subscriptions: Sequence[Subscription],
    *,
    compared: int = COMPARED,
    in_part: bool = True,
    most_ids: int | None = None,
) -> list[Unmatched]:
    """Return what these subscriptions ask for in vain, in their order; only active ones count.

    ``app`` follows what is followed by command too. ``compared``: how many records are read at
    most; ``in_part`` False: no filter is judged where the store has more. ``most_ids``: how many
    NCT IDs of each subscription are looked for at most; None: all.
    """
    active = [one for one in subscriptions if one.standing is SubscriptionStatus.ACTIVE]
    known = _Known(app, reader, compared, in_part=in_part)
    unmatched = known.unmatched([each for one in active for each in one.trials.filters])
    found = []
    for one in active:
        about = f"subscription {one.name} of {one.subscriber}"
        found += [
            Unmatched(about=about, said=s, fix=fix) for s, fix in _ids(app, reader, one, most_ids)
        ]
        for each in one.trials.filters:
            found += [Unmatched(about=about, said=said) for said in unmatched.get(_key(each), ())]
    return found


def empty_sources(app: App, reader: Reader) -> list[Unmatched]:
    """Return which sources find nothing, and which NCT IDs of theirs the registry does not know."""
    counts, rows = reader.sources.followed_counts(), {r.name: r for r in reader.sources.all()}
    found = []
    for one in app.settings.sources:
        if not (isinstance(one, CtgovSourceSettings) and one.enabled):
            continue
        about, known = f"source {one.name}", counts.get(one.name, {})
        if known.get(Presence.UNKNOWN):
            unknown = reader.sources.followed(one.name, presence=Presence.UNKNOWN, limit=_SHOWN)
            named = ", ".join(row.nct_id for row in unknown)
            more = known[Presence.UNKNOWN] - len(unknown)
            rest = f" and {more:,} more" if more > 0 else ""
            found.append(Unmatched(about=about, said=f"the registry does not know {named}{rest}"))
        searches = bool(one.query or one.filter or one.all)
        if searches and not known.get(Presence.SHOWN) and _was_read(rows.get(one.name)):
            asked = "; ".join(f"{k}: {v}" for k, v in {**one.query, **one.filter}.items())
            meant = _meant_query(app, reader, one.query)
            found.append(Unmatched(about=about, said=f"its search ({asked}) finds no trial{meant}"))
    return found


def _was_read(row: SourceRow | None) -> bool:
    return row is not None and row.last_success_at is not None


def _meant_query(app: App, reader: Reader, query: Mapping[str, str]) -> str:
    known = _Known(app, reader, COMPARED, in_part=True)
    pairs = [(_QUERY_KEYS[key], text) for key, text in query.items() if key in _QUERY_KEYS]
    meant = known.meant({(key, text, False) for key, text in pairs})
    return next((words for words in meant.values() if words), "")


# --- NCT IDs --------------------------------------------------------------------------------------


def _ids(
    app: App, reader: Reader, one: Subscription, most: int | None
) -> Iterator[tuple[str, str]]:
    """Yield a sentence and a fix on the trials that a subscription names in vain."""
    ids = sorted(one.trials.nct_ids)[:most]
    now = {nct_id: present_id(reader, nct_id) for nct_id in ids}
    by = followers(app.settings.sources, reader, {*ids, *now.values()})
    names = {nct_id: {*by[nct_id], *by[now[nct_id]]} for nct_id in ids}
    unknown = [nct_id for nct_id in ids if _is_unknown(reader, nct_id, names[nct_id])]
    if unknown:
        yield f"the registry does not know {_listed(unknown)}", ""
    missing = [nct_id for nct_id in ids if not names[nct_id] and not _may_come(app, reader, nct_id)]
    if missing:
        fix = f"`monitor follow --no-alerts {' '.join(missing[:_SHOWN])}` adds them"
        yield f"no source follows {_listed(missing)}", fix


def _is_unknown(reader: Reader, nct_id: str, sources: Collection[str]) -> bool:
    rows = [reader.sources.followed_record(name, nct_id) for name in sources]
    return bool(rows) and all(row and row.presence is Presence.UNKNOWN for row in rows)


def _may_come(app: App, reader: Reader, nct_id: str) -> bool:
    """Tell whether a trial came from a source that still is, or one that is unread may find it."""
    enabled = [one for one in app.settings.sources if one.enabled]
    versions = reader.versions(nct_id)
    if versions and any(versions[-1].source == one.name for one in enabled):
        return True
    return any(
        isinstance(one, CtgovSourceSettings)
        and bool(one.query or one.filter or one.all)
        and not _was_read(reader.sources.get(one.name))
        for one in enabled
    )


def _listed(ids: Sequence[str]) -> str:
    more = len(ids) - _SHOWN
    return ", ".join(ids[:_SHOWN]) + (f" and {more:,} more" if more > 0 else "")


# --- filters --------------------------------------------------------------------------------------


class _Known:
    """What the stored trials say under the keys of filters."""

    def __init__(self, app: App, reader: Reader, compared: int, *, in_part: bool) -> None:
        self._app = app
        self._reader = reader
        self._compared = compared
        self._in_part = in_part
        self._rows: list[TrialRow] | None = None
        self._rest: list[TrialRow] = []
        self._all = 0

    def unmatched(self, filters: Iterable[Filter]) -> dict[str, list[str]]:
        """Return sentences on what of each filter no trial has, by ``_key``."""
        each = {_key(one): one for one in filters}
        if not each or not self._trials():
            return {}
        synonyms = self._app.synonyms()
        parts = {part for one in each.values() for part in _parts(one)}
        values = {p: compile_filter(Filter(wanted={p[0]: (p[1],)}), synonyms) for p in parts}
        wholes = {name: compile_filter(one, synonyms) for name, one in each.items()}
        open_values, open_wholes = dict(values), dict(wholes)
        for attributes in self._attributes():
            if not (open_values or open_wholes):
                break
            _cross_out(open_values, attributes)
            _cross_out(open_wholes, attributes)
        # What an exclusion is about may stand in the record alone.
        plain = {name: one for name, one in open_wholes.items() if not one.excluded}
        for attributes in self._of_rows():
            if not (open_values or plain):
                break
            _cross_out(open_values, attributes)
            for name in _cross_out(plain, attributes):
                del open_wholes[name]
        meant = self.meant(open_values)
        return {
            name: list(self._sentences(one, open_values, meant, is_open=name in open_wholes))
            for name, one in each.items()
        }

    def _sentences(
        self,
        one: Filter,
        missing: Collection[_Value],
        meant: Mapping[_Value, str],
        *,
        is_open: bool,
    ) -> Iterator[str]:
        said = False
        for part in _parts(one):
            key, value, is_excluded = part
            if part not in missing or (is_excluded and not meant[part]):
                continue
            said = said or not is_excluded
            not_ = "not " if is_excluded else ""
            yield f'{not_}{key} "{value}": {self._none()} has it{meant[part]}'
        if is_open and not said:
            yield f"{self._none()} matches all of {filter_words(one)}"

    def _none(self) -> str:
        looked = len(self._trials())
        if self._all > looked:
            return f"none of the {looked:,} trials that changed last (of {self._all:,} stored)"
        return f"none of the stored trials ({looked:,})"

    def meant(self, values: Collection[_Value]) -> dict[_Value, str]:
        """Return for each value ``; did you mean Germany? 1,204 sites``, "" for none alike."""
        keys = {key for key, _, _ in values} - _NO_SUGGESTION
        counts: dict[str, Counter[str]] = {key: Counter() for key in keys}
        if keys:
            for attributes in self._attributes():
                for key in keys:
                    counts[key].update(_said(key, attributes))
        counts.get("source", Counter()).update(one.name for one in self._app.settings.sources)
        return {part: _suggestion(part, counts) for part in values}

    def _attributes(self) -> Iterator[FilterFields]:
        for row in self._trials():
            record = self._reader.record(self._reader.versions(row.nct_id)[-1])
            yield FilterFields(record, sources=self._reader.sources.following(row.nct_id))

    def _of_rows(self) -> Iterator[FilterFields]:
        """Yield what the rows tell of those trials whose records are too many to be read."""
        for row in self._rest:
            yield FilterFields(_as_far_as_told(row))

    def _trials(self) -> list[TrialRow]:
        if self._rows is None:
            rows = self._reader.trials()
            self._all = len(rows)
            rows.sort(key=lambda row: (row.last_version_date, row.nct_id), reverse=True)
            is_judged = self._in_part or len(rows) <= self._compared
            self._rows = list(islice(rows, self._compared)) if is_judged else []
            self._rest = rows[self._compared :] if is_judged else []
        return self._rows


def _key(one: Filter) -> str:
    return filter_words(one)


def _parts(one: Filter) -> Iterator[_Value]:
    for words, is_excluded in ((one.wanted, False), (one.excluded, True)):
        yield from ((key, value, is_excluded) for key in words for value in words[key])


def _cross_out(filters: dict[Any, CompiledFilter], attributes: FilterFields) -> list[Any]:
    """Take out the filters that match, and return their names."""
    hits = Hits(attributes)
    found = [name for name, one in filters.items() if one.hit(hits) is not None]
    for name in found:
        del filters[name]
    return found


def _as_far_as_told(row: TrialRow) -> TrialRecord:
    """Return the record of a trial as far as its row has it, which takes no reading."""
    parts = {
        fields.CONDITIONS: list(row.conditions),
        fields.BRIEF_TITLE: row.title,
        fields.LEAD_SPONSOR_NAME: row.lead_sponsor,
        fields.OVERALL_STATUS: row.overall_status,
    }
    document: dict[str, Any] = {}
    for path, value in parts.items():
        at = document
        for name in path[:-1]:
            at = at.setdefault(name, {})
        at[path[-1]] = value
    return TrialRecord(nct_id=row.nct_id, document=document)


def _said(key: str, attributes: FilterFields) -> Iterable[str]:
    """Return what a record says under a key; a country for each of its sites."""
    return attributes.countries_of_sites() if key == "country" else attributes.texts(key)


def _suggestion(part: _Value, counts: Mapping[str, Counter[str]]) -> str:
    from monitor.match.nearest import nearest  # noqa: PLC0415  # `monitor status` seldom needs it

    key, value, _ = part
    found = nearest(value, counts[key]) if key in counts else None
    if found is None or len(found[0]) > _LONGEST_SUGGESTION:
        return ""
    text, count = found
    if key in WHOLE_KEYS:
        return f"; did you mean {text}?"
    noun = "site" if key == "country" else "trial"
    return f"; did you mean {text}? {count:,} {noun}{'' if count == 1 else 's'}"
