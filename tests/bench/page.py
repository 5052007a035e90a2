"""The section of docs/benchmarks.md that a run writes."""

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

from tests.bench.rows import Row, markdown

BEGIN = "<!-- figures: written by ./run bench --write -->"
END = "<!-- end of figures -->"


def write_section(
    page: Path, rows: Sequence[Row], environment: Mapping[str, str], *, on: date, data: str
) -> None:
    """Put the figures between the page's two marks; ValueError when it lacks them."""
    text = page.read_text("utf-8")
    head, begin, rest = text.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{page} has no place for the figures: {BEGIN} … {END}")
    facts = "\n".join(f"- {name}: {value}" for name, value in environment.items())
    section = f"\n\nTaken on {on.isoformat()}.\n\n- data: {data}\n{facts}\n\n{markdown(rows)}\n"
    page.write_text(head + begin + section + end + tail, "utf-8")
