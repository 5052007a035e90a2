"""No word of a record is more than a word: in no field, in no format."""

import copy
import json
import re
import unicodedata
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.model.alerts import Notification
from monitor.model.messages import Message
from monitor.model.sanitize import sanitize
from monitor.render.alerts import render
from monitor.render.alerts.mrkdwn import escape
from tests.detect import examples
from tests.detect.examples import Document
from tests.render.alerts import samples

SEED = Path(__file__).parents[3] / "seeds" / "2026-07" / "NCT06733935.json"
MARK = "zq9"
HOSTILE = (
    f"<script>{MARK}()</script>", f'"><img src=x onerror={MARK}>', f"'><a href=javascript:{MARK}>",
    f"</td></table></style><!-- {MARK}", f"&lt;b&gt;{MARK}&amp;", f"{{{{ {MARK} }}}} {{% x %}}",
    f"<!channel> <!here> <@U{MARK}> <#C{MARK}|x> <http://evil.example/{MARK}|click>",
    f"*{MARK}* _{MARK}_ ~{MARK}~ `{MARK}` ```{MARK}``` :{MARK}:\n> {MARK}",
    f"[{MARK}](http://evil.example) ![{MARK}](x) # {MARK}",
    f"{MARK}\r\nBcc: {MARK}@evil.example\r\n\r\n{MARK}", f"\x1b[2J\x1b]0;{MARK}\x07\x9b31m\x00\x7f",
    f"\u202e{MARK}\u2066 \u2028{MARK}\u2029 \ufeff \U000e0041",
)  # fmt: skip
ALL = " ".join(HOSTILE)

TAGS = {"html", "head", "meta", "title", "style", "body", "div", "table", "tr", "td", "a", "span",
        "del", "ins"}  # fmt: skip
ATTRIBUTES = {"lang", "charset", "name", "content", "class", "style", "role", "width", "align",
              "cellpadding", "cellspacing", "border", "href"}  # fmt: skip
ADDRESS = re.compile(
    r"https://(clinicaltrials\.gov/study/NCT\d{8}(\?tab=history)?"
    r"|monitor\.example\.org/(trials/NCT\d{8}/changes/[0-9a-f]{32}|unsubscribe))"
)
LINK = re.compile(rf"<{ADDRESS.pattern}\|[^<>|]*>")


class HtmlParts(HTMLParser):
    """What a mail program would take for markup."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.attributes: dict[str, set[str]] = {}
        self.comments: set[str] = set()
        self.open: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attrs:
            self.attributes.setdefault(name, set()).add(value or "")
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_comment(self, data: str) -> None:
        self.comments.add(data)

    def handle_data(self, data: str) -> None:
        self.text += data


def leaves(value: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield where the strings of a document stand."""
    below = value.items() if isinstance(value, dict) else enumerate(value)
    for name, inner in below:
        if isinstance(inner, dict | list):
            yield from leaves(inner, (*way, name))
        elif isinstance(inner, str):
            yield (*way, name)


def poisoned(document: Document, ways: list[tuple[Any, ...]], text: str) -> Document:
    """Return the document with a text in the place of strings, numbered where they are many."""
    made = copy.deepcopy(document)
    for number, way in enumerate(ways):
        place: Any = made
        for name in way[:-1]:
            place = place[name]
        place[way[-1]] = f"{text}{number if len(ways) > 1 else ''}"
    return made


def assert_harmless(notification: Notification) -> Message:
    """Render a letter and fail where anything in it is more than text."""
    message = render(notification)
    assert_plain(message)
    assert_html(message.html)
    assert_slack(message.slack)
    assert json.loads(json.dumps(message.data))
    return message


def assert_plain(message: Message) -> None:
    assert len(message.subject) <= 200
    for text in (message.subject, *message.text.split("\n")):
        assert text == sanitize(text)
        assert not [one for one in text if unicodedata.category(one) in {"Cc", "Cs", "Zl", "Zp"}]


def assert_html(html: str) -> None:
    parts = HtmlParts()
    parts.feed(html)
    parts.close()
    assert parts.open == []
    assert parts.tags <= TAGS
    assert set(parts.attributes) <= ATTRIBUTES
    assert all(ADDRESS.fullmatch(address) for address in parts.attributes["href"])
    assert not [v for values in parts.attributes.values() for v in values if MARK in v]
    assert not [one for one in parts.comments if MARK in one]
    assert len(html.encode()) < 100_000  # Gmail cuts a mail off at 102 KB


def assert_slack(payload: Any) -> None:
    blocks = payload["blocks"]
    assert len(blocks) <= 50
    assert len(json.dumps(blocks, ensure_ascii=False)) < 13_000
    texts = [text for block in blocks for text in block.get("elements") or [block["text"]]]
    assert all(len(text["text"]) <= 3000 for text in texts)
    assert len(blocks[0]["text"]["text"]) <= 150
    for text in (payload["text"], *(text["text"] for text in texts)):
        bare = LINK.sub("", text)
        assert "<" not in bare
        assert ">" not in bare
        assert "&" not in re.sub("&(amp|lt|gt);", "", bare)
    marked = [text["text"] for text in texts if text["type"] == "mrkdwn"]
    for text in marked:
        assert not re.search(f"`|_{MARK}_|:{MARK}:|^&gt;", text, re.MULTILINE)


def test_every_hostile_text_in_every_field_at_once() -> None:
    seed = json.loads(SEED.read_text("utf-8"))
    for document in (seed, examples.updated(samples.eventful())):
        ways = [way for way in leaves(document) if way[-1] not in {"nctId", "date"}]
        assert len(ways) > 8
        for text in (*HOSTILE, ALL):
            bad = poisoned(document, ways, text)
            for old, new in (
                (document, bad),
                (bad, document),
                (bad, poisoned(bad, ways, f"_{text}")),
            ):
                assert_harmless(samples.changed(old, new))


def test_a_hostile_text_in_one_field_after_the_other() -> None:
    old, new = examples.study(), examples.updated(samples.eventful())
    found = 0
    for way in leaves(new):
        if way[-1] == "nctId":
            continue
        message = assert_harmless(samples.changed(old, poisoned(new, [way], ALL)))
        found += MARK in message.text + message.subject
    assert found > 40  # the others are noise, or cut off


def test_hostile_names_of_fields() -> None:
    for text in HOSTILE:
        new = examples.updated({"designModule": {text: {text: "x", "y": [{text: text}]}}})
        assert MARK in assert_harmless(samples.changed(examples.study(), new)).text


def test_hostile_words_of_subscribers_and_their_subscriptions() -> None:
    record = examples.of(examples.updated(samples.eventful()))
    events = samples.news(examples.study(), dict(record.document))
    others = samples.many(30, samples.eventful())
    for text in (*HOSTILE, "\udcff"):
        reported = samples.alert(record, events, reasons=(text,))
        about = {"uid": text, "subscriber": text, "public_url": samples.MONITOR,
                 "unsubscribe_url": f"{samples.MONITOR}/unsubscribe"}  # fmt: skip
        assert_harmless(samples.digest(reported, *others, **about))
        assert_harmless(samples.digest(empty_digest_of=(text,), **about))


@given(st.text(alphabet=st.sampled_from([*"ab1 *_~`:<>&|é", "日"])))
def test_slack_text_has_no_mark_that_formats(text: str) -> None:
    shown = escape(text)
    assert not re.search(r"(?<![A-Za-z0-9])[*_~]|[*_~](?![A-Za-z0-9])|`|[<>]", shown)
    assert not re.search(r":[A-Za-z0-9_+'-]+:", shown)


@pytest.mark.parametrize("text", ["Prot_000.pdf", "a*b", "18:30", "CD19 × CD3", "A & B"])
def test_slack_text_that_formats_nothing_stays(text: str) -> None:
    assert escape(text).replace("&amp;", "&") == text
