"""What deriving events anew changed, or would change (`monitor reclassify`)."""

from collections.abc import Iterator
from typing import Any

from monitor.model.changes import ChangeEvent, Events, Severity
from monitor.model.reclassified import Estimate, Example, ReclassifyReport
from monitor.render.lines import BLANK, Line, Span, Table, TextBlock, TextRole, line
from monitor.render.status import size
from monitor.render.values import count_text, one_line

_MINUTE_S, _HOUR_S = 60, 3_600


def estimate_words(estimate: Estimate, free: int | None) -> str:
    """Write what is ahead; ``free``: bytes on the disk, None where they are not known."""
    many = f"{estimate.versions:,} version{'' if estimate.versions == 1 else 's'}"
    of = f"{estimate.trials:,} trial{'' if estimate.trials == 1 else 's'}"
    words = f"{many} of {of}, in about {_duration(estimate.seconds)}"
    if not estimate.disk_bytes:
        return words
    room = "" if free is None else f" of the {size(free)} that are free"
    return f"{words}; up to {size(estimate.disk_bytes)} of disk{room}"


def report_lines(report: ReclassifyReport, *, dry_run: bool) -> Iterator[TextBlock]:
    """Yield the counts, then by kind and severity what changed, then some examples."""
    yield line(_summary(report, dry_run=dry_run))
    rows = tuple(
        (kind, severity, f"{before:,}", f"{after:,}")
        for kind, severity, before, after in _classes(report)
    )
    if rows:
        yield BLANK
        yield Table(head=("Kind", "Severity", "Before", "After"), rows=rows)
    for example in report.examples:
        yield BLANK
        yield from _example_lines(example)
    if report.changed > len(report.examples) > 0:
        yield BLANK
        more = count_text(report.changed - len(report.examples), "more version")
        yield line(Span(f"and {more}", "dim"))


def report_to_json(report: ReclassifyReport) -> dict[str, Any]:
    """Return the same for ``--json``."""
    return {
        "trials": report.trials,
        "versions": report.versions,
        "changed": report.changed,
        "events": [
            {"kind": kind, "severity": severity, "before": before, "after": after}
            for kind, severity, before, after in _classes(report)
        ],
        "examples": [
            {
                "nct_id": one.nct_id,
                "version": one.version,
                "version_date": one.version_date.isoformat(),
                "before": [_event_to_json(event) for event in one.before],
                "after": [_event_to_json(event) for event in one.after],
            }
            for one in report.examples
        ],
        "damaged": [
            {"nct_id": nct_id, "reason": reason} for nct_id, reason in report.damaged.items()
        ],
    }


def _summary(report: ReclassifyReport, *, dry_run: bool) -> str:
    if not report.versions:
        return (
            "no events are by older rules or thresholds" if not report.damaged else "nothing done"
        )
    many = f"{report.versions:,} version{'' if report.versions == 1 else 's'}"
    of = f"{report.trials:,} trial{'' if report.trials == 1 else 's'}"
    if dry_run:
        return f"{many} of {of}: the events of {report.changed:,} would change; nothing is written"
    return f"{many} of {of}: the events of {report.changed:,} changed; nobody is alerted"


def _classes(report: ReclassifyReport) -> Iterator[tuple[str, str, int, int]]:
    """Yield kind, severity, how many before and after where that differs, the most severe first."""
    ranks = {str(severity): severity.rank for severity in Severity}
    both = report.before.keys() | report.after.keys()
    for kind, severity in sorted(both, key=lambda one: (one[0], -ranks[one[1]])):
        key = kind, severity
        # What stayed the same would bury what changed.
        if report.before[key] != report.after[key]:
            yield kind, severity, report.before[key], report.after[key]


def _example_lines(example: Example) -> Iterator[Line]:
    head = f"{example.nct_id} version {example.version}"
    yield line(Span(head, "title"), Span(f"  {example.version_date}", "dim"))
    marked: tuple[tuple[str, TextRole, Events], ...] = (
        ("-", "before", example.before),
        ("+", "after", example.after),
    )
    for mark, role, events in marked:
        for event in events:
            words = f"{event.severity} {event.kind}: {one_line(event.summary)}"
            yield line(Span(f"{mark} {words}", role), indent=2, hang=4)
    # Examples hold only what differs in words.
    if not (example.before or example.after):
        yield line(Span("the same in words; facts or fields differ", "dim"), indent=2)


def _event_to_json(event: ChangeEvent) -> dict[str, str]:
    return {"kind": str(event.kind), "severity": str(event.severity), "summary": event.summary}


def _duration(seconds: float) -> str:
    """Write a time to wait: ``40 s``, ``12 min``, ``3.5 h``."""
    # From two units on: "1 min" would stand for anything up to 90 seconds.
    if seconds < 2 * _MINUTE_S:
        return f"{max(1, round(seconds))} s"
    if seconds < 2 * _HOUR_S:
        return f"{round(seconds / _MINUTE_S)} min"
    return f"{seconds / _HOUR_S:.1f} h"
