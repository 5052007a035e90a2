"""The sections of docs/benchmarks.md that runs write."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from tests.bench.rows import Measurement, markdown

BEGIN = "<!-- figures: written by ./run bench --write -->"
END = "<!-- end of figures -->"


@dataclass(frozen=True, slots=True, kw_only=True)
class PageSection:
    """What stands between two marks of the page.

    ``heading``: under which it is added at the end of a page that lacks the marks; None: such a
    page is refused.
    """

    begin: str
    end: str
    heading: str | None = None


FIGURES = PageSection(begin=BEGIN, end=END)
REGISTRY = PageSection(
    begin="<!-- registry: written by ./run bench --only registry --write -->",
    end="<!-- end of registry -->",
    heading="## The whole registry, simulated",
)
SELECTIONS = PageSection(
    begin="<!-- selections: written by ./run bench --only selections --write -->",
    end="<!-- end of selections -->",
    heading="## Events across a whole registry",
)


def write_section(
    page: Path,
    rows: Sequence[Measurement],
    environment: Mapping[str, str],
    *,
    on: date,
    data: str,
    section: PageSection = FIGURES,
) -> None:
    """Put the figures between the section's two marks; ValueError when the page lacks them."""
    text = page.read_text("utf-8")
    if section.heading is not None and section.begin not in text:
        text = f"{text.rstrip()}\n\n{section.heading}\n\n{section.begin}\n{section.end}\n"
    head, begin, rest = text.partition(section.begin)
    _, end, tail = rest.partition(section.end)
    if not begin or not end:
        raise ValueError(f"{page} has no place for the figures: {section.begin} … {section.end}")
    facts = "\n".join(f"- {name}: {value}" for name, value in environment.items())
    written = f"\n\nTaken on {on.isoformat()}.\n\n- data: {data}\n{facts}\n\n{markdown(rows)}\n"
    page.write_text(head + begin + written + end + tail, "utf-8")
