"""A version's record as it stood: module by module in the registry's order, long ones on pages."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from monitor.app import App
from monitor.app.versions import find_version
from monitor.errors import NotFoundError
from monitor.model import fields
from monitor.model.bitemporal import valid_from
from monitor.model.countries import country_now
from monitor.model.fields import Path
from monitor.model.history_filter import HistoryEntry
from monitor.model.public_ids import public_version_id
from monitor.model.record import TrialRecord
from monitor.model.sanitize import sanitize_lines
from monitor.render.code_words import plain_value
from monitor.render.history import sighting
from monitor.render.values import count_text, one_line, unescape
from monitor.web.pages.layout import page
from monitor.web.pages.splitting import split
from monitor.web.pages.trial_parts import requested_trial, trial_title
from monitor.web.parameters import Parameters
from monitor.web.words import version_word

_ROOM = 90_000
_UNIT = 16_000
_ROW_SIZE = 60
_DEEPEST = 5
_SHORT = 60
_NAMES = ("title", "label", "measure", "name", "facility", "term", "groupId", "id", "pmid")
"""What an item of a list is called by, the first that it has."""

# The registry's order of modules; what is not named here follows, as it comes.
_ORDER: tuple[Path, ...] = (
    fields.REGISTRY_RECORD, fields.IDENTIFICATION, fields.STATUS, fields.SPONSORS,
    fields.OVERSIGHT, fields.DESCRIPTION, fields.CONDITIONS_MODULE, fields.DESIGN,
    fields.ARMS_INTERVENTIONS, fields.OUTCOMES, fields.ELIGIBILITY, fields.CONTACTS_LOCATIONS,
    fields.REFERENCES_MODULE, fields.IPD_SHARING,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class FieldRow:
    """A line of a record: a heading without lines, or a label with what the record says.

    ``depth``: how far below its module, from 0. ``part``: the number of its module.
    """

    part: int
    depth: int
    label: str
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Unit:
    """A piece of a module that stands on one page: how large about, and its rows."""

    part: int
    size: int
    rows: Callable[[], Iterable[FieldRow]]


@dataclass(frozen=True, slots=True)
class Part:
    """A module of a record: its title, its anchor, on which page it begins."""

    title: str
    anchor: str
    page: int


def version(app: App, request: Request) -> Response:
    """Return the page of a record; ``page``: which part of a long one."""
    parameters = Parameters(request.query_params, ("page",))
    with app.reader() as reader:
        row, versions = requested_trial(app, reader, request)
        at = find_version(versions, version_word(str(request.path_params["version"])))
        record = reader.record(versions[at])
    modules = _modules(record)
    units = (one for part, about in enumerate(modules) for one in _units(part, *about))
    pages = split(units, lambda one: one.size, room=_ROOM)
    number = parameters.number("page", default=1, most=1_000_000)
    if number > len(pages):
        raise NotFoundError(f"it has {count_text(len(pages), 'page')}")
    addresses = [public_version_id(one.identity) for one in versions]
    entry = HistoryEntry(
        number=at + 1, version=versions[at], previous=versions[at - 1] if at else None
    )
    return page(
        request, "record.html", title=f"Record of {valid_from(versions)[at]} · {row.nct_id}",
        nct_id=row.nct_id, trial_title=trial_title(row), day=valid_from(versions)[at],
        version=at + 1, total=len(versions), address=addresses[at],
        previous=addresses[at - 1] if at else None,
        following=addresses[at + 1] if at + 1 < len(versions) else None,
        sighting=sighting(entry), is_complete=record.coverage.is_complete,
        is_gone=record.presence is not None,
        parts=list(_parts(modules, pages)), number=number,
        rows=[row for unit in pages[number - 1] for row in unit.rows()], pages=len(pages),
    )  # fmt: skip


def _modules(record: TrialRecord) -> list[tuple[Path, Any]]:
    """Return the modules in the registry's order."""
    found: dict[Path, Any] = {}
    for section, value in record.document.items():
        if isinstance(value, Mapping) and section != fields.REGISTRY_RECORD[0]:
            found |= {(section, name): inner for name, inner in value.items()}
        else:
            found[(section,)] = value
    first = [(path, found.pop(path)) for path in _ORDER if path in found]
    sections = (fields.RESULTS, fields.DOCUMENTS, fields.ANNOTATION, fields.DERIVED)
    ranks = {section[0]: rank for rank, section in enumerate(sections)}
    rest = sorted(found.items(), key=lambda one: ranks.get(one[0][0], -1))
    return [*first, *rest]


def _parts(modules: Sequence[tuple[Path, Any]], pages: Sequence[Sequence[Unit]]) -> Iterator[Part]:
    begins: dict[int, int] = {}
    for number, units in enumerate(pages, start=1):
        for unit in units:
            begins.setdefault(unit.part, number)
    for number, (path, _) in enumerate(modules):
        yield Part(_title(path), f"part-{number}", begins.get(number, 1))


def _title(path: Path) -> str:
    if path[0] == fields.PROTOCOL[0] or len(path) == 1:
        return fields.full_label(path).removesuffix(" module")
    return fields.full_label(path).removesuffix(" module").removesuffix(" browse")


# --- from a document to units, of which a page has some ------------------------------------------


def _units(part: int, path: Path, value: Any) -> Iterator[Unit]:
    yield _heading(part, 0, "")  # the module's own
    if isinstance(value, Mapping):
        for name, inner in _ordered(path, value):
            yield from _field_units(part, 1, (*path, name), inner)
    else:
        yield from _field_units(part, 1, path, value)


def _field_units(part: int, depth: int, path: Path, value: Any) -> Iterator[Unit]:
    """Yield a field as one unit, or where it is large what it consists of."""
    size = len(orjson.dumps(value))
    items = _is_list_of_items(value)
    if size <= _UNIT or not (items or isinstance(value, Mapping)):
        yield Unit(part, _ROW_SIZE + size, partial(_field, part, depth, path, value))
    elif isinstance(value, Mapping):
        yield _heading(part, depth, fields.label(path))
        yield from _below(part, depth, path, value)
    elif path == fields.LOCATIONS:
        yield _heading(part, depth, f"{fields.label(path)} ({len(value)})")
        for country, sites in _by_country(value):
            yield _heading(part, _next(depth), f"{country} ({len(sites)})")
            for one in sites:
                yield Unit(part, 2 * _ROW_SIZE, partial(_site, part, _next(_next(depth)), one))
    else:
        yield _heading(part, depth, f"{fields.label(path)} ({len(value)})")
        for item in value:
            yield from _item_units(part, _next(depth), path, item)


def _item_units(part: int, depth: int, path: Path, item: Any) -> Iterator[Unit]:
    size = len(orjson.dumps(item))
    if size <= _UNIT or not isinstance(item, Mapping):
        yield Unit(part, _ROW_SIZE + size, partial(_item, part, depth, path, item))
    else:
        name = _name(item)
        yield _heading(part, depth, unescape(one_line(item.get(name, "…"), longest=None)))
        yield from _below(part, depth, path, item, name)


def _below(
    part: int, depth: int, path: Path, value: Mapping[str, Any], but: str = ""
) -> Iterator[Unit]:
    for name, inner in _ordered(path, value):
        if name != but:
            yield from _field_units(part, _next(depth), (*path, name), inner)


def _heading(part: int, depth: int, label: str) -> Unit:
    return Unit(part, _ROW_SIZE, lambda: (FieldRow(part, depth, label),))


# --- from a unit to rows -------------------------------------------------------------------------


def _next(depth: int) -> int:
    return min(depth + 1, _DEEPEST)


def _is_list_of_items(value: Any) -> bool:
    return isinstance(value, list) and any(isinstance(one, Mapping) for one in value)


def _field(part: int, depth: int, path: Path, value: Any) -> Iterator[FieldRow]:
    label = fields.label(path)
    if isinstance(value, Mapping) and _is_date(value):
        yield FieldRow(part, depth, label, (_date(value),))
    elif isinstance(value, Mapping) and value and all(map(_is_short, value.values())):
        yield FieldRow(part, depth, label, (_in_line(path, label, _ordered(path, value)),))
    elif isinstance(value, Mapping):
        yield FieldRow(part, depth, label)
        for name, inner in _ordered(path, value):
            yield from _field(part, _next(depth), (*path, name), inner)
    elif path == fields.LOCATIONS and _is_list_of_items(value):
        yield FieldRow(part, depth, f"{label} ({len(value)})")
        for country, sites in _by_country(value):
            yield FieldRow(part, _next(depth), f"{country} ({len(sites)})")
            for one in sites:
                yield from _site(part, _next(_next(depth)), one)
    elif _is_list_of_items(value):
        yield FieldRow(part, depth, f"{label} ({len(value)})")
        for item in value:
            yield from _item(part, _next(depth), path, item)
    else:
        yield FieldRow(part, depth, label, _lines(value))


def _item(part: int, depth: int, path: Path, item: Any) -> Iterator[FieldRow]:
    if not isinstance(item, Mapping):
        yield FieldRow(part, depth, "", _lines(item))
        return
    name = _name(item)
    label = unescape(one_line(item[name], longest=None)) if name else ""
    rest = [(key, inner) for key, inner in _ordered(path, item) if key != name]
    if rest and all(_is_short(inner) for _, inner in rest):
        yield FieldRow(part, depth, label, (_in_line(path, "", rest),))
        return
    yield FieldRow(part, depth, label or "…")
    for key, inner in rest:
        yield from _field(part, _next(depth), (*path, key), inner)


def _in_line(path: Path, above: str, found: Iterable[tuple[str, Any]]) -> str:
    """Write short fields one after the other, each with its label but for what the heading says."""
    texts = []
    for key, value in found:
        label = fields.label((*path, key))
        label = "" if above.startswith(label) else label.removeprefix(above).strip().lower()
        texts.append(f"{label} {_lines(value)[0]}".strip())
    return "; ".join(texts)


def _is_short(value: Any) -> bool:
    return isinstance(value, int | float) or (isinstance(value, str) and len(value) < _SHORT)


def _ordered(path: Path, value: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Return the fields of an object in the order of the field catalogue."""
    return sorted(value.items(), key=lambda one: fields.catalogue_place((*path, one[0])))


def _name(item: Mapping[str, Any]) -> str:
    return next((one for one in _NAMES if isinstance(item.get(one), str)), "")


def _by_country(items: Sequence[Any]) -> list[tuple[str, list[Mapping[str, Any]]]]:
    found: dict[str, list[Mapping[str, Any]]] = {}
    for site in items:
        if isinstance(site, Mapping):
            stated = site.get("country")
            country = country_now(stated) if isinstance(stated, str) else "No country stated"
            found.setdefault(country, []).append(site)
    return sorted(found.items(), key=lambda one: (-len(one[1]), one[0]))


def _site(part: int, depth: int, site: Mapping[str, Any]) -> Iterator[FieldRow]:
    place = [site.get(name) for name in ("facility", "city", "state", "zip")]
    status = site.get("status")
    texts = ", ".join(unescape(one) for one in place if isinstance(one, str) and one)
    words = f" ({plain_value(status)})" if isinstance(status, str) else ""
    yield FieldRow(part, depth, "", (f"{texts or 'no place stated'}{words}",))


def _is_date(value: Mapping[str, Any]) -> bool:
    return "date" in value and set(value) <= {"date", "type"}


def _date(value: Mapping[str, Any]) -> str:
    kind = value.get("type")
    texts = one_line(value["date"])
    return f"{texts} ({kind.lower()})" if isinstance(kind, str) else texts


def _lines(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        lines = sanitize_lines(unescape(value))
        return tuple(line for line in map(plain_value, lines) if line.strip()) or ("(empty)",)
    return (plain_value(unescape(one_line(value, longest=None))),)
