"""What of a filter no stored trial has, with the nearest that one has."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from monitor.app.wiring import App
from monitor.match.filter_fields import WHOLE_KEYS, FilterFields
from monitor.match.filters import KNOWN_VALUES, CompiledFilter, Hits, compile_filter
from monitor.match.text_index import holds, term_of
from monitor.model import fields
from monitor.model.history import TrialRow
from monitor.model.record import TrialRecord
from monitor.model.subscriptions import Filter
from monitor.render.subscribers import filter_words
from monitor.store.reader import Reader

COMPARED = 5_000
"""How many records are read at most, those that changed last; each takes about a millisecond. Of
all others the rows tell conditions, brief title, lead sponsor and status, in some microseconds."""

_LONGEST_SUGGESTION = 80
_BY_WORD = frozenset({"title", "text"})
"""Keys whose texts are too long to be suggested as a whole."""

_Value = tuple[str, str, bool]
"""Key, value, whether it is excluded."""


class FilterCheck:
    """Holds filters against the stored trials.

    ``compared``: how many records are read at most. ``rows``: of how many other trials the rows are
    looked through; None: of all.
    """

    def __init__(
        self, app: App, reader: Reader, *, compared: int = COMPARED, rows: int | None = None
    ) -> None:
        self._app = app
        self._reader = reader
        self._compared = compared
        self._rows = rows
        self._newest: list[TrialRow] | None = None
        self._rest: list[TrialRow] = []
        self._all = 0

    def sentences(self, filters: Iterable[Filter]) -> dict[str, list[str]]:
        """Return sentences on what of each filter no trial has, by ``filter_words``.

        None in an empty store.
        """
        each = {filter_words(one): one for one in filters}
        if not each or not self._trials():
            return {}
        synonyms = self._app.synonyms()
        # Two questions in one reading: which values no trial has, and which filters match none as
        # a whole (each value may have trials, but no trial all of them).
        parts = {part for one in each.values() for part in _parts(one)}
        values = {p: compile_filter(Filter(wanted={p[0]: (p[1],)}), synonyms) for p in parts}
        wholes = {name: compile_filter(one, synonyms) for name, one in each.items()}
        vocabulary = self._vocabulary()
        for attributes in self._attributes():
            # Everything was found: the remaining records need not be read.
            if not (values or wholes):
                break
            _cross_out(values, attributes)
            _cross_out(wholes, attributes)
            vocabulary.add(attributes, {key for key, _, _ in values})
        # What an exclusion is about may be in the record alone.
        plain = {name: one for name, one in wholes.items() if not one.excluded}
        for attributes in map(_fields_of_row, self._rest):
            if not (values or plain):
                break
            _cross_out(values, attributes)
            for name in _cross_out(plain, attributes):
                del wholes[name]
        suggest = {part: vocabulary.suggest(part) for part in values}
        return {
            name: list(self._sentences(one, suggest, is_open=name in wholes))
            for name, one in each.items()
        }

    def suggest(self, values: Collection[tuple[str, str]]) -> Iterator[str]:
        """Yield ``; did you mean Germany? 1,204 sites`` for the values, by key, that are like one.

        "" for others.
        """
        vocabulary, keys = self._vocabulary(), {key for key, _ in values}
        for attributes in self._attributes() if keys else ():
            vocabulary.add(attributes, keys)
        yield from (vocabulary.suggest((key, value, False)) for key, value in values)

    def _sentences(
        self, one: Filter, suggest: Mapping[_Value, str], *, is_open: bool
    ) -> Iterator[str]:
        is_reported = False
        for part in _parts(one):
            key, value, is_excluded = part
            if part not in suggest or (is_excluded and not suggest[part]):
                continue
            is_reported = is_reported or not is_excluded
            not_ = "not " if is_excluded else ""
            yield f'{not_}{key} "{value}": {self._none()} has it{suggest[part]}'
        if is_open and not is_reported:
            yield f"{self._none()} matches all of {filter_words(one)}"

    def _none(self) -> str:
        looked = len(self._trials())
        if self._all > looked:
            return f"none of the {looked:,} trials that changed last (of {self._all:,} stored)"
        return f"none of the stored trials ({looked:,})"

    def _vocabulary(self) -> "_Vocabulary":
        return _Vocabulary(one.name for one in self._app.settings.sources)

    def _attributes(self) -> Iterator[FilterFields]:
        for row in self._trials():
            record = self._reader.newest_record(row)
            yield FilterFields(record, sources=self._reader.sources.following(row.nct_id))

    def _trials(self) -> list[TrialRow]:
        if self._newest is None:
            rows = self._reader.trials()
            self._all = len(rows)
            rows.sort(key=lambda row: (row.last_version_date, row.nct_id), reverse=True)
            self._newest = rows[: self._compared]
            self._rest = rows[self._compared :][: self._rows]
        return self._newest


class _Vocabulary:
    """The values that records have under keys, with counts, and the known value nearest to one.

    ``sources``: the names of all that are configured.
    """

    def __init__(self, sources: Iterable[str]) -> None:
        self._counts: dict[str, Counter[str]] = defaultdict(Counter)
        self._texts: dict[str, list[str]] = defaultdict(list)
        self._counts["source"].update(sources)

    def add(self, attributes: FilterFields, keys: Collection[str]) -> None:
        """Count what a record says under keys; of a country, its sites."""
        for key in keys:
            if key in _BY_WORD:
                self._texts[key].append(attributes[key])
                self._counts[key].update(set(attributes[key].split()))
            elif key == "country":
                self._counts[key].update(attributes.countries_of_sites())
            # The registry's own values are a closed list, which is checked where a filter is read.
            elif key not in KNOWN_VALUES:
                self._counts[key].update(attributes.texts(key))

    def suggest(self, part: _Value) -> str:
        """Return ``; did you mean Germany? 1,204 sites`` of the most alike; "" for none."""
        key, value, _ = part
        found = self._words(key, value) if key in _BY_WORD else self._whole(key, value)
        if found is None:
            return ""
        text, count = found
        if key in WHOLE_KEYS:
            return f"; did you mean {text}?"
        noun = "site" if key == "country" else "trial"
        return f"; did you mean {text}? {count:,} {noun}{'' if count == 1 else 's'}"

    def _whole(self, key: str, value: str) -> tuple[str, int] | None:
        from monitor.match.nearest import nearest  # noqa: PLC0415  # `monitor status` seldom needs it

        found = nearest(value, self._counts[key])
        return found if found and len(found[0]) <= _LONGEST_SUGGESTION else None

    def _words(self, key: str, value: str) -> tuple[str, int] | None:
        """Return the value with each unknown word in its nearest spelling; a text must hold it."""
        from monitor.match.nearest import correct_spelling  # noqa: PLC0415  # likewise

        found = correct_spelling(value, self._counts[key])
        count = sum(holds(text, term_of(found)) for text in self._texts[key]) if found else 0
        return (found, count) if found and count else None


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


def _fields_of_row(row: TrialRow) -> FilterFields:
    """Return what the row of a trial holds of its record, without reading the record."""
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
    return FilterFields(TrialRecord(nct_id=row.nct_id, document=document))
