"""Text of the registry as messages may hold it: on one line, steering nothing, not too long."""

from dataclasses import replace

from monitor.model.sanitize import sanitize
from monitor.render.code_words import plain_codes
from monitor.render.lines import Line, Span

# A change is shown in full in the registry; a message is read in ten seconds.
LONGEST_SPAN = 240
LONGEST_LINE = 600
_CUT = "…"


def clean(text: str, *, longest: int = LONGEST_LINE) -> str:
    """Return the text on one line, neutral, codes in plain words, cut where it is too long."""
    return clip(plain_codes(sanitize(text)), longest)


def clip(text: str, longest: int) -> str:
    """Return the text, its end cut off where it is longer than that many characters."""
    return text if len(text) <= longest else text[: max(0, longest - 1)].rstrip() + _CUT


def clean_line(line: Line) -> Line:
    """Return the line with clean spans; what goes beyond a line's length is cut."""
    spans: list[Span] = []
    room = LONGEST_LINE
    for span in line.spans:
        if room <= 1:
            spans.append(Span(_CUT, "dim"))
            break
        text = clean(span.text, longest=min(LONGEST_SPAN, room))
        room -= len(text)
        spans.append(replace(span, text=text))
    return replace(line, spans=tuple(spans), indent=0, hang=2)
