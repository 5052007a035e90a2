"""One change event as lines: what it says, then what is behind it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from monitor.model import fields
from monitor.model.changes import ChangeEvent, FieldChange, Severity
from monitor.model.text_diff import Segment, text_diff
from monitor.render.code_words import ARROW, pair_words
from monitor.render.lines import Line, Span, TextRole, line
from monitor.render.values import (
    change_spans,
    count_text,
    item_line,
    marked_summary,
    one_line,
    unescape,
    value_text,
)

# From this length on a text is shown by the words that changed, not whole before and after.
_LONG_TEXT = 80
TAG_WIDTH = 10
GAP = "…"

ROLES: dict[Severity, TextRole] = {
    Severity.CRITICAL: "critical",
    Severity.HIGH: "high",
    Severity.MEDIUM: "medium",
    Severity.LOW: "low",
    Severity.NOISE: "noise",
}
_SIGNS = {"added": "+ ", "removed": "- ", "changed": "~ "}
_CRITERIA: tuple[tuple[str, str, TextRole], ...] = (
    ("added", "+ ", "after"),
    ("dropped", "- ", "before"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Detail:
    """How much of what is behind an event is shown.

    ``items``: lines behind an event (None: all); ``context``: words beside changed ones;
    ``passages``: changed passages of one text (None: all).
    """

    items: int | None
    context: int
    passages: int | None


# A history of hundreds of versions is skimmed; a comparison of two is read.
BRIEF = Detail(items=3, context=6, passages=3)
FULL = Detail(items=None, context=12, passages=None)


def event_lines(event: ChangeEvent, detail: Detail) -> list[Line]:
    """Return an event's headline and the lines behind it; noise is its headline alone."""
    role = ROLES[event.severity]
    tag = str(event.severity)
    tag = (tag if role == "noise" else tag.upper()).ljust(TAG_WIDTH)
    headline = Line((Span(tag, role), *headline_spans(event)), indent=2, hang=2 + TAG_WIDTH)
    return [headline, *(found.indented(TAG_WIDTH + 2) for found in lines_behind(event, detail))]


def headline_spans(event: ChangeEvent) -> tuple[Span, ...]:
    """Return what an event says in one line, with ``before → after`` set off."""
    words: TextRole = "noise" if event.severity is Severity.NOISE else "plain"
    # The summary of a long text is its changed words, which the lines behind tell with more around
    # them.
    if is_long_text(event):
        shown: tuple[Span, ...] = (Span(event.label, words), Span(" edited", words))
    else:
        shown = marked_summary(event.summary, event.before, event.after, words)
    return (*shown, *_asides(event))


def lines_behind(event: ChangeEvent, detail: Detail) -> list[Line]:
    """Return what is behind an event's headline; nothing behind noise."""
    behind = [] if event.severity is Severity.NOISE else list(_detail_lines(event, detail))
    return truncate_lines(behind, detail.items)


def truncate_lines(behind: list[Line], limit: int | None, of: str = "") -> list[Line]:
    """Return the first lines and how many more there are; one more line is not cut."""
    # "… and 1 more" would take the line that it saves.
    if limit is None or len(behind) <= limit + 1:
        return behind
    return [*behind[:limit], line(Span(f"… and {len(behind) - limit} more{of}", "dim"))]


def _asides(event: ChangeEvent) -> Iterator[Span]:
    """Say what the facts add to the summary."""
    facts = event.facts
    if "type_before" in facts and "type" in facts:
        types = value_text(facts["type_before"]), value_text(facts["type"])
        if ARROW.join(types) not in event.summary:
            yield Span(f" · {ARROW.join(pair_words(*types))}", "dim")
    if facts.get("reason_class"):
        classes = facts.get("reason_classes") or [facts["reason_class"]]
        yield Span(f" · reason: {', '.join(map(value_text, classes)).replace('_', ' ')}", "dim")
    by_country = facts.get("by_country")
    if isinstance(by_country, Mapping) and event.path == fields.dotted(fields.LOCATION_STATUS):
        yield Span(f" · {_countries(by_country)}", "dim")


def _countries(by_country: Mapping[str, Any]) -> str:
    named = [f"{country} {count}" for country, count in list(by_country.items())[:5]]
    more = len(by_country) - len(named)
    return ", ".join(named) + (
        f" and {count_text(more, 'more country', 'more countries')}" * (more > 0)
    )


def is_long_text(event: ChangeEvent) -> bool:
    """Return whether the event is one text that was edited, too long to be shown whole."""
    return (
        len(event.fields) == 1
        and event.fields[0].op == "changed"
        and len(event.fields[0].path) == len(event.fields[0].field)
        and _is_long(event.before, event.after)
        # Criteria have their items behind them, however long the text is.
        and "edited" not in event.facts
    )


def _is_long(before: Any, after: Any) -> bool:
    texts = isinstance(before, str) and isinstance(after, str)
    return texts and max(len(before), len(after)) > _LONG_TEXT


def _detail_lines(event: ChangeEvent, detail: Detail) -> Iterator[Line]:
    # The facts of `eligibility_changed` (docs/events.md).
    if "edited" in event.facts and "dropped" in event.facts:
        yield from _criteria(event.facts, detail)
        return
    reworded = event.facts.get("reworded", ())
    yield from (_rewording_line(one, detail) for one in reworded)
    shown = {name for one in reworded for name in (one["before"], one["after"])}
    for change in event.fields:
        is_whole = change.op != "changed" and change.path[:-1] == change.field
        if not ((is_whole and change.path[-1] in shown) or _is_in_headline(change, event)):
            yield _field(change, detail)
    for place in event.facts.get("same_place", ()):
        yield line(Span(f"perhaps one site under another name: {value_text(place)}", "dim"))


def _rewording_line(pair: Mapping[str, Any], detail: Detail) -> Line:
    """Return an outcome in other words by the words that changed."""
    segments = text_diff(
        value_text(pair["before"], longest=None), value_text(pair["after"], longest=None)
    )
    shown = word_spans(segments, context=detail.context, changes=detail.passages)
    return line(Span(_SIGNS["changed"], "dim"), *shown)


def _is_in_headline(change: FieldChange, event: ChangeEvent) -> bool:
    """Return whether the headline already says all about this change."""
    if fields.under(change.field, (fields.REGISTRY_RECORD,)):
        return True
    # The summary names the item too: "Madrid" may be there for another site of the same value.
    named = all(one_line(name) in event.summary for name in item_names(change))
    if change.op == "changed":
        if _is_long(change.before, change.after):
            return False
        shown = one_line(change.before) + " → " + one_line(change.after) in event.summary
        return (shown and named) or _is_type_in_facts(change, event)
    if len(change.path) > len(change.field) and not _below_item(change):
        return named and len(event.fields) == 1
    value = change.after if change.op == "added" else change.before
    shown = one_line(value) in event.summary
    return (shown and named) or _is_type_in_facts(change, event)


def _is_type_in_facts(change: FieldChange, event: ChangeEvent) -> bool:
    return change.field[-1:] == ("type",) and "type_before" in event.facts


def _field(change: FieldChange, detail: Detail) -> Line:
    """Return one field change: its item and name, then what became of it."""
    items = [value_text(name) for name in item_names(change)]
    # Of an item that came or went its name is enough; its attributes came and went with it.
    inner = change.op == "changed" or not items or _below_item(change)
    names = [*items, fields.label(change.field)] if inner else items
    where = " » ".join(names)
    sign = Span(_SIGNS[change.op], "dim")
    if change.op == "changed":
        if _is_long(change.before, change.after):
            segments = text_diff(unescape(change.before), unescape(change.after))
            shown = word_spans(segments, context=detail.context, changes=detail.passages)
        else:
            shown = change_spans(change.before, change.after)
        return line(sign, Span(f"{where}: ", "label"), *shown)
    role: TextRole = "after" if change.op == "added" else "before"
    if not inner:
        return line(sign, Span(where, role))
    value = change.after if change.op == "added" else change.before
    return line(sign, Span(f"{where}: ", "label"), Span(item_line(value), role))


def item_names(change: FieldChange) -> tuple[str, ...]:
    """Return the natural keys of the list items that the change lies in, outermost first."""
    keys: list[str] = []
    named = 0
    for name in change.path:
        if named < len(change.field) and name == change.field[named]:
            named += 1
        else:
            keys.append(name)
    return tuple(keys)


def _below_item(change: FieldChange) -> bool:
    return change.path[-1:] == change.field[-1:]


def _criteria(facts: Mapping[str, Any], detail: Detail) -> Iterator[Line]:
    """Write the criteria item by item: edited ones by their words."""
    for edit in facts["edited"]:
        segments = [(op, text) for op, text in edit["words"]]
        shown = word_spans(segments, context=detail.context, changes=detail.passages)
        yield line(Span("~ ", "dim"), *_section(edit), *shown)
    longest = None if detail.items is None else 160
    for name, sign, role in _CRITERIA:
        for item in facts[name]:
            text = value_text(item["text"], longest=longest)
            yield line(Span(sign, "dim"), *_section(item), Span(text, role))
    for item in facts.get("moved", ()):
        moved = f"from {value_text(item['from'])} to {value_text(item['to'])}: "
        yield line(
            Span("~ ", "dim"), Span(moved, "label"), value_text(item["text"], longest=longest)
        )


def _section(item: Mapping[str, Any]) -> tuple[Span, ...]:
    section = item.get("section")
    return (Span(f"{value_text(section)}: ", "label"),) if section else ()


def word_spans(
    segments: Sequence[Segment], *, context: int, changes: int | None = None
) -> tuple[Span, ...]:
    """Return the segments as spans on one line, long unchanged passages cut.

    ``context``: how many words stay beside a change. ``changes``: how many passages that changed
    are shown (None: all); a gap tells that there are more.
    """
    spans: list[Span] = []
    shown = 0
    for at, (op, text) in enumerate(segments):
        if op != "same":
            # A replacement is two segments; its second half belongs to the passage that is shown.
            if changes is not None and shown >= changes and not _continues(segments, at):
                spans.append(Span(GAP, "dim"))
                return tuple(spans)
            shown += not _continues(segments, at)
            spans.append(Span(_flatten(text), op))
            continue
        first, last = at == 0, at == len(segments) - 1
        spans.extend(Span(part) for part in _around(_flatten(text), context, first, last))
    return tuple(spans)


def _continues(segments: Sequence[Segment], at: int) -> bool:
    """Return whether the segment is the second half of a replacement."""
    return at > 0 and segments[at][0] == "added" and segments[at - 1][0] == "removed"


def _flatten(text: str) -> str:
    """Put a passage on one line, blanks at its ends kept (one of each)."""
    words = " ".join(text.split())
    head = " " if text[:1].isspace() else ""
    tail = " " if words and text[-1:].isspace() else ""
    return head + words + tail


def _around(text: str, context: int, first: bool, last: bool) -> Iterator[str]:
    words = text.split(" ")
    if len(words) <= 2 * context + 2:
        yield text
        return
    if not first:
        yield " ".join(words[: context + 1]) + " "
    yield GAP
    if not last:
        yield " " + " ".join(words[-context - 1 :])
