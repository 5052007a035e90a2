"""Cutting answers into studies, and what is read of each."""

import gzip
import json
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.errors import SourceError
from monitor.sources.ctgov.studies import single_study, split_studies, study
from tests.registry.examples import nct
from tests.registry.examples import study as example
from tests.registry.poison import NO_JSON


def page(*pieces: Any, **more: Any) -> bytes:
    return orjson.dumps({"studies": list(pieces), **more})


def test_every_study_is_the_registrys_own_bytes() -> None:
    one, other = b'{ "protocolSection" : {"a": "\\u00e9 \xc3\xa9"} }', b'{"x":1.50}'
    found = split_studies(
        b'{"totalCount":7,"studies":[\n' + one + b",\n" + other + b'],"nextPageToken":"t"}'
    )
    assert [piece.content for piece in found.studies] == [one, other]
    assert (found.token, found.total) == ("t", 7)


def test_id_dates_and_aliases_are_read_whatever_the_order_and_the_spaces() -> None:
    document = example(1, "2026-02-27")
    document["derivedSection"] = {"miscInfoModule": {"versionHolder": "2026-03-02"}}
    document["protocolSection"]["identificationModule"]["nctIdAliases"] = [nct(2), "x"]
    turned = dict(reversed(document.items()))
    turned["protocolSection"] = dict(reversed(document["protocolSection"].items()))
    for content in (orjson.dumps(document), json.dumps(document, indent=2).encode(),
                    orjson.dumps(turned)):  # fmt: skip
        one = study(content)
        assert (one.nct_id, one.posted, one.loaded, one.aliases()) == (
            nct(1), date(2026, 2, 27), "2026-03-02", (nct(2),),
        )  # fmt: skip


def test_a_text_that_reads_like_an_id_or_a_date_is_none() -> None:
    text = (
        '{"nctId":"NCT00000009"},"lastUpdatePostDateStruct":{"date":"2031-01-01"},'
        '"versionHolder":"2031-01-01"'
    )
    document = {"protocolSection": {"descriptionModule": {"briefSummary": text}}}
    one = study(orjson.dumps(document))
    assert (one.nct_id, one.posted, one.loaded) == (None, None, None)


@pytest.mark.parametrize("held", ["NCT00000000", "NCT1", "", 5, None, ["NCT00000001"], {}])
def test_an_id_that_is_none_is_not_read(held: object) -> None:
    document = {"protocolSection": {"identificationModule": {"nctId": held}}}
    assert study(orjson.dumps(document)).nct_id is None


@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_no_slice_is_too_strange_to_be_kept(content: bytes) -> None:
    one = study(content)
    assert one.content == content
    assert one.nct_id is None
    assert one.aliases() == ()


SHAPES = {
    "no studies": (b'{"result":1}', "of another shape than known: "),
    "studies that are no list": (b'{"studies":{}}', "of another shape than known: "),
    "a list": (b"[]", "of another shape than known: "),
    "a token that is no text": (b'{"studies":[],"nextPageToken":5}', "of another shape than known"),
    "a total that is no number": (b'{"studies":[],"totalCount":"5"}', "of another shape than"),
    "nothing": (b"", "not valid JSON: "),
    "a broken end": (b'{"studies":[{"a":1},', "not valid JSON: "),
    "a broken list": (b'{"studies":[{"a":tru}', "not valid JSON: "),
    "text": (b"Service unavailable", "not valid JSON: "),
    "no UTF-8": (b'{"studies":[],"nextPageToken":"\xff"}', "not valid JSON: "),
    "too deep": (b'{"studies":[' + b"[" * 100_000, "not valid JSON: "),
}


@pytest.mark.parametrize("case", SHAPES)
def test_an_answer_that_is_no_page_says_what_is_wrong(case: str) -> None:
    body, words = SHAPES[case]
    with pytest.raises(SourceError) as caught:
        split_studies(body)
    assert str(caught.value).startswith(words)
    assert len(str(caught.value)) < 300


def test_one_study_is_a_study() -> None:
    body = b' {"protocolSection":{"identificationModule":{"nctId":"NCT00000001"}}}\n'
    assert single_study(body).nct_id == "NCT00000001"
    assert single_study(body).content == body.strip()


def seconds(*works: Callable[[], object]) -> list[float]:
    """Return the CPU time of the quickest run of each; they run in turns."""
    taken: list[list[float]] = [[] for _ in works]
    for _ in range(25):
        for times, work in zip(taken, works, strict=True):
            began = time.process_time()
            work()
            times.append(time.process_time() - began)
    return [min(times) for times in taken]


def test_reading_a_page_costs_a_fraction_of_loading_it(shared_data: Path) -> None:
    snapshots = shared_data / "ctgov" / "snapshots" / "daily_snapshots_2026-02_03.jsonl.gz"
    with gzip.open(snapshots, "rb") as lines:
        pieces = [json.loads(line)["study"] for _, line in zip(range(300), lines, strict=False)]
    body = page(*pieces)
    found = split_studies(body)
    names = [piece["protocolSection"]["identificationModule"]["nctId"] for piece in pieces]
    assert [one.nct_id for one in found.studies] == names
    assert all(one.posted and one.loaded for one in found.studies)
    ours, loading = seconds(lambda: split_studies(body), lambda: orjson.loads(body))
    assert ours < 0.7 * loading, "a quarter on a quiet machine"


def record(number: int) -> bytes:
    """Return a study as the registry writes it."""
    return orjson.dumps(example(number))


FRAMES = {
    "total before": b'{"totalCount":3,"studies":[%b]}',
    "token before": b'{"nextPageToken":"abc","totalCount":3,"studies":[\n%b\n]}',
    "token behind": b'{"studies":[%b],"nextPageToken":"abc","totalCount":3}\n',
}


@pytest.mark.parametrize("frame", FRAMES.values(), ids=FRAMES)
@given(data=st.data())
def test_whatever_happens_to_the_bytes_of_one_study_costs_only_itself(
    frame: bytes, data: st.DataObject
) -> None:
    page = [record(number) for number in (1, 2, 3)]
    at = data.draw(st.integers(0, 2), "which one")
    start = data.draw(st.integers(0, len(page[at])), "from")
    stop = data.draw(st.integers(start, len(page[at])), "to")
    mark = st.sampled_from([b'"', b"{", b"}", b"[", b"]", b",", b"\\", b":", b"\n", b"\0", b""])
    put = data.draw(st.binary(max_size=6) | mark, "in its place")
    whole = [one for number, one in enumerate(page) if number != at]
    page[at] = page[at][:start] + put + page[at][stop:]
    found = split_studies(frame % b",".join(page))
    assert found.total == 3
    assert found.token == ("abc" if b"Token" in frame else None)
    sound = [one.content for one in found.studies if one.problem is None]
    assert [one for one in sound if one in whole] == whole


@pytest.mark.parametrize("kind", NO_JSON)
@pytest.mark.parametrize("at", [0, 1, 2])
def test_a_study_that_is_no_json_keeps_its_id_and_says_what_is_wrong_where(
    kind: str, at: int
) -> None:
    page = [record(number) for number in (1, 2, 3)]
    page[at] = NO_JSON[kind](page[at])
    found = split_studies(FRAMES["token behind"] % b",".join(page))
    assert [one.nct_id for one in found.studies] == [nct(1), nct(2), nct(3)]
    assert [one.content for one in found.studies] == page
    assert not found.is_whole
    problems = [one.problem for one in found.studies]
    assert [number for number, problem in enumerate(problems) if problem] == [at]
    assert str(problems[at]).endswith(f", in item {at + 1} of a page")


@pytest.mark.parametrize("kind", NO_JSON)
def test_a_page_that_breaks_off_is_no_page_whatever_is_in_it(kind: str) -> None:
    whole = FRAMES["token before"] % b",".join([NO_JSON[kind](record(1)), record(2), record(3)])
    for end in (len(whole) - 1, len(whole) - 40, len(whole) // 2):
        with pytest.raises(SourceError, match="not valid JSON"):
            split_studies(whole[:end])


def test_cutting_by_bytes_takes_time_in_proportion() -> None:
    """A thousand studies that never close would else be looked through to the end by each."""

    def taken(count: int) -> float:
        body = FRAMES["total before"] % b",".join([NO_JSON["cut off"](record(1))] * count)
        began = time.process_time()
        assert len(split_studies(body).studies) == count
        return time.process_time() - began

    assert min(taken(4_000) for _ in range(3)) < 25 * min(taken(400) for _ in range(3))
