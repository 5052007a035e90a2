"""History text (HTML) comes out as API v2 writes the same text in Markdown."""

import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt

from monitor.errors import RecordError
from monitor.model import fields
from monitor.model.fields import Path as FieldPath
from monitor.parsers import markup

CRITERIA = fields.ELIGIBILITY_CRITERIA
LEFT_OVER = re.compile(r"</?(?:p|ul|ol|li|br|mark)\b[^>]*>|&(?:lt|gt|amp|quot|#x27|#x2F);")


@pytest.mark.parametrize(
    ("html", "markdown"),
    [
        ("age &gt;&#x2F;= 18 &amp; SpO2 &lt; 94%", r"age \>/= 18 \& SpO2 \< 94%"),
        ("[BMI] 10^9/L HLA-B*5701 ~5 a_b a|b", r"\[BMI\] 10\^9/L HLA-B\*5701 \~5 a\_b a\|b"),
        ("First sentence.\nSecond (i.e.\none).", "First sentence. Second (i.e. one)."),
        ("<p>One</p><p>Two</p>", "One\n\nTwo"),
        ("<p>One<br>Two</p>", "One\nTwo"),
        ("<p>1. one</p><p>2) two</p><p>- dash</p>", "1\\. one\n\n2\\) two\n\n\\- dash"),
        ("<p>-no list 1.5</p>", "-no list 1.5"),
        ('<p>with <mark class="hl-term">lupus</mark></p>', "with lupus"),
        ("<p>10<sup>9</sup>/L, m<SUP> -2 </SUP></p>", r"10\^9/L, m\^-2"),
        ("<p>5<sup>th</sup> CD4<sup>+</sup> H<sub>2</sub>O</p>", "5th CD4+ H2O"),
        ("10<sup>9</sup>/L", r"10\^9/L"),
        ("<p>A</p><ul><li>b</li><li>c</li></ul><p>D</p>", "A\n\n* b\n* c\n\nD"),
        ("<ol><li>a</li><li>b</li></ol>", "1. a\n2. b"),
        ('<ol start="4"><li>a</li></ol>', "4. a"),
        (
            "<ol><li><p>a</p><ul><li>b</li><li><p>c</p><ol><li>d</li></ol></li></ul></li></ol>",
            "1. a\n\n   * b\n   * c\n\n     1. d",
        ),
        ("<ul><li><p>a</p><p>b</p></li><li>c</li></ul>", "* a\n\n  b\n* c"),
        ("<ul><li>a</li></ul><ul><li>b</li></ul>", "* a\n\n<!-- -->\n\n* b"),
        ("<ol><li><p>a</p><ul><li>b</li></ul></li><li>c</li></ol>", "1. a\n\n   * b\n2. c"),
        ("<ul><li>a<li>b</ul>", "* a\n* b"),
        ("<p>10 < 20</p>", r"10 \< 20"),
        ("<p>literal &amp;lt;p&amp;gt;</p>", r"literal \&lt;p\&gt;"),
    ],
)
def test_html_becomes_the_registrys_markdown(html: str, markdown: str) -> None:
    assert _converted(CRITERIA, html) == markdown


def test_fields_without_markup_are_only_decoded() -> None:
    html = 'Age &gt; 18 [years] &amp; <mark class="hl-term">lupus</mark> 2^3 L&#x27;Aquila'
    assert _converted(fields.BRIEF_TITLE, html) == "Age > 18 [years] & lupus 2^3 L'Aquila"
    link = (*fields.SEE_ALSO_LINKS, "url")
    assert _converted(link, "https:&#x2F;&#x2F;a.b&#x2F;?x=1&amp;y_z=2") == "https://a.b/?x=1&y_z=2"


def test_what_is_no_text_stays() -> None:
    value = {"hasResults": False, "n": [1, 2.5, None]}
    assert markup.to_markdown(value) == value


def test_lists_without_end_are_refused() -> None:
    with pytest.raises(RecordError, match="nests lists more than 50 levels deep"):
        _converted(CRITERIA, "<ul><li>a" * 5_000)


def test_the_registrys_patches_convert_without_a_tag_or_entity_left(shared_data: Path) -> None:
    path = shared_data / "ctgov" / "patches" / "registry_json_patches.jsonl.gz"
    converted = 0
    for html, field in _texts_of_patches(path):
        text = _converted(field, html)
        # What was literal text in the source is doubly escaped in the history: that stays.
        left = [sign for sign in LEFT_OVER.findall(text) if sign.replace("&", "&amp;") not in html]
        assert not left, (html, text)
        converted += text != html
    assert converted > 2_000


def test_every_markdown_text_of_the_registry_survives_the_way_over_html(shared_data: Path) -> None:
    """Real v2 text, rendered as HTML by a CommonMark reader, comes back as it was.

    Where it does not to the letter, words, order and items are still the same, except for the
    texts whose own Markdown is ambiguous ("* 1) text" reads as a list within a list).
    """
    reader = MarkdownIt("commonmark")
    texts = sorted(set(_texts_of_studies(shared_data / "ctgov/studies/studies_mixed.jsonl.gz")))
    exact = same = 0
    for text in texts:
        html = re.sub(r">\n<", "><", reader.render(text).replace("/p>\n", "/p>")).strip()
        back = _converted(CRITERIA, html)
        exact += back == text
        same += _lines(back) == _lines(text)
    assert len(texts) > 6_000
    assert exact >= 0.99 * len(texts)
    assert same >= 0.994 * len(texts)


def _converted(path: FieldPath, text: str) -> str:
    value: Any = text
    for name in reversed(path):
        value = {name: value}
    value = markup.to_markdown(value)
    for name in path:
        value = value[name]
    assert isinstance(value, str)
    return value


def _lines(text: str) -> list[str]:
    plain = re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", text).replace("<!-- -->", "")
    return [" ".join(line.split()) for line in plain.split("\n") if line.strip()]


def _texts(value: Any, path: FieldPath) -> Iterator[tuple[str, FieldPath]]:
    if isinstance(value, str):
        yield value, path
    elif isinstance(value, dict):
        for name, below in value.items():
            yield from _texts(below, (*path, name))
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item, path)


def _texts_of_patches(path: Path) -> Iterator[tuple[str, FieldPath]]:
    with gzip.open(path) as lines:
        for line in lines:
            for operation in json.loads(line)["patch"]:
                names = [name for name in operation["path"].split("/") if name.isalpha()]
                yield from _texts(operation.get("value"), tuple(names) or ("whole",))


def _texts_of_studies(path: Path) -> Iterator[str]:
    names = {fields.ELIGIBILITY_CRITERIA[-1], fields.BRIEF_SUMMARY[-1], "description",
             fields.DETAILED_DESCRIPTION[-1]}  # fmt: skip
    with gzip.open(path) as lines:
        for line in lines:
            for text, field in _texts(json.loads(line)["study"], ()):
                if field[-1] in names:
                    yield text
