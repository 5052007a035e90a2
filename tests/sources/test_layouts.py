"""One study, pages, lists, lines, history answers and text pages, told apart by their content."""

from dataclasses import replace
from pathlib import Path

import orjson
import pytest

from monitor.model.record import RawVersion
from monitor.sources.files import read_paths
from monitor.sources.read_progress import LIMITS
from tests.sources.examples import (
    NOW,
    contents,
    nct_id,
    origins,
    read,
    study,
    the_refusal,
    versions,
)

ONE, TWO, THREE = study(1), study(2), study(3)


def pretty(text: bytes) -> bytes:
    return orjson.dumps(orjson.loads(text), option=orjson.OPT_INDENT_2)


def read_as(folder: Path, content: bytes, name: str = "file.json") -> list[bytes]:
    path = folder / name
    path.write_bytes(content)
    return contents(read(path))


def test_a_compact_study_is_one_slice(tmp_path: Path) -> None:
    assert read_as(tmp_path, ONE) == [ONE]


def test_a_pretty_study_is_one_slice_without_the_space_around_it(tmp_path: Path) -> None:
    assert read_as(tmp_path, b"\r\n  " + pretty(ONE) + b"\n\n") == [pretty(ONE)]


def test_a_version_says_where_and_when_it_was_read(tmp_path: Path) -> None:
    path = tmp_path / "one.json"
    path.write_bytes(ONE)
    (found,) = read(path)
    assert found == RawVersion(
        content=ONE, media="json", source="files", origin=str(path), retrieved_at=NOW
    )


def test_a_version_bears_the_name_of_its_source(tmp_path: Path) -> None:
    path = tmp_path / "one.json"
    path.write_bytes(ONE)
    (found,) = read_paths([path], source="nightly dump", now=lambda: NOW)
    assert (found.source, found.origin) == ("nightly dump", str(path))


def test_lines_yield_one_study_each_with_the_number_of_the_line(tmp_path: Path) -> None:
    path = tmp_path / "many.jsonl"
    path.write_bytes(b"\n\n" + ONE + b"\r\n \r\n" + TWO + b"\n\n\n" + THREE)
    found = read(path)
    assert contents(found) == [ONE, TWO, THREE]
    assert origins(found, tmp_path) == ["many.jsonl:3", "many.jsonl:5", "many.jsonl:8"]


def test_a_wrapper_line_yields_the_study_in_it_byte_for_byte(tmp_path: Path) -> None:
    spaced = b'{ "protocolSection" : { "identificationModule":{"nctId" :"NCT00000001"} } }'
    lines = b'{"seq":0,"study":' + spaced + b',"nct_id":"NCT00000001"}\n{"study":' + TWO + b"}\n"
    assert read_as(tmp_path, lines) == [spaced, TWO]


@pytest.mark.parametrize("name", ["nct_id", "nctId"])
def test_a_wrapper_that_names_another_trial_than_its_study_is_refused(
    tmp_path: Path, name: str
) -> None:
    path = tmp_path / "f.jsonl"
    path.write_bytes(orjson.dumps({name: nct_id(7), "study": orjson.loads(ONE)}) + b"\n" + TWO)
    found = read(path)
    assert the_refusal(found).reason == "the line says NCT00000007, the study in it NCT00000001"
    assert the_refusal(found).origin.endswith("f.jsonl:1")
    assert [one.content for one in versions(found)] == [TWO]


def test_a_wrapper_may_name_a_trial_by_its_alias_or_in_other_letters(tmp_path: Path) -> None:
    merged = orjson.loads(ONE)
    merged["protocolSection"]["identificationModule"]["nctIdAliases"] = [nct_id(7)]
    lines = [
        {"nct_id": nct_id(7), "study": merged},
        {"nct_id": "nct00000002 ", "study": orjson.loads(TWO)},
    ]
    found = read_as(tmp_path, b"\n".join(map(orjson.dumps, lines)))
    assert found == [orjson.dumps(merged), TWO]


def test_an_id_that_is_only_mentioned_in_the_study_is_not_its_own(tmp_path: Path) -> None:
    path = tmp_path / "f.jsonl"
    path.write_bytes(b'{"nct_id":"NCT00000007","study":' + study(1, "After NCT00000007") + b"}")
    assert "the study in it NCT00000001" in the_refusal(read(path)).reason


def test_an_id_of_something_else_is_not_taken_for_the_study_s_own(
    tmp_path: Path,
) -> None:
    text = b'{"derivedSection":{"nctId":"x"},' + ONE[1:]
    path = tmp_path / "f.jsonl"
    path.write_bytes(b'{"nct_id":"NCT00000001","study":' + text + b"}")
    assert contents(read(path)) == [text]


def test_a_search_page_yields_its_items(tmp_path: Path) -> None:
    page = b'{"totalCount":3,"studies":[\n' + b",\n".join([ONE, TWO, THREE])
    path = tmp_path / "search.json"
    path.write_bytes(page + b'\n],"nextPageToken":"Zk_-1"}')
    found = read(path)
    assert contents(found) == [ONE, TWO, THREE]
    assert origins(found, tmp_path) == ["search.json[0]", "search.json[1]", "search.json[2]"]


def test_pages_one_a_line_name_line_and_item(tmp_path: Path) -> None:
    path = tmp_path / "pages.jsonl"
    path.write_bytes(b'{"studies":[' + ONE + b"," + TWO + b']}\n{"studies":[' + THREE + b"]}\n")
    found = read(path)
    assert contents(found) == [ONE, TWO, THREE]
    assert origins(found, tmp_path) == ["pages.jsonl:1[0]", "pages.jsonl:1[1]", "pages.jsonl:2[0]"]


@pytest.mark.parametrize("layout", [b"[%b,%b]", b"[\n  %b,\n  %b\n]\n", b'{"studies":[%b,%b]}'])
def test_a_list_of_any_spacing_yields_its_items(tmp_path: Path, layout: bytes) -> None:
    assert read_as(tmp_path, layout % (ONE, TWO)) == [ONE, TWO]


@pytest.mark.parametrize("empty", [b"[]", b'{"totalCount":0,"studies":[\n\n]}', b'{"studies":[]}'])
def test_a_search_without_hits_yields_nothing(tmp_path: Path, empty: bytes) -> None:
    assert read_as(tmp_path, empty) == []


def test_a_page_with_other_objects_before_its_list_is_still_a_page(tmp_path: Path) -> None:
    page = b'{"query":{"cond":{"x":[1]}},\n"studies":[' + ONE + b"]}"
    assert read_as(tmp_path, page) == [ONE]


def test_items_may_be_wrapped_as_lines_may(tmp_path: Path) -> None:
    assert read_as(tmp_path, b'[{"nct_id":"NCT00000001",\n"study":' + ONE + b"}]") == [ONE]


def test_documents_one_behind_the_other_are_all_read(tmp_path: Path) -> None:
    path = tmp_path / "two.json"
    path.write_bytes(pretty(ONE) + b"\n" + pretty(TWO) + b"\n[" + THREE + b"]")
    found = read(path)
    assert contents(found) == [pretty(ONE), pretty(TWO), THREE]
    assert origins(found, tmp_path) == ["two.json", "two.json#2", "two.json#3[0]"]


def test_a_history_answer_stays_whole_and_carries_its_version_number(tmp_path: Path) -> None:
    answer = b'{"studyVersion":3,"study":' + ONE + b"}"
    path = tmp_path / "answers.jsonl"
    path.write_bytes(answer + b"\n" + b"[" + answer.replace(b":3,", b":0,") + b"]\n")
    found = versions(read(path))
    assert [(one.content, one.registry_version) for one in found] == [
        (answer, 3),
        (answer.replace(b":3,", b":0,"), 0),
    ]


def test_a_pretty_history_answer_stays_whole(tmp_path: Path) -> None:
    answer = pretty(b'{"studyVersion":3,"study":' + ONE + b"}")
    assert read_as(tmp_path, answer) == [answer]


def test_a_study_whose_sections_are_in_another_order_is_left_to_the_parser(tmp_path: Path) -> None:
    text = b'{"zz":1,"protocolSection":{}}'
    assert read_as(tmp_path, text + b"\n" + ONE) == [text, ONE]


@pytest.mark.parametrize("start", [b"A study of", b"[Image]\n\nA study of", b"{{ A study of"[3:]])
def test_a_text_page_is_passed_on_as_text(tmp_path: Path, start: bytes) -> None:
    page = start + " Größe ≥ 3".encode()
    path = tmp_path / "page.txt"
    path.write_bytes(b"\xef\xbb\xbf" + page + b"\r\n")
    (found,) = versions(read(path))
    assert (found.media, found.content) == ("text", page)


def test_the_content_decides_not_the_ending(tmp_path: Path) -> None:
    assert read_as(tmp_path, ONE + b"\n" + TWO, "lines.json") == [ONE, TWO]
    assert read_as(tmp_path, pretty(ONE), "pretty.jsonl") == [pretty(ONE)]
    assert read_as(tmp_path, b"[" + ONE + b"]", "list.txt") == [ONE]
    assert read_as(tmp_path, ONE, "unnamed") == [ONE]


def test_a_byte_order_mark_is_no_content(tmp_path: Path) -> None:
    mark = b"\xef\xbb\xbf"
    assert read_as(tmp_path, mark + pretty(ONE)) == [pretty(ONE)]
    assert read_as(tmp_path, mark + ONE + b"\n" + mark + TWO) == [ONE, TWO]


def test_a_page_longer_than_the_limit_of_one_record_is_read_item_by_item(tmp_path: Path) -> None:
    path = tmp_path / "page.json"
    path.write_bytes(b'{"totalCount":400,"studies":[\n' + b",\n".join([ONE] * 400) + b"\n]}")
    found = read(path, limits=replace(LIMITS, record_bytes=200, chunk_bytes=64))
    assert contents(found) == [ONE] * 400
