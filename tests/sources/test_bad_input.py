"""Whatever is wrong with a piece: it is named, its head is kept, and the rest goes on."""

from dataclasses import replace
from pathlib import Path

import pytest

from monitor.sources.read_progress import LIMITS
from tests.sources.examples import origins, read, refusals, study, the_refusal, versions

JSON = "download JSON instead: https://clinicaltrials.gov/api/v2/studies/NCT_ID"
ONE, TWO, THREE = study(1), study(2), study(3)


def refused(folder: Path, content: bytes) -> str:
    path = folder / "file.json"
    path.write_bytes(content)
    return the_refusal(read(path)).reason


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "the file is empty"),
        (b"\xef\xbb\xbf", "the file holds only white space"),
        (b" \r\n\t\n", "the file holds only white space"),
        (ONE[:-10], "not valid JSON: it ends too early"),
        (b'{"protocolSection": nope}', "not valid JSON: invalid character (byte 21)"),
        (b'\n\n{"protocolSection": NaN}', "not valid JSON: invalid character (byte 22)"),
        (b"{'protocolSection': {}}", "not valid JSON: expected '\"' (byte 1)"),
        (b"[" * 10_000, "it is a JSON list, but not of objects"),
        (b'{"a":' * 10_000, "not valid JSON: nested too deeply"),
        (b"[1, 2, 3]", "it is a JSON list, but not of objects"),
        (b'["a"]', "it is a JSON list, but not of objects"),
        (b"null", "it is JSON, but neither an object nor a list"),
        (b'\n"NCT00000001"\n', "it is JSON, but neither an object nor a list"),
        (
            b"<!DOCTYPE html>\n<html><body>502</body></html>",
            f"it is an HTML page, not a record; {JSON}",
        ),
        (
            b'<?xml version="1.0"?><a/>',
            f"it is XML or a part of an HTML page, not a record; {JSON}",
        ),
        (b"\x7fELF\x02\x01\x01\x00\x00", "it is binary data, not a record"),
        (b"\x89PNG\r\n\x1a\n" + b"\xff" * 20, f"it is an image (PNG), not a record; {JSON}"),
        (b"A study \xe9t\xe9", "it is no text in UTF-8 (byte 8)"),
        ("A study".encode("utf-16"), "it is text in UTF-16; save it as UTF-8"),
        (b'{"nct_id":"NCT00000001","study":null}', "the study in it is not a JSON object"),
    ],
)
def test_a_file_that_holds_no_record_is_refused_with_the_reason(
    tmp_path: Path, content: bytes, reason: str
) -> None:
    assert refused(tmp_path, content) == reason


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b'{"study":%b,"study":%b}', "study"),
        (b'{"nct_id":"NCT00000009","study":%b,"nct_id":"NCT00000002","note":[%b]}', "nct_id"),
        (b'{"studies":[%b],"studies":[%b]}', "studies"),
        (b'{"studies":[%b],"stud\\u0069es":[%b]}', "studies"),
    ],
)
def test_a_name_that_stands_twice_around_studies_hides_none_of_them(
    tmp_path: Path, content: bytes, name: str
) -> None:
    whole = content % (ONE, TWO)
    reason = f"the key {name!r} stands twice in one object"
    assert refused(tmp_path, whole) == reason
    path = tmp_path / "lines.jsonl"
    path.write_bytes(whole + b"\n" + THREE)
    found = read(path)
    assert [one.content for one in versions(found)] == [THREE]
    assert the_refusal(found).content == whole


def test_a_second_list_behind_that_of_a_search_page_is_told(tmp_path: Path) -> None:
    path = tmp_path / "page.json"
    path.write_bytes(b'{\n"studies":[' + ONE + b'],\n"studies":[' + TWO + b"]}")
    found = read(path)
    assert [one.content for one in versions(found)] == [ONE]
    assert the_refusal(found).reason == "the key 'studies' stands twice in one object"
    assert TWO in the_refusal(found).content


def test_names_twice_elsewhere_around_a_study_are_no_matter(tmp_path: Path) -> None:
    path = tmp_path / "lines.jsonl"
    path.write_bytes(b'{"a":{"study":1,"study":2},"a":1e999,"study":%b,"studyx":9}\n' % ONE)
    assert [one.content for one in versions(read(path))] == [ONE]


def test_a_wrapped_history_answer_of_another_trial_is_refused(tmp_path: Path) -> None:
    answer = b'{"nct_id":"NCT00000002","study":{"studyVersion":3,"study":%b}}' % ONE
    assert refused(tmp_path, answer) == "the line says NCT00000002, the study in it NCT00000001"


def test_what_is_refused_is_kept_with_its_place_and_size(tmp_path: Path) -> None:
    path = tmp_path / "page.json"
    path.write_bytes(b"<html>" + b"x" * 3_000_000)
    found = the_refusal(read(path))
    assert found.content == b"<html>" + b"x" * ((1 << 20) - 6)
    assert found.size == 3_000_006
    assert found.origin == str(path)


def test_a_broken_line_costs_only_itself(tmp_path: Path) -> None:
    bad = [b'{"study":{"a":1}', b'{"study":' + b'{"a":' * 10_000, b"half a rec", b"\0\0\0", b"7"]
    path = tmp_path / "lines.jsonl"
    path.write_bytes(b"\n".join([ONE, *bad, TWO]) + b"\n")
    found = read(path)
    assert [one.content for one in versions(found)] == [ONE, TWO]
    assert origins(found, tmp_path) == [f"lines.jsonl:{number}" for number in range(1, 8)]


@pytest.mark.parametrize(
    "bad", [ONE[:-1], ONE[:30], b'{"study":', b'{"protocolSection":{},', ONE[:-1] + b"]"]
)
def test_a_broken_first_line_does_not_hide_that_these_are_lines(tmp_path: Path, bad: bytes) -> None:
    path = tmp_path / "lines.jsonl"
    path.write_bytes(b"\n".join([bad, ONE[:-1], TWO, THREE, b""]))
    assert [one.content for one in versions(read(path))][-2:] == [TWO, THREE]


def test_a_broken_bare_study_in_a_line_is_left_to_the_parser(tmp_path: Path) -> None:
    path = tmp_path / "lines.jsonl"
    path.write_bytes(ONE + b"\n" + TWO[:-1] + b"\n" + THREE)
    assert [one.content for one in versions(read(path))] == [ONE, TWO[:-1], THREE]


def test_a_broken_pretty_document_is_one_piece_not_many(tmp_path: Path) -> None:
    text = (
        b'{\n  "protocolSection": {\n    "a": [\n      {"b": 1},\n      {"b": 2}\n    ]\n  },,\n}'
    )
    second_comma = text.index(b",,") + 1
    assert refused(tmp_path, text) == f"not valid JSON: expected '\"' (byte {second_comma})"


def test_a_page_that_breaks_keeps_the_items_before_the_break(tmp_path: Path) -> None:
    path = tmp_path / "page.json"
    path.write_bytes(b'{"studies":[\n' + ONE + b",\n" + TWO + b",\n" + THREE[:-5])
    found = read(path)
    assert [one.content for one in versions(found)] == [ONE, TWO]
    assert origins(found, tmp_path)[-1] == "page.json[2]"
    assert the_refusal(found).content == THREE[:-5]


@pytest.mark.parametrize(
    ("tail", "reason"),
    [
        (b"]", "it ends too early"),
        (b'],"nextPageToken":', "it ends too early"),
        (b"};", "expected ',' or ']'"),
        (b"]}<html>", "something that is not JSON follows the JSON document"),
    ],
)
def test_a_page_whose_end_is_wrong_keeps_all_items_and_says_so(
    tmp_path: Path, tail: bytes, reason: str
) -> None:
    path = tmp_path / "page.json"
    path.write_bytes(b'{"studies":\n[' + ONE + b"," + TWO + tail)
    found = read(path)
    assert [one.content for one in versions(found)] == [ONE, TWO]
    assert reason in the_refusal(found).reason


def test_a_long_row_of_bad_lines_is_run_together_and_good_lines_behind_it_are_read(
    tmp_path: Path,
) -> None:
    junk = [b"junk %d" % number for number in range(5_000)]
    path = tmp_path / "lines.jsonl"
    path.write_bytes(b"\n".join([ONE, *junk, TWO, b"junk", b"{}"]))
    found = read(path)
    assert [one.content for one in versions(found)] == [ONE, TWO, b"{}"]
    assert len(found) == 3 + 100 + 2 + 1
    together, last = refusals(found)[100:102]
    assert together.content == b"\n".join(junk[100:-1])
    assert together.size == sum(map(len, junk[100:-1]))
    assert together.origin.endswith("lines.jsonl:102")
    assert together.reason == "it is not a JSON object; so are the next 4,898"
    assert (last.content, last.origin[-5:]) == (junk[-1], ":5001")


BROKEN = [
    b'{"a":NaN}',
    b'{"a":"\\x }"}',
    b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
    b'{"a":[{"]}":01}, {"\\"{":}]}',
]


@pytest.mark.parametrize("bad", BROKEN)
@pytest.mark.parametrize("layout", [b"[%b,\n%b,%b]", b'{\n"studies":[%b,%b,%b]}', b"%b\n%b%b"])
@pytest.mark.parametrize("chunk_bytes", [10, 100_000])
def test_a_broken_study_whose_brackets_close_costs_only_itself(
    tmp_path: Path, bad: bytes, layout: bytes, chunk_bytes: int
) -> None:
    spaced = b"{\n" + ONE[1:]
    path = tmp_path / "many.json"
    path.write_bytes(layout % (spaced, bad, TWO))
    found = read(path, limits=replace(LIMITS, chunk_bytes=chunk_bytes))
    assert [one.content for one in versions(found)] == [spaced, TWO]
    assert the_refusal(found).content == bad
    assert "not valid JSON: " in the_refusal(found).reason


def test_an_item_that_is_no_object_costs_only_itself(tmp_path: Path) -> None:
    path = tmp_path / "list.json"
    path.write_bytes(b"[" + ONE + b", 12.5, null,\n" + TWO + b"]")
    found = read(path)
    assert [type(one).__name__[:3] for one in found] == ["Raw", "Unr", "Unr", "Raw"]
    assert {one.reason for one in found[1:3]} == {"the item is not a JSON object"}  # type: ignore[union-attr]


def test_a_line_over_the_limit_is_passed_over_and_its_head_and_size_are_kept(
    tmp_path: Path,
) -> None:
    long = study(9, "x" * 5_000)
    path = tmp_path / "lines.jsonl"
    path.write_bytes(b"\n".join([ONE, long, TWO]))
    for chunk_bytes in (100, 1_000, 100_000):
        found = read(path, limits=replace(LIMITS, record_bytes=1_000, chunk_bytes=chunk_bytes))
        assert [one.content for one in versions(found)] == [ONE, TWO]
        bad = the_refusal(found)
        assert bad.reason == "the line is longer than the limit of 1,000 bytes"
        assert (bad.content, bad.size) == (long, len(long))
        assert origins(found, tmp_path) == ["lines.jsonl:1", "lines.jsonl:2", "lines.jsonl:3"]


@pytest.mark.parametrize(
    ("start", "what"), [(b"{\n", "JSON value"), (b"[", "JSON value"), (b"Page ", "text")]
)
def test_a_document_an_item_or_a_text_over_the_limit_is_refused(
    tmp_path: Path, start: bytes, what: str
) -> None:
    long = study(9, "x" * 5_000)
    path = tmp_path / "long"
    path.write_bytes(start + long[start == b"{\n" :])
    found = the_refusal(read(path, limits=replace(LIMITS, record_bytes=1_000, chunk_bytes=100)))
    assert found.reason == f"the {what} is longer than the limit of 1,000 bytes"
    assert found.content.endswith(long[-100:])


def test_a_bad_file_does_not_stop_the_others(tmp_path: Path) -> None:
    for name, content in {"a": ONE, "b": b"", "c": b"\0", "d": TWO}.items():
        (tmp_path / f"{name}.json").write_bytes(content)
    assert [one.content for one in versions(read(tmp_path))] == [ONE, TWO]
    assert len(read(tmp_path)) == 4


LONG = [study(number, "x" * 500) for number in (1, 2, 3)]
UNCLOSED = [LONG[1][:-2], LONG[1][:300], LONG[1].replace(b'"}}}', b"}}}"), LONG[1] + b"}"]


@pytest.mark.parametrize("bad", UNCLOSED, ids=["brackets", "cut off", "quote", "one too many"])
@pytest.mark.parametrize(
    "layout", [b"[%b,\n%b,%b]", b'{\n"studies":[%b,%b,%b]}'], ids=["list", "page"]
)
@pytest.mark.parametrize("at", [1, 2])
@pytest.mark.parametrize("chunk_bytes", [10, 100_000])
def test_a_broken_study_whose_brackets_do_not_close_costs_only_itself(
    tmp_path: Path, bad: bytes, layout: bytes, at: int, chunk_bytes: int
) -> None:
    pieces = [LONG[0], LONG[2]]
    pieces.insert(at, bad)
    path = tmp_path / "many.json"
    path.write_bytes(layout % tuple(pieces))
    found = read(path, limits=replace(LIMITS, chunk_bytes=chunk_bytes))
    assert [one.content for one in versions(found)] == [LONG[0], LONG[2]]
    assert the_refusal(found).content == bad
    assert the_refusal(found).origin == f"{path}[{at}]"


def test_a_broken_study_in_a_page_on_a_line_costs_only_itself(tmp_path: Path) -> None:
    path = tmp_path / "pages.jsonl"
    bad = b'{"protocolSection":{"a":"\\ud83d"}}'
    path.write_bytes(b'{"studies":[%b]}\n{"studies":[%b,%b,%b]}\n[%b]\n' % (
        ONE, TWO, bad, LONG[0], LONG[2]
    ))  # fmt: skip
    found = read(path)
    assert [one.content for one in versions(found)] == [ONE, TWO, LONG[0], LONG[2]]
    assert (the_refusal(found).content, the_refusal(found).origin) == (bad, f"{path}:2[1]")
