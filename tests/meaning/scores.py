"""Precision, recall and F1 with their intervals."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from statistics import fmean, pstdev
from typing import Any

_Z = 1.959963984540054  # two-sided 95 %


@dataclass(frozen=True, slots=True)
class Judged:
    """One judgement: what people said, what the monitor said, and why they differ, in a word."""

    expected: bool
    told: bool
    cause: str = ""


@dataclass(frozen=True, slots=True)
class Share:
    """A share ``hits`` of ``of`` with its 95 % interval (Wilson's: no chance is in it)."""

    hits: int
    of: int

    @property
    def value(self) -> float | None:
        """Return the share from 0 to 1; None of nothing."""
        return self.hits / self.of if self.of else None

    @property
    def interval(self) -> tuple[float, float]:
        """Return the bounds of the 95 % interval."""
        if not self.of:
            return 0.0, 1.0
        share, square = self.hits / self.of, _Z * _Z
        middle = share + square / (2 * self.of)
        spread = _Z * math.sqrt(share * (1 - share) / self.of + square / (4 * self.of**2))
        scale = 1 + square / self.of
        return max(0.0, (middle - spread) / scale), min(1.0, (middle + spread) / scale)

    def as_json(self) -> dict[str, Any]:
        """Return it as a JSON object."""
        return {"value": self.value, "interval": list(self.interval), "of": self.of}


@dataclass(frozen=True, slots=True)
class Score:
    """How often a yes was right, and how often a right yes was found."""

    true_yes: int
    false_yes: int
    missed: int
    true_no: int
    false_causes: Counter[str] = field(default_factory=Counter)
    missed_causes: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of(cls, judged: Iterable[Judged]) -> "Score":
        """Count the judgements."""
        rows = list(judged)
        counts = Counter((row.expected, row.told) for row in rows)
        false, missed = (
            Counter(
                row.cause for row in rows if row.told is reported and row.expected is not reported
            )
            for reported in (True, False)
        )
        return cls(
            counts[True, True], counts[False, True], counts[True, False], counts[False, False],
            false, missed,
        )  # fmt: skip

    @property
    def precision(self) -> Share:
        """Return how many of those told are right."""
        return Share(self.true_yes, self.true_yes + self.false_yes)

    @property
    def recall(self) -> Share:
        """Return how many of the right ones are told."""
        return Share(self.true_yes, self.true_yes + self.missed)

    @property
    def f1(self) -> tuple[float | None, tuple[float, float]]:
        """Return F1 and its interval: it grows with the share of hits among hits and errors."""
        share = Share(self.true_yes, self.true_yes + self.false_yes + self.missed)
        low, high = share.interval
        value = None if share.value is None else _f1(share.value)
        return value, (_f1(low), _f1(high))

    def as_json(self) -> dict[str, Any]:
        """Return it as a JSON object."""
        value, interval = self.f1
        return {
            "precision": self.precision.as_json(),
            "recall": self.recall.as_json(),
            "f1": {"value": value, "interval": list(interval)},
            "true_yes": self.true_yes,
            "false_yes": self.false_yes,
            "missed": self.missed,
            "true_no": self.true_no,
            "false_by_cause": dict(self.false_causes.most_common()),
            "missed_by_cause": dict(self.missed_causes.most_common()),
        }


@dataclass(frozen=True, slots=True)
class Spread:
    """Precision and recall over many halves of the data: their means and standard deviations."""

    precision: tuple[float, float]
    recall: tuple[float, float]

    @classmethod
    def of(cls, scores: Sequence[Score]) -> "Spread | None":
        """Return the spread of these scores; None where they tell of nothing."""
        found = []
        for shares in ([s.precision for s in scores], [s.recall for s in scores]):
            values = [share.value for share in shares if share.value is not None]
            if not values:
                return None
            found.append((fmean(values), pstdev(values)))
        return cls(*found)

    def as_json(self) -> dict[str, Any]:
        """Return it as a JSON object."""
        return {
            name: {"mean": mean, "deviation": deviation}
            for name, (mean, deviation) in (("precision", self.precision), ("recall", self.recall))
        }


def _f1(share: float) -> float:
    return 2 * share / (1 + share)
