r"""The registry's Markdown in the two other forms it is served in: HTML and classic text.

The history API serves HTML. Simple on purpose: paragraphs, bullet and numbered lists (nested by
indentation) and backslash escapes are all that the registry's own texts consist of.
"""

import re
from collections.abc import Mapping
from typing import Any

_ESCAPED = re.compile(r"\\([\\`*_{}\[\]()#+\-.!<>&^~|])")
_ITEM = re.compile(r"^( *)(?:([*-])|(\d+)\.) +(.*)$")
_SIGNS = {
    "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;", "/": "&#x2F;"
}  # fmt: skip
_SENTENCE_END = re.compile(r"(?<=[.?!]) (?=\S)")
_BRIEF = frozenset({"briefSummary", "detailedDescription", "description"})
MARKUP = _BRIEF | {
    "eligibilityCriteria", "studyPopulation", "whyStopped", "comment", "accessCriteria",
    "maskingDescription", "interventionModelDescription", "genderDescription",
    "populationDescription",
}  # fmt: skip


def to_html(value: Any, name: str = "") -> Any:
    """Return a value of a study with every text as the history API writes it."""
    if isinstance(value, str):
        return html(value, breaks=name in _BRIEF) if name in MARKUP else signs(value)
    if isinstance(value, Mapping):
        return {key: to_html(below, key) for key, below in value.items()}
    if isinstance(value, list):
        return [to_html(item, name) for item in value]
    return value


def to_classic(value: Any, name: str = "") -> Any:
    """Return a value of a study without the Markdown escapes (``markupFormat=legacy``)."""
    if isinstance(value, str):
        return plain(value) if name in MARKUP else value
    if isinstance(value, Mapping):
        return {key: to_classic(below, key) for key, below in value.items()}
    if isinstance(value, list):
        return [to_classic(item, name) for item in value]
    return value


def plain(text: str) -> str:
    """Return text without backslash escapes."""
    return _ESCAPED.sub(r"\1", text)


def signs(text: str) -> str:
    """Return text with the signs of HTML written as entities."""
    return "".join(_SIGNS.get(sign, sign) for sign in text)


def html(markdown: str, *, breaks: bool = False) -> str:
    """Return Markdown as HTML; one paragraph stays bare, with ``breaks`` a sentence a line."""
    lines = markdown.split("\n")
    if not any(_ITEM.match(line) for line in lines) and "\n\n" not in markdown:
        text = signs(plain(markdown))
        return _SENTENCE_END.sub("\n", text) if breaks else text
    return _blocks(lines)


def _blocks(lines: list[str]) -> str:
    """Write blank-line separated paragraphs and lists; deeper lines belong to the item above."""
    parts: list[str] = []
    at = 0
    while at < len(lines):
        item = _ITEM.match(lines[at])
        if not lines[at].strip():
            at += 1
        elif item:
            at = _list(lines, at, parts)
        else:
            start = at
            while at < len(lines) and lines[at].strip() and not _ITEM.match(lines[at]):
                at += 1
            words = "<br>".join(signs(plain(line.strip())) for line in lines[start:at])
            parts.append(f"<p>{words}</p>")
    return "".join(parts)


def _list(lines: list[str], at: int, parts: list[str]) -> int:
    """Write the list that begins at a line; return the line behind it."""
    first = _ITEM.match(lines[at])
    assert first is not None
    tag, indent = ("ul", first[1]) if first[2] else ("ol", first[1])
    items: list[list[str]] = []
    while at < len(lines):
        item = _ITEM.match(lines[at])
        deeper = lines[at].startswith(indent + "  ")
        if item and item[1] == indent and bool(item[2]) == (tag == "ul"):
            items.append([item[4]])
        elif items and (deeper or not lines[at].strip()):
            items[-1].append(lines[at])
        else:
            break
        at += 1
    start = f' start="{first[3]}"' if first[3] and first[3] != "1" else ""
    parts.append(f"<{tag}{start}>{''.join(map(_item, items))}</{tag}>")
    return at


def _item(lines: list[str]) -> str:
    below = [line for line in lines[1:] if line.strip()]
    words = signs(plain(lines[0]))
    if not below:
        return f"<li>{words}</li>"
    return f"<li><p>{words}</p>{_blocks(lines[1:])}</li>"
