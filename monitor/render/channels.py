"""The configured channels, as a table."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from monitor.render.lines import Line, Span
from monitor.render.tables import table
from monitor.render.values import counted


def channels_table(shapes: Sequence[Mapping[str, Any]]) -> Iterator[Line]:
    """Yield one row per channel, of what ``monitor channel list --json`` prints."""
    rows = [
        (
            shape["name"],
            shape["type"],
            str(shape["per_minute"] or "any"),
            "the operator too" if shape["operator"] else "subscribers",
            f"{shape['place']}{_to(shape['targets'])}{' (built in)' if shape['built_in'] else ''}",
        )
        for shape in shapes
    ]
    yield from table(("Name", "Type", "A minute", "For", "Where"), rows)
    yield Line((Span(counted(len(rows), "channel"), "dim"),))


def _to(targets: Sequence[str]) -> str:
    return f" to {', '.join(targets)}" if targets else ""
