"""Random edits of a record, of every sort that a registry or a broken source might make."""

import copy
from collections.abc import Iterator
from random import Random
from typing import Any

Document = dict[str, Any]
Holder = dict[str, Any] | list[Any]

_WRONG: tuple[Any, ...] = (None, True, 0, 1, -3.5, "", "text", [], {}, [None], ["a", 1], {"x": 1},
                           [{"x": 1}, {"x": 1}], "É", "18 \\> 17")  # fmt: skip


def edited(document: Document, random: Random, count: int) -> Document:
    """Return a copy with ``count`` random edits and, half of the time, shuffled lists."""
    found = copy.deepcopy(document)
    for _ in range(count):
        random.choice(_EDITS)(found, random)
    if random.random() < 0.5:
        shuffle(found, random)
    return found


def shuffle(value: Any, random: Random) -> None:
    """Shuffle every list at every depth, and the order of an object's names."""
    for holder in list(_holders(value)):
        if isinstance(holder, list):
            random.shuffle(holder)
        else:
            names = list(holder.items())
            random.shuffle(names)
            holder.clear()
            holder.update(names)


def _holders(value: Any) -> Iterator[Holder]:
    if isinstance(value, dict | list):
        yield value
        for below in value.values() if isinstance(value, dict) else value:
            yield from _holders(below)


def _objects(document: Document) -> list[Document]:
    return [holder for holder in _holders(document) if isinstance(holder, dict) and holder]


def _lists(document: Document) -> list[list[Any]]:
    return [holder for holder in _holders(document) if isinstance(holder, list) and holder]


def _replace(document: Document, random: Random) -> None:
    place = random.choice(_objects(document) or [document])
    if place:
        name = random.choice(list(place))
        place[name] = f"other {random.randrange(9)}" if random.random() < 0.7 else _wrong(random)


def _delete(document: Document, random: Random) -> None:
    place = random.choice(_objects(document) or [document])
    if place:
        del place[random.choice(list(place))]


def _add(document: Document, random: Random) -> None:
    place = random.choice(_objects(document) or [document])
    place[f"new{random.randrange(3)}"] = _wrong(random)


def _add_item(document: Document, random: Random) -> None:
    for place in _some_list(document, random):
        place.insert(random.randrange(len(place) + 1), _wrong(random))


def _drop_item(document: Document, random: Random) -> None:
    for place in _some_list(document, random):
        del place[random.randrange(len(place))]


def _double_item(document: Document, random: Random) -> None:
    for place in _some_list(document, random):
        item = copy.deepcopy(random.choice(place))
        if isinstance(item, dict) and item and random.random() < 0.5:
            item[random.choice(list(item))] = f"other {random.randrange(9)}"
        place.append(item)


def _move_item(document: Document, random: Random) -> None:
    for place in _some_list(document, random):
        random.choice(_lists(document)).append(place.pop(random.randrange(len(place))))


def _some_list(document: Document, random: Random) -> list[list[Any]]:
    found = _lists(document)
    return [random.choice(found)] if found else []


def _wrong(random: Random) -> Any:
    return copy.deepcopy(random.choice(_WRONG))


_EDITS = (_replace, _replace, _delete, _add, _add_item, _drop_item, _double_item, _move_item)
