"""Which studies a search finds, and in which order."""

import random
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Any

from tests.registry.catalogue import Alias, Catalogue, Study
from tests.registry.essie import Test
from tests.registry.parameters import Search
from tests.registry.paths import strings, values
from tests.registry.pieces import Field, find
from tests.registry.ranges import NotComparableError, measure
from tests.registry.words import tokens
from tests.registry.world import Load

_ID, _POSTED = find("NCTId"), find("LastUpdatePostDate")
_TITLE = find("BriefTitle")
_REMEMBERED = 8


class Lazy:
    """A study as the subject of an expression; its document is made only when it is needed."""

    def __init__(self, study: Study) -> None:
        self.study = study
        self._document: Any = None

    @property
    def document(self) -> Any:
        """The study's document."""
        if self._document is None:
            self._document = self.study.document()
        return self._document

    def values(self, field: Field) -> Iterable[Any]:
        """Return all values of the field."""
        if field is _POSTED:
            return (self.study.posted,) if self.study.posted else ()
        if field is _ID:
            return (self.study.nct_id,)
        return values(self.document, field.path)


class Lists:
    """The lists of NCT IDs that searches find; the last few are remembered."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._made: OrderedDict[object, Sequence[str]] = OrderedDict()

    def find(self, search: Search, load: Load, order: int, *, shifted: int = 0) -> Sequence[str]:
        """Return the NCT IDs of a search, in its order.

        ``order`` decides the order of a search that asks for none. ``shifted``, when not 0,
        puts studies that sort alike (all, when nothing sorts them) in another order.
        """
        key = (search.about, load, 0 if search.sort else order, shifted)
        if key not in self._made:
            self._made[key] = self._ordered(search, load, order, shifted)
            while len(self._made) > _REMEMBERED:
                self._made.popitem(last=False)
        return self._made[key]

    def _ordered(self, search: Search, load: Load, order: int, shifted: int) -> Sequence[str]:
        found = self._matching(search, load.day)
        if (
            search.only_updated
            and search.updated
            and not shifted
            and [key[0] for key in search.sort] == [_POSTED]
        ):
            falls = search.sort[0][1]
            return found[::-1] if falls else found  # the catalogue sorted them so
        if shifted or not search.sort:
            random.Random(shifted or order).shuffle(found)  # noqa: S311 - an order, no secret
        for field, falls in reversed(search.sort):
            keys = [self._sort_key(one, field, search.words, load.day) for one in found]
            found = _sorted(found, keys, falls=falls)
        return found

    def _matching(self, search: Search, day: date) -> list[str]:
        found = self._candidates(search, day)
        if search.only_updated or not search.tests:
            return found
        return [one for one in found if self._holds(one, search.tests, day)]

    def _holds(self, nct_id: str, tests: Iterable[Test], day: date) -> bool:
        study = self._catalogue.find(nct_id, day)
        if not isinstance(study, Study):
            return False
        subject = Lazy(study)
        return all(test(subject) for test in tests)

    def _candidates(self, search: Search, day: date) -> list[str]:
        if search.ids is not None:
            return self._by_id(search.ids, day)
        if search.updated:
            return list(self._updated(search.updated, day))
        return list(self._catalogue.listed(day))

    def _by_id(self, ids: Iterable[str], day: date) -> list[str]:
        found = []
        for one in ids:
            state = self._catalogue.find(one, day)
            if isinstance(state, Alias):
                state = self._catalogue.find(state.nct_id, day)
            if isinstance(state, Study):
                found.append(state.nct_id)
        return list(dict.fromkeys(found))

    def _updated(self, ranges: Sequence[tuple[str, str]], day: date) -> Sequence[str]:
        def end(text: str, open_end: date, *, last: bool) -> date:
            if text in {"MIN", "MAX"}:
                return open_end
            return date.fromordinal(int(measure("date", text, last=last)))

        low = max(end(low, date.min, last=False) for low, _ in ranges)
        high = min(end(high, date.max, last=True) for _, high in ranges)
        return self._catalogue.updated(low, high, day)

    def _sort_key(self, nct_id: str, field: Field | None, words: str, day: date) -> float | None:
        study = self._catalogue.find(nct_id, day)
        if not isinstance(study, Study):
            return None
        subject = Lazy(study)
        if field is None:
            return _relevance(subject, words)
        return next(_measures(field.type, subject.values(field)), None)


def _measures(kind: str, found: Iterable[Any]) -> Iterator[float]:
    for value in found:
        try:
            yield measure(kind, value)
        except NotComparableError:
            continue


def _relevance(subject: Lazy, words: str) -> float:
    """Count the query's words: in the title thrice, anywhere in the study once."""
    wanted = set(tokens(words))
    assert _TITLE is not None
    title = {word for text in subject.values(_TITLE) for word in tokens(str(text))}
    anywhere = {word for text in strings(subject.document) for word in tokens(text)}
    return 3 * len(wanted & title) + len(wanted & anywhere)


def _sorted(found: list[str], keys: list[float | None], *, falls: bool) -> list[str]:
    """Sort stably by the keys, those without one last."""
    sign = -1 if falls else 1
    having = [(sign * key, at) for at, key in enumerate(keys) if key is not None]
    having.sort(key=lambda pair: pair[0])
    return [found[at] for _, at in having] + [
        one for one, key in zip(found, keys, strict=True) if key is None
    ]
