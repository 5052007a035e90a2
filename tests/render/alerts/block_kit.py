"""Slack's blocks as a page that looks as Slack draws them; for pictures, not for Slack.

Blocks and marks as https://docs.slack.dev/reference/block-kit/blocks describes them: header,
section, context, divider, actions; bold, italic, strike, code, links and quotes.
"""

import re
from collections.abc import Iterable, Mapping
from html import escape, unescape
from typing import Any

_STYLE = """
:root{color-scheme:light dark}
body{margin:0;padding:20px;background:#fff;color:#1d1c1d;
  font:15px/22px Lato,-apple-system,Segoe UI,Helvetica,Arial,sans-serif}
.card{max-width:600px}
.head{font-size:18px;line-height:24px;font-weight:900;margin:0 0 6px}
.block{margin:6px 0;overflow-wrap:anywhere}
.context{font-size:13px;line-height:18px;color:#616061}
.dot{display:inline-block;width:11px;height:11px;border-radius:6px}
.button{display:inline-block;margin:4px 8px 4px 0;padding:4px 12px;border:1px solid #b5b4b6;
  border-radius:8px;font-weight:700;font-size:13px}
hr{border:0;border-top:1px solid #dddddd;margin:12px 0}
a{color:#1264a3;text-decoration:none}
code{background:#f2f2f2;border:1px solid #ddd;border-radius:3px;padding:1px 3px;font-size:12px}
blockquote{margin:0;padding-left:10px;border-left:4px solid #ddd}
@media (prefers-color-scheme:dark){
  body{background:#1a1d21;color:#d1d2d3}
  .context{color:#ababad}
  .button{border-color:#565856}
  hr{border-top-color:#35373b}
  a{color:#1d9bd1}
  code{background:#232529;border-color:#35373b}
}
"""
_LINK = re.compile(r"<(https?://[^|>]+)(?:\|([^>]*))?>")
# Drawn as dots: a machine without fonts of emoji shows boxes.
_DOTS = {
    "🔴": "#d92d20", "🟠": "#f2700f", "🟡": "#e8b00c", "🔵": "#2f7de1", "⚪": "#c3c8ce",
    "🟢": "#2da44e", "🟣": "#8250df", "⚫": "#3a3f45",
}  # fmt: skip
_EMOJI = re.compile("|".join(_DOTS))
_MARKS = (("\\*", "b"), ("_", "i"), ("~", "s"), ("`", "code"))


def block_kit_page(blocks: Iterable[Mapping[str, Any]]) -> str:
    """Return the blocks as an HTML page; ValueError for a block that is not known here."""
    drawn = "".join(map(_block, blocks))
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><style>{_STYLE}</style>'
        f'<body><div class="card">{drawn}</div></body></html>'
    )


def _block(block: Mapping[str, Any]) -> str:
    kind = block["type"]
    if kind == "divider":
        return "<hr>"
    if kind == "header":
        return f'<div class="head">{_text(block["text"])}</div>'
    if kind == "section":
        texts = [block["text"]] if "text" in block else []
        drawn = "<br>".join(map(_text, [*texts, *block.get("fields", ())]))
        accessory = block.get("accessory")
        return f'<div class="block">{drawn}{_button(accessory) if accessory else ""}</div>'
    if kind == "context":
        return f'<div class="block context">{" ".join(map(_text, block["elements"]))}</div>'
    if kind == "actions":
        return f'<div class="block">{"".join(map(_button, block["elements"]))}</div>'
    raise ValueError(f"no block of the type {kind!r} is known here")


def _button(element: Mapping[str, Any]) -> str:
    return f'<span class="button">{_text(element["text"])}</span>'


def _text(text: Mapping[str, Any]) -> str:
    written = str(text["text"])
    if text["type"] == "plain_text":
        return escape(written).replace("\n", "<br>")
    links: list[str] = []

    def put_aside(found: re.Match[str]) -> str:
        address, words = found[1], found[2] or found[1]
        links.append(f'<a href="{escape(unescape(address))}">{_marked(words)}</a>')
        return f"\x02{len(links) - 1}\x03"

    drawn = _marked(_LINK.sub(put_aside, written))
    drawn = re.sub("\x02(\\d+)\x03", lambda found: links[int(found[1])], drawn)
    return _EMOJI.sub(
        lambda found: f'<i class="dot" style="background:{_DOTS[found[0]]}"></i>', drawn
    )


def _marked(text: str) -> str:
    drawn = escape(unescape(text))
    for mark, tag in _MARKS:
        between = rf"(?<![\w{mark}]){mark}(?=\S)([^\n]+?)(?<=\S){mark}(?![\w{mark}])"
        drawn = re.sub(between, rf"<{tag}>\1</{tag}>", drawn)
    lines = (
        f"<blockquote>{one.removeprefix('&gt;').strip()}</blockquote>"
        if one.startswith("&gt;")
        else one
        for one in drawn.split("\n")
    )
    return "<br>".join(lines)
