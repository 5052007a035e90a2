"""What the benchmark says: one row per target, as a table, as JSON and as Markdown."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.bench.timing import Race, Sample, best, shown

_HEADINGS = ("what", "ours", "baseline", "ratio", "asked for", "verdict")
_WIDTH = 140  # of what is piped into a file


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """One figure against its baseline, both of the same run.

    ``ratio``: ours over the baseline. ``target``: the limit of the ratio, from above, or from
    below where more is better (``at_least``); None: nothing is, it is for information.
    ``note``: what was measured and how.
    """

    name: str
    what: str
    ours: str
    baseline: str
    ratio: float
    target: float | None
    at_least: bool = False
    cpu_ratio: float | None = None
    note: str = ""

    @property
    def met(self) -> bool:
        """True when the ratio is within what is asked for."""
        if self.target is None:
            return True
        return self.ratio >= self.target if self.at_least else self.ratio <= self.target

    def cells(self) -> tuple[str, ...]:
        """Return the row as texts, in the order of the table's columns."""
        ratio = f"{self.ratio:.3g}"
        if self.cpu_ratio is not None:
            ratio += f" (CPU {self.cpu_ratio:.3g})"
        target, verdict = "", ""
        if self.target is not None:
            target = f"{'≥' if self.at_least else '≤'} {self.target:g}"
            verdict = "met" if self.met else "MISSED"
        return (self.what, self.ours, self.baseline, ratio, target, verdict)

    def as_json(self) -> dict[str, Any]:
        """Return the row as a JSON object."""
        return {**asdict(self), "met": self.met}


def against(
    name: str,
    what: str,
    ours: Sample,
    baseline: Sample,
    named: str,
    *,
    target: float | None,
    note: str,
    count: int = 1,
) -> Measurement:
    """Return the row of two times, each ``count`` times as long as is shown."""
    return Measurement(
        name=name,
        what=what,
        ours=shown(ours.wall_s / count),
        baseline=f"{shown(baseline.wall_s / count)} {named}".rstrip(),
        ratio=ours.wall_s / baseline.wall_s,
        cpu_ratio=ours.cpu_s / baseline.cpu_s,
        target=target,
        note=note,
    )


def raced(
    name: str,
    what: str,
    race: Race,
    named: str,
    *,
    target: float | None,
    note: str,
    count: int = 1,
) -> Measurement:
    """Return the row of the best times of a race."""
    ours, baseline = best(race.ours), best(race.baseline)
    return against(name, what, ours, baseline, named, target=target, note=note, count=count)


def print_table(rows: Sequence[Measurement]) -> None:
    """Print the rows and, below them, what each measured."""
    table = Table(show_lines=True)
    for heading in _HEADINGS:
        table.add_column(heading, justify="left" if heading in ("what", "verdict") else "right")
    for row in rows:
        table.add_row(*row.cells(), style=None if row.met else "bold red")
    console = Console()
    if not console.is_terminal:
        console = Console(width=_WIDTH)
    console.print(table)
    for row in rows:
        if row.note:
            console.print(f"[bold]{row.what}[/bold]: {row.note}", highlight=False)


def markdown(rows: Sequence[Measurement]) -> str:
    """Return the same as Markdown."""
    lines = [
        "| " + " | ".join(_HEADINGS) + " |",
        "| --- | ---: | ---: | ---: | ---: | --- |",
        *("| " + " | ".join(row.cells()) + " |" for row in rows),
        "",
        *(f"- **{row.what}**: {row.note}" for row in rows if row.note),
    ]
    return "\n".join(lines) + "\n"
