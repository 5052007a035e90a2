r"""History text (HTML) in the form of API v2: Markdown with backslash escapes.

Both forms come from one source text. What the registry's Markdown escapes was counted over
1,761 full records: in the fields that hold markup ``< > [ ] & ^ * ~ | \`` everywhere (no bare
one among 8,000) and ``_`` since late 2025, a list marker where a paragraph would begin with
it; in all other fields nothing. List items stand on lines of their own, indented by their
parent's marker.
"""

import re
from html import unescape
from html.parser import HTMLParser
from typing import Any

from monitor.errors import RecordError
from monitor.model import fields
from monitor.model.fields import Path

_MARKUP_NAMES = frozenset(
    {"description", "briefSummary", "detailedDescription", "eligibilityCriteria", "comment",
     "studyPopulation", "whyStopped", "notes", "accessCriteria", "otherDetails",
     "preAssignmentDetails", "recruitmentDetails"}
)  # fmt: skip
_MARKUP_ENDINGS = ("Description", "Comment")
# Names that hold markup here and plain text elsewhere.
_MARKUP_PATHS = frozenset({(*fields.SEE_ALSO_LINKS, "label"), (*fields.IPD_SHARING, "timeFrame")})

_MAX_NESTING = 50

_ALWAYS = re.compile(r"[\\<>\[\]&^*~|`_]")
_LIST_MARKER = re.compile(r"(\d{1,9})?(?(1)[.)]|[-+])(?=\s|$)")
_BLOCK_TAG = re.compile(r"</?(?:p|ul|ol|li|br)\b", re.IGNORECASE)
_BARE_LESS_THAN = re.compile(r"<(?!/?[a-zA-Z])")
# Without its tag an exponent would be part of the number: "10<sup>9</sup>/L".
_EXPONENT = re.compile(
    r"<sup\b[^>]*>\s*([-+\N{MINUS SIGN}\N{EN DASH}]?\d+)\s*</sup\s*>", re.IGNORECASE
)
_MARK_TAG = re.compile(r"</?mark\b[^>]*>", re.IGNORECASE)


def to_markdown(value: Any, path: Path = ()) -> Any:
    """Return the value with every text in API v2's form; list items share their list's path."""
    if isinstance(value, str):
        return _text(value, path)
    if isinstance(value, dict):
        return {name: to_markdown(below, (*path, name)) for name, below in value.items()}
    if isinstance(value, list):
        return [to_markdown(item, path) for item in value]
    return value


def escape(text: str) -> str:
    """Return one paragraph of plain text with the registry's escapes."""
    text = _ALWAYS.sub(r"\\\g<0>", text)
    marker = _LIST_MARKER.match(text)
    if marker:
        return f"{text[: marker.end() - 1]}\\{text[marker.end() - 1 :]}"
    return text


def _text(text: str, path: Path) -> str:
    # Most texts: a name with neither tag nor entity needs no work.
    if "<" not in text and "&" not in text and not _is_markup(path):
        return text
    # `<mark>` only highlights words.
    text = _EXPONENT.sub(r"^\1", _MARK_TAG.sub("", text))
    if _BLOCK_TAG.search(text):
        return _Blocks.of(text)
    if _is_markup(path):
        return escape(_one_line(unescape(text)))
    return unescape(text)


def _is_markup(path: Path) -> bool:
    name = path[-1] if path else ""
    return name in _MARKUP_NAMES or name.endswith(_MARKUP_ENDINGS) or path in _MARKUP_PATHS


def _one_line(text: str) -> str:
    """Join the lines: the history breaks them after every full stop, whatever it ends."""
    return " ".join(text.split())


class _List:
    """A list under construction: the marker's kind and the blocks of each item."""

    def __init__(self, *, ordered: bool, start: int) -> None:
        self.ordered = ordered
        self.start = start
        self.items: list[list[str | _List]] = []

    def render(self) -> str:
        lines = []
        for number, blocks in enumerate(self.items, self.start):
            marker = f"{number}. " if self.ordered else "* "
            body = _render(blocks).replace("\n", "\n" + " " * len(marker))
            lines.append(re.sub(r"\n +(?=\n|$)", "\n", marker + body).rstrip())
        return "\n".join(lines)


def _render(blocks: "list[str | _List]") -> str:
    parts: list[str] = []
    last: str | _List = ""
    for block in blocks:
        if isinstance(block, _List):
            if isinstance(last, _List) and last.ordered == block.ordered:
                parts.append("<!-- -->")  # else the two lists would be read as one
            parts.append(block.render())
        else:
            parts.append(block)
        last = block
    return "\n\n".join(parts)


class _Blocks(HTMLParser):
    """Collects paragraphs and nested lists; the words of other tags are kept, the tags not."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.levels: list[list[str | _List]] = [[]]
        self.open_lists: list[_List] = []
        self.words: list[str] = []

    @classmethod
    def of(cls, text: str) -> str:
        """Return the HTML text as Markdown."""
        reader = cls()
        # "FVC <70%" is no tag; the HTML parser would swallow what follows it.
        reader.feed(_BARE_LESS_THAN.sub("&lt;", text))
        reader.close()
        reader.end_paragraph()
        return _render(reader.levels[0])

    def end_paragraph(self) -> None:
        # NUL stands for `<br>`: no text of the registry's holds one (`handle_data` sees to it).
        lines = [_one_line(line) for line in "".join(self.words).split("\0")]
        self.words.clear()
        paragraph = "\n".join(escape(line) for line in lines if line)
        if paragraph:
            self.levels[-1].append(paragraph)

    def handle_data(self, data: str) -> None:
        self.words.append(data.replace("\0", " "))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "br":
            self.words.append("\0")
        elif tag == "p":
            self.end_paragraph()
        elif tag in {"ul", "ol"}:
            self.end_paragraph()
            # `_render` goes down by recursion.
            if len(self.open_lists) == _MAX_NESTING:
                raise RecordError(f"a text nests lists more than {_MAX_NESTING} levels deep")
            start = dict(attrs).get("start") or "1"
            made = _List(ordered=tag == "ol", start=int(start) if start.isdecimal() else 1)
            self.levels[-1].append(made)
            self.open_lists.append(made)
        elif tag == "li" and self.open_lists:
            self.end_paragraph()
            self.close_items()
            item: list[str | _List] = []
            self.open_lists[-1].items.append(item)
            self.levels.append(item)

    def handle_endtag(self, tag: str) -> None:
        if tag in {"p", "li", "ul", "ol"}:
            self.end_paragraph()
        if tag in {"ul", "ol"} and self.open_lists:
            self.close_items()
            self.open_lists.pop()
        elif tag == "li":
            self.close_items()

    def close_items(self) -> None:
        """Leave the items that the innermost open list still holds open."""
        while len(self.levels) > len(self.open_lists):
            self.levels.pop()
