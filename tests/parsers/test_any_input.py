"""Whatever the bytes are: a record or a RecordError, never another exception."""

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.errors import RecordError
from monitor.model import fields
from monitor.model.record import TrialRecord
from monitor.parsers.base import parse
from monitor.parsers.saved_pages.mirror_sections import SENTENCES
from tests.parsers.raws import NCT_ID, SEED_PAGES, raw, study

PAGES = [path.read_text(encoding="utf-8") for path in SEED_PAGES]
STUDY = study(
    statusModule={"overallStatus": "RECRUITING", "startDateStruct": {"date": "2024-11"}},
    designModule={"phases": ["PHASE1"], "enrollmentInfo": {"count": 40, "type": "ESTIMATED"}},
    eligibilityModule={"eligibilityCriteria": "<p>In:</p><ul><li>Age &gt; 18 é</li></ul>"},
    contactsLocationsModule={"locations": [{"city": "Bern", "geoPoint": {"lat": 46.9}}]},
)
HISTORY = {"studyVersion": 2, "study": STUDY}
JSON_EXAMPLES = [json.dumps(value, ensure_ascii=False).encode() for value in (STUDY, HISTORY)]
EXAMPLES = [*((text, "json") for text in JSON_EXAMPLES), *((p.encode(), "text") for p in PAGES)]


def outcome(content: bytes, media: str) -> TrialRecord | None:
    """Return the record, None when it is refused; the reason is one sentence on one line."""
    try:
        return parse(raw(content, media))
    except RecordError as refused:
        reason = str(refused)
    assert re.fullmatch(r"[^\n]{10,300}", reason)
    return None


@given(content=st.binary(max_size=200), media=st.sampled_from(["json", "text"]))
def test_random_bytes(content: bytes, media: str) -> None:
    assert outcome(content, media) is None


@given(which=st.integers(0, len(EXAMPLES) - 1), data=st.data())
def test_random_truncations(which: int, data: st.DataObject) -> None:
    content, media = EXAMPLES[which]
    cut = content[: data.draw(st.integers(0, len(content) - 1))]
    record = outcome(cut, media)
    assert record is None or media == "text"


@given(which=st.integers(0, len(EXAMPLES) - 1), data=st.data())
def test_random_damage(which: int, data: st.DataObject) -> None:
    content, media = EXAMPLES[which]
    at = data.draw(st.integers(0, len(content) - 1))
    length = data.draw(st.integers(0, 40))
    outcome(content[:at] + data.draw(st.binary(max_size=20)) + content[at + length :], media)


@given(data=st.data())
def test_any_value_in_any_place_of_a_study(data: st.DataObject) -> None:
    paths = sorted({*fields.LIST_RULES, fields.ENROLLMENT_COUNT, fields.START_DATE, fields.NCT_ID,
                    fields.LOCATION_STATUS, fields.VERSION_HOLDER, fields.HAS_RESULTS})  # fmt: skip
    whole = data.draw(st.sampled_from(paths))
    path = whole[: data.draw(st.integers(1, len(whole)))]
    anything: Any = st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats()
        | st.text("<>&;/pulia ", max_size=9),
        lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(path), inner),
        max_leaves=5,
    )
    document: Any = {"protocolSection": {"identificationModule": {"nctId": NCT_ID}}}
    node = document
    for name in path[:-1]:
        node = node.setdefault(name, {})
    node[path[-1]] = data.draw(anything)
    for content in (document, {"studyVersion": 1, "study": document}):
        outcome(json.dumps(content).encode(), "json")


def _sections(text: str) -> list[str]:
    """Cut a page before each of its headings."""
    starts = "|".join(re.escape(heading) for heading in SENTENCES)
    return re.split(rf"\n(?=(?:{starts}|Overview|Eligibility|Study details)\n)", text)


@given(which=st.integers(0, len(PAGES) - 1), data=st.data())
def test_sections_in_any_order_and_any_of_them_missing(which: int, data: st.DataObject) -> None:
    sections = _sections(PAGES[which])
    kept = data.draw(st.lists(st.integers(0, len(sections) - 1), unique=True))
    record = outcome("\n\n".join(sections[at] for at in kept).encode(), "text")
    whole = parse(raw(PAGES[which], "text"))
    if record is not None:
        assert record.coverage.leaves <= whole.coverage.leaves
        assert record.nct_id == whole.nct_id


@pytest.mark.parametrize("which", range(len(PAGES)))
def test_the_order_of_a_mirrors_sections_does_not_matter(which: int) -> None:
    top, *sections = _sections(PAGES[which])
    if "NCT ID: " in top:
        turned = "\n\n".join([top, *reversed(sections)])
        assert parse(raw(turned, "text")) == parse(raw(PAGES[which], "text"))
