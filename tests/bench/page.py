"""The sections of docs/benchmarks.md that runs write."""

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

from tests.bench.rows import Measurement, markdown


def marks(section: str) -> tuple[str, str]:
    """Return what stands before and after a section: ``figures``, or what it is run with."""
    only = "" if section == "figures" else f"--only {section} "
    return f"<!-- {section}: written by ./run bench {only}--write -->", f"<!-- end of {section} -->"


def write_section(
    page: Path,
    rows: Sequence[Measurement],
    environment: Mapping[str, str],
    *,
    on: date,
    section: str = "figures",
) -> None:
    """Put the figures between the section's two marks; ValueError when the page lacks them."""
    first, last = marks(section)
    head, begin, rest = page.read_text("utf-8").partition(first)
    _, end, tail = rest.partition(last)
    if not begin or not end:
        raise ValueError(f"{page} has no place for the figures: {first} … {last}")
    facts = "\n".join(f"- {name}: {value}" for name, value in environment.items())
    written = f"\n\nTaken on {on.isoformat()}.\n\n{facts}\n\n{markdown(rows)}\n"
    page.write_text(head + begin + written + end + tail, "utf-8")
