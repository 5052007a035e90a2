"""Why subscriptions get events, or do not: as lines and as JSON."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from monitor.model.changes import ChangeEvent
from monitor.model.history import StoredVersion, TrialRow
from monitor.model.subscriptions import Subscription, Verdict
from monitor.render.lines import BLANK, Line, Span, line
from monitor.render.shapes import version_shape
from monitor.render.values import one_line

Answers = Sequence[tuple[Subscription, Sequence[Verdict]]]


def explanation_lines(
    trial: TrialRow,
    numbered: tuple[int, StoredVersion],
    events: Sequence[ChangeEvent],
    answers: Answers,
) -> Iterator[Line]:
    """Yield the version's events, numbered, and what each subscription says to each of them.

    Events to which a subscription says the same stand on one line.
    """
    number, version = numbered
    yield line(Span(f"{trial.nct_id}, version {number}", "title"), f"  of {version.version_date}")
    for at, event in enumerate(events, 1):
        summary = one_line(event.summary)
        yield line(Span(f"{at:>3} ", "dim"), Span(event.severity, event.severity.value),
                   f"  {event.kind}: {summary}", indent=2, hang=6)  # fmt: skip
    if not events:
        yield line("it has no events", indent=2)
    for subscription, verdicts in answers:
        yield BLANK
        name = f"{subscription.id}  {subscription.subscriber}: {subscription.name}"
        yield line(Span(name, "label"))
        for verdict, positions in _alike(verdicts):
            sign = Span("sent", "after") if verdict.sends else Span("not sent", "before")
            which = ", ".join(str(at + 1) for at in positions)
            yield line(Span(f"{which}: ", "dim"), sign, f", {told(verdict)}", indent=2, hang=4)
    if not answers:
        yield line("there are no subscriptions")


def told(verdict: Verdict) -> str:
    """Say a verdict in words: ``its filter matches this trial (condition: lupus)``."""
    words = one_line(verdict.words, longest=None)
    return f"{verdict.reason} ({words})" if verdict.words else str(verdict.reason)


def explanation_shape(
    trial: TrialRow,
    numbered: tuple[int, StoredVersion],
    events: Sequence[ChangeEvent],
    answers: Answers,
) -> dict[str, Any]:
    """Return the same for ``--json``; ``reason`` is a name that does not change."""
    return {
        "nct_id": trial.nct_id,
        **version_shape(*numbered),
        "events": [
            {"kind": event.kind.value, "severity": event.severity.value, "summary": event.summary}
            for event in events
        ],
        "subscriptions": [
            {
                "id": subscription.id,
                "subscriber": subscription.subscriber,
                "name": subscription.name,
                "verdicts": [
                    {
                        "sends": verdict.sends,
                        "reason": verdict.reason.name.lower(),
                        "words": verdict.words,
                    }
                    for verdict in verdicts
                ],
            }
            for subscription, verdicts in answers
        ],
    }


def _alike(verdicts: Iterable[Verdict]) -> list[tuple[Verdict, list[int]]]:
    """Return each verdict once, with the positions that it stands at."""
    found: dict[Verdict, list[int]] = {}
    for position, verdict in enumerate(verdicts):
        found.setdefault(verdict, []).append(position)
    return list(found.items())
