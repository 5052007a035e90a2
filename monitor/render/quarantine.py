"""Input that could not be read: as a table, and one entry as a person looks into it."""

from collections.abc import Iterator, Sequence

from monitor.model.history import QuarantineRow
from monitor.model.sanitize import sanitize_lines
from monitor.render.lines import BLANK, Line, Span, Table, TextBlock, line
from monitor.render.values import count_text, moment, one_line

_SHOWN_BYTES = 4000


def quarantine_table(entries: Sequence[QuarantineRow]) -> Iterator[TextBlock]:
    """Yield one row per piece of input that could not be read."""
    head = ("ID", "Last seen (UTC)", "Bytes", "From", "Reason")
    rows = tuple(
        (
            str(entry.id),
            moment(entry.last_seen_at),
            f"{entry.size:,}",
            one_line(entry.origin, longest=None),
            one_line(entry.reason, longest=None),
        )
        for entry in entries
    )
    yield Table(head=head, rows=rows, note=True)
    yield Line((Span(count_text(len(rows), "entry", "entries"), "dim"),))


def entry_lines(entry: QuarantineRow) -> Iterator[Line]:
    """Yield where an entry came from, why it was not read, and how its content begins."""
    content = entry.content or b""
    seen = f"{moment(entry.first_seen_at)}, last {moment(entry.last_seen_at)} UTC"
    for name, value in (
        ("Entry", str(entry.id)),
        ("Reason", entry.reason),
        ("From", f"{entry.origin} ({entry.source})"),
        ("First seen", seen),
        ("Size", _size(entry)),
        ("SHA-256", entry.sha256.hex()),
    ):
        text = one_line(value, longest=None)
        yield line(Span(name.ljust(12), "label"), text, hang=12)
    yield BLANK
    # Bytes that are no UTF-8 show as "�", not as an error: they may be why it is here.
    head = content[:_SHOWN_BYTES].decode("utf-8", "replace")
    for text in sanitize_lines(head):
        yield line(text, hang=0)
    if len(content) > _SHOWN_BYTES:
        yield line(Span("… (`--raw` writes all that was kept)", "dim"))


def _size(entry: QuarantineRow) -> str:
    content = entry.content or b""
    if not content:
        return (
            f"{entry.size:,} bytes, none of them kept" if entry.size else "nothing was kept of it"
        )
    extent = "whole" if entry.is_whole else f"its first {len(content):,} bytes"
    return f"{entry.size:,} bytes, kept {extent}"
