"""The configured channels, as a table (`monitor channel list`)."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from monitor.render.lines import Line, Span, Table, TextBlock
from monitor.render.values import count_text


def channels_table(shapes: Sequence[Mapping[str, Any]]) -> Iterator[TextBlock]:
    """Yield one row per channel, of what ``monitor channel list --json`` prints."""
    rows = tuple(
        (
            shape["name"],
            shape["type"],
            str(shape["per_minute"] or "any"),
            "the operator too" if shape["operator"] else "subscribers",
            f"{shape['place']}{_to(shape['targets'])}{' (built in)' if shape['built_in'] else ''}",
        )
        for shape in shapes
    )
    yield Table(head=("Name", "Type", "Rate/min", "For", "Where"), rows=rows)
    yield Line((Span(count_text(len(rows), "channel"), "dim"),))


def _to(targets: Sequence[str]) -> str:
    return f" to {', '.join(targets)}" if targets else ""
