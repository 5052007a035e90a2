"""How long a line of a message becomes."""

from monitor.render.alerts.registry_text import LONGEST_LINE, clean_line
from monitor.render.lines import Span, line


def test_a_line_of_many_spans_is_cut_where_it_is_too_long() -> None:
    reported = clean_line(line(*[Span("x" * 200)] * 10))
    assert sum(len(span.text) for span in reported.spans) <= LONGEST_LINE + 1
    assert reported.spans[-1].text == "…"
