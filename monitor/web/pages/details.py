"""What is behind a change, item by item: before and after, words marked where texts changed."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from monitor.model import fields
from monitor.model.changes import ChangeEvent, FieldChange
from monitor.model.countries import country_now
from monitor.model.text_diff import Segment, text_diff
from monitor.render.code_words import code_words, pair_words
from monitor.render.events import item_names
from monitor.render.lines import Line, Span, TextRole, line
from monitor.render.values import one_line, unescape, value_text

_PROSE_WORDS = 4
_CONTEXT = 14
_PLACE = ("facility", "city", "state", "zip")
_FIRST = frozenset({"measure", "title", "name", "label", "timeFrame", "type"})
_STATUSES = (fields.OVERALL_STATUS, fields.LOCATION_STATUS)  # which have words of their own
_NOT_THERE = Line((Span("–", "dim"),))


@dataclass(frozen=True, slots=True, kw_only=True)
class DetailItem:
    """One thing that came, went or changed; ``sign``: added, removed or edited.

    ``group``: its heading (a country, an outcome). ``both``: before and after in one text.
    """

    sign: str
    group: str = ""
    label: str = ""
    before: Line = _NOT_THERE
    after: Line = _NOT_THERE
    both: Line

    @property
    def size(self) -> int:
        """About how many characters it takes on a page."""
        texts = sum(len(span.text) for span in (*self.before.spans, *self.after.spans))
        return 160 + len(self.label) + texts


def items_of(event: ChangeEvent) -> list[DetailItem]:
    """Return all that is behind a change."""
    if "edited" in event.facts and "dropped" in event.facts:
        return list(_criteria(event.facts))
    reworded = event.facts.get("reworded", ())
    pairs = {name for one in reworded for name in (one["before"], one["after"])}
    found = [_edited_item("", "", one["before"], one["after"]) for one in reworded]
    for change in event.fields:
        is_item = change.op != "changed" and change.path[:-1] == change.field
        if not (is_item and change.path[-1] in pairs):
            found.append(_item(change, event))
    return sorted(found, key=lambda one: one.group) if _is_of_sites(event) else found


def _is_of_sites(event: ChangeEvent) -> bool:
    return any(change.field[: len(fields.LOCATIONS)] == fields.LOCATIONS for change in event.fields)


def _item(change: FieldChange, event: ChangeEvent) -> DetailItem:
    names = [value_text(name, longest=None) for name in item_names(change)]
    is_whole_item = bool(names) and change.path[-1:] != change.field[-1:]
    group, label = _headings(change, names, is_whole_item)
    if label == event.label and not group:
        label = ""  # the heading says it already
    if group == event.label:
        group = ""
    if change.op == "changed":
        return _edited_item(
            group, label, *(_in_words(change, one) for one in (change.before, change.after))
        )
    value = _in_words(change, change.after if change.op == "added" else change.before)
    text = _item_text(value, names[-1]) if is_whole_item else _full_text(value)
    if change.field == fields.LOCATIONS:
        label, text = "", label
    if text == label:
        label = ""
    return _one_sided(change.op, group, label, text)


def _in_words(change: FieldChange, value: Any) -> Any:
    """Return a value of a fixed list in words: ``ESTIMATED`` as ``estimated``."""
    values = fields.ENUMERATIONS.get(change.field)
    is_code = values is not None and value in values and change.field not in _STATUSES
    return code_words(value) if is_code else value


def _headings(change: FieldChange, names: Sequence[str], is_whole_item: bool) -> tuple[str, str]:
    """Return the group of a change, and its label there."""
    if change.field[: len(fields.LOCATIONS)] == fields.LOCATIONS:
        site = next((one for one in (change.item or ()) if one), None)
        site = site or next((v for v in (change.after, change.before) if isinstance(v, dict)), {})
        country = site.get("country")
        group = country_now(country) if isinstance(country, str) else "No country stated"
        place = ", ".join(
            unescape(one) for key in _PLACE if isinstance(one := site.get(key), str) and one
        )
        label = "" if is_whole_item else fields.label(change.field)
        return group, ": ".join(filter(None, [place or ", ".join(names), label]))
    label = fields.label(change.field)
    if is_whole_item:
        return " » ".join([label, *names[:-1]]), names[-1]
    return " » ".join(names), label


def _one_sided(op: str, group: str, label: str, text: str) -> DetailItem:
    role: TextRole = "added" if op == "added" else "removed"
    line = Line((Span(text, role),))
    sides = {"after" if op == "added" else "before": line}
    return DetailItem(sign=role, group=group, label=label, both=line, **sides)


def _edited_item(group: str, label: str, before: Any, after: Any) -> DetailItem:
    if _is_prose(before) and _is_prose(after):
        return _words(group, label, text_diff(unescape(before), unescape(after)))
    old, new = pair_words(_full_text(before), _full_text(after))
    was, became = Span(old, "removed"), Span(new, "added")
    return DetailItem(
        sign="edited", group=group, label=label, before=Line((was,)), after=Line((became,)),
        both=line(was, " ", became),
    )  # fmt: skip


def _is_prose(value: Any) -> bool:
    return isinstance(value, str) and len(value.split()) > _PROSE_WORDS


def _words(group: str, label: str, segments: Iterable[Segment]) -> DetailItem:
    """Return a text that was edited, by the words that changed."""
    folded = list(_fold(list(segments)))
    before, after = (
        Line(tuple(_span(op, text) for op, text in folded if op != other))
        for other in ("added", "removed")
    )
    both = Line(tuple(_span(op, text) for op, text in folded))
    return DetailItem(
        sign="edited", group=group, label=label, before=before, after=after, both=both
    )


def _span(op: str, text: str) -> Span:
    return Span(text, {"same": "plain", "gap": "dim"}.get(op, op))  # type: ignore[arg-type]


def _fold(segments: Sequence[Segment]) -> Iterator[tuple[str, str]]:
    """Yield the segments, the middle of long unchanged ones as their number of words."""
    for at, (op, text) in enumerate(segments):
        words = text.split()
        first, last = at == 0, at == len(segments) - 1
        keep = _CONTEXT * (2 - first - last)
        if op != "same" or len(words) <= keep + 6:
            yield op, text
            continue
        head = "" if first else " ".join(words[:_CONTEXT])
        tail = "" if last else " ".join(words[-_CONTEXT:])
        if head:
            yield "same", (" " if text[:1].isspace() else "") + head + " "
        yield "gap", f"[{len(words) - keep} words unchanged]"
        if tail:
            yield "same", " " + tail + (" " if text[-1:].isspace() else "")


def _full_text(value: Any) -> str:
    """Return a value in full on one line."""
    return _item_text(value, "") if isinstance(value, Mapping) else value_text(value, longest=None)


def _item_text(value: Any, name_above: str) -> str:
    """Return all that an item says but its name; of what it holds itself how many there are."""
    if not isinstance(value, Mapping):
        return value_text(value, longest=None)
    texts = []
    for name, inner in sorted(value.items(), key=lambda one: one[0] not in _FIRST):
        if inner == name_above or name == "geoPoint":
            continue
        if isinstance(inner, list) and any(isinstance(one, Mapping) for one in inner):
            texts.append(f"{len(inner)} {fields.label((name,)).lower()}")
        elif isinstance(inner, Mapping):
            texts.append(fields.label((name,)).removesuffix(" module"))
        else:
            texts.append(unescape(one_line(inner, longest=None)))
    return " · ".join(filter(None, texts)) or name_above or "…"


def _criteria(facts: Mapping[str, Any]) -> Iterator[DetailItem]:
    for edit in facts["edited"]:
        segments = [(op, text) for op, text in edit["words"]]
        yield _words(_section(edit), "", segments)
    for name, op in (("added", "added"), ("dropped", "removed")):
        for item in facts[name]:
            yield _one_sided(op, _section(item), "", value_text(item["text"], longest=None))
    for item in facts.get("moved", ()):
        text = Line((Span(value_text(item["text"], longest=None)),))
        label = f"moved from {value_text(item['from'])} to {value_text(item['to'])}"
        yield DetailItem(sign="edited", label=label, before=text, after=text, both=text)


def _section(item: Mapping[str, Any]) -> str:
    section = value_text(item["section"]) if item.get("section") else ""
    return section[:1].upper() + section[1:]
