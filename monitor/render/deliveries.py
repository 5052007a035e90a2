"""What a delivery pass did, by channel: lines and JSON (`monitor deliver`)."""

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from monitor.render.lines import Line, Span, line
from monitor.render.values import one_line


class DeliveryCounts(Protocol):
    """How many messages met which end."""

    @property
    def sent(self) -> int:
        """Sent."""
        ...

    @property
    def retried(self) -> int:
        """To be tried again."""
        ...

    @property
    def dead(self) -> int:
        """Given up."""
        ...

    @property
    def dropped(self) -> int:
        """Not sent on purpose."""
        ...


def report_to_json(
    channels: Mapping[str, DeliveryCounts], failures: Mapping[str, str]
) -> dict[str, Any]:
    """Return what was delivered for ``--json``, by channel."""
    return {
        "channels": {name: _shape(channels[name]) for name in sorted(channels)},
        "failures": dict(sorted(failures.items())),
    }


def report_lines(
    channels: Mapping[str, DeliveryCounts], failures: Mapping[str, str]
) -> Iterator[Line]:
    """Yield a line for each channel."""
    for name in sorted(channels):
        counts = channels[name]
        counted = f"{counts.sent:,} sent"
        if counts.retried:
            counted += f", {counts.retried:,} to be tried again"
        if counts.dead:
            counted += f", {counts.dead:,} given up"
        if counts.dropped:
            counted += f", {counts.dropped:,} dropped"
        yield line(Span(one_line(name, longest=None), "title"), f": {counted}")
    for name, reason in sorted(failures.items()):
        yield line(
            Span(one_line(name, longest=None), "high"), f": {one_line(reason, longest=None)}"
        )
    # Silence would leave open whether it ran at all.
    if not channels and not failures:
        yield line("nothing is due")


def _shape(counts: DeliveryCounts) -> dict[str, int]:
    return {
        "sent": counts.sent,
        "retried": counts.retried,
        "dead": counts.dead,
        "dropped": counts.dropped,
    }
