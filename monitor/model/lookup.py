"""Look up a value of a record by the path that a person writes, for `monitor show`."""

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from monitor.errors import NotFoundError, UsageError
from monitor.model import fields
from monitor.model.fields import Path
from monitor.model.record import TrialRecord

# A name up to the next dot, or in brackets a part of an item's natural key (dots and all).
_TOKEN = re.compile(r"\[(?P<key>[^\[\]]+)\]|(?P<name>[^.\[\]]+)")
_SHAPE = re.compile(r"[^.\[\]]+(?:\.[^.\[\]]+|\.?\[[^\[\]]+\])*")
_SHOWN = 8  # names in an error: a site list has hundreds


@dataclass(frozen=True, slots=True)
class _PathPart:
    text: str
    key: bool


@dataclass(frozen=True, slots=True)
class _FoundValue:
    """A value that the path so far leads to."""

    path: Path
    value: Any


def look_up(record: TrialRecord, written: str) -> Any:
    """Return the value at a dotted path of a record.

    The path may leave out its first names (``statusModule.overallStatus``). Behind a list an
    attribute gives the list of its values in all items (``locations.status``); a part of an
    item's natural key, plain or in brackets, selects items (``locations[Boston].status``), and
    more than one of them come as a list. A number is no place in a list: it is a part of a key.

    UsageError: no such shape of a path; NotFoundError: nothing is there, with what is.
    """
    if not _SHAPE.fullmatch(written):
        raise UsageError(
            f"{written[:80]!r} is not a path; one looks like "
            f"{fields.dotted(fields.OVERALL_STATUS)} or locations[Boston].status"
        )
    steps = [
        _PathPart(found["key"] or found["name"], key=bool(found["key"]))
        for found in _TOKEN.finditer(written)
    ]
    # People leave out "protocolSection" and often the module too.
    start = _start(record.document, steps[0])
    several = False
    places = [start]
    for step in steps:
        gathers = any(_gathers(place, step) for place in places)
        found = [below for place in places for below in _below(place, step)]
        if not found:
            raise _nothing(record, places, step, written)
        several = several or gathers or len(found) > 1
        places = found
    return [place.value for place in places] if several else places[0].value


def _start(document: Mapping[str, Any], first: _PathPart) -> _FoundValue:
    """Find the object that the path begins in: the document, else a section or module of it."""
    level = [_FoundValue((), document)]
    # The document, its sections, their modules: what lies deeper needs the name of its module.
    for _ in range(3):
        for place in level:
            if isinstance(place.value, Mapping) and first.text in place.value:
                return place
        level = [
            _FoundValue((*place.path, name), value)
            for place in level
            if isinstance(place.value, Mapping)
            for name, value in place.value.items()
        ]
    return _FoundValue((), document)


def _below(place: _FoundValue, step: _PathPart) -> Iterator[_FoundValue]:
    value = place.value
    if isinstance(value, Mapping):
        if step.text in value and not step.key:
            yield _FoundValue((*place.path, step.text), value[step.text])
    elif _gathers(place, step):
        below = (*place.path, step.text)
        yield from (_FoundValue(below, item[step.text]) for item in value if step.text in item)
    elif isinstance(value, list):
        yield from (
            _FoundValue(place.path, item)
            for item in value
            if _names_item(step.text, item_key(item, place.path))
        )


def _names_item(part: str, key: str) -> bool:
    """Return whether a part is in an item's key; a number only as a whole, not as some digits."""
    # "Site 1" is not "Site 12".
    if part.isdecimal():
        return part in re.findall(r"\d+", key)
    return part.casefold() in key.casefold()


def _gathers(place: _FoundValue, step: _PathPart) -> bool:
    """Return whether the step names an attribute of a list's items, not one of the items."""
    items = place.value if isinstance(place.value, list) and not step.key else ()
    return any(isinstance(item, Mapping) and step.text in item for item in items)


def item_key(item: Any, path: Path) -> str:
    """Return the natural key of an item of the list at ``path``, as people read it."""
    if not isinstance(item, Mapping):
        return str(item)
    rule = fields.list_rule(path)
    names = rule.key or next(((name,) for name in rule.any_of if item.get(name)), ())
    return ", ".join(str(item[name]) for name in names if item.get(name))


def _nothing(
    record: TrialRecord, places: list[_FoundValue], step: _PathPart, written: str
) -> Exception:
    """Return the error that nothing is there, with the reason if it is known, and what is there."""
    for place in places:
        path = (*place.path, step.text)
        mapping = isinstance(place.value, Mapping)
        if place.path and mapping and not step.key and not record.coverage.states(path):
            return NotFoundError(
                f"{record.nct_id}: {fields.dotted(path)} is not stated by the source"
            )
    there = sorted({name for place in places for name in _names(place)})
    # The nearest name first: a slip of one letter is the usual mistake.
    near = difflib.get_close_matches(step.text, there, n=1)
    here = fields.dotted(places[0].path) or "the record"
    message = f"{record.nct_id}: there is no {step.text!r} in {here}"
    if near:
        return NotFoundError(f"{message}; did you mean {near[0]!r}?")
    if not there:
        return NotFoundError(f"{message}; {written[:80]!r} leads beyond a value")
    if step.text.isdecimal() and any(isinstance(place.value, list) for place in places):
        message += " (items are found by their names, not by their places)"
    listed = ", ".join(there[:_SHOWN]) + (", …" if len(there) > _SHOWN else "")
    return NotFoundError(f"{message}; there are {listed}")


def _names(place: _FoundValue) -> Iterator[str]:
    if isinstance(place.value, Mapping):
        yield from place.value
    elif isinstance(place.value, list):
        for item in place.value:
            yield item_key(item, place.path)
            if isinstance(item, Mapping):
                yield from item
