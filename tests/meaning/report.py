"""The scores as text and as JSON."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from tests.meaning.labels import HALVES
from tests.meaning.measure import Result
from tests.meaning.scores import Score, Share, Spread

_CAUSES = 6
_QUESTION, _FIGURE = 22, 20
_HEADING = "".join(
    (f"{'':{_QUESTION + 9}}", *(f"{name:{_FIGURE}}" for name in ("precision", "recall", "F1")))
).rstrip()


def text(results: Sequence[Result]) -> str:
    """Return a table of all scores with their 95 % intervals and, below each, its errors."""
    return "\n".join(_lines(results))


def _lines(results: Sequence[Result]) -> Iterator[str]:
    group = question = ""
    for result in results:
        if result.group != group:
            yield from ("", result.group, _HEADING)
            group, question = result.group, ""
        name = "" if result.question == question else result.question
        question = result.question
        yield f"  {name:{_QUESTION}}{result.part:7}{_figures(result.score)}".rstrip()
        if isinstance(result.score, Score):
            yield from _errors("wrongly told", result.score.false_causes)
            yield from _errors("missed", result.score.missed_causes)


def _figures(score: Score | Share | Spread) -> str:
    if isinstance(score, Spread):
        spreads = (f"{mean:.2f} ± {sd:.2f}" for mean, sd in (score.precision, score.recall))
        return "".join(f"{spread:{_FIGURE}}" for spread in spreads) + f"  {HALVES} random halves"
    if isinstance(score, Share):
        return f"{_figure(score.value, score.interval)}  of {score.of:,}"
    shares = [(one.value, one.interval) for one in (score.precision, score.recall)]
    figures = "".join(f"{_figure(*one):{_FIGURE}}" for one in (*shares, score.f1))
    right, rows = score.true_yes + score.missed, score.false_yes + score.true_no
    return f"{figures}  {right:,} of {right + rows:,}"


def _figure(value: float | None, interval: tuple[float, float]) -> str:
    low, high = interval
    return "   -" if value is None else f"{value:.2f} ({low:.2f}-{high:.2f})"


def _errors(what: str, causes: Counter[str]) -> Iterator[str]:
    if causes:
        shown = [f"{count} {cause}" for cause, count in causes.most_common(_CAUSES)]
        more = ["…"] if len(causes) > _CAUSES else []
        yield f"      {what} {causes.total()}: {'; '.join(shown + more)}"


def as_json(results: Sequence[Result]) -> list[dict[str, Any]]:
    """Return one object a question and part."""
    return [
        {
            "group": result.group,
            "question": result.question,
            "part": result.part,
            **result.score.as_json(),
        }
        for result in results
    ]
