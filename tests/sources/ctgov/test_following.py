"""What can be followed, and how a wrong configuration is refused."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.errors import ConfigError
from monitor.sources.ctgov import Following
from monitor.sources.ctgov.following import Value
from tests.registry.areas import area
from tests.registry.essie import QueryError, Study, parse


def test_ids_are_written_as_the_registry_writes_them_once_and_sorted() -> None:
    following = Following(name="a", nct_ids=("nct6377228", " NCT00000012", "NCT06377228"))
    assert following.nct_ids == ("NCT00000012", "NCT06377228")
    assert following.search is None


def test_queries_and_filters_become_the_parameters_of_one_search() -> None:
    following = Following(
        name="a",
        query={"cond": "lupus ", "intr": "CAR-T OR (cell AND therapy)"},
        filter={
            "overallStatus": ["RECRUITING", "NOT_YET_RECRUITING"],
            "ids": "nct01728545, NCT04852770",
            "geo": "distance(39.0035707, -77.1013313, 50mi)",
            "advanced": 'AREA[StartDate]RANGE[2022-01-01,MAX] AND "a )"',
            "synonyms": "ConditionSearch:1651367|BasicSearch:2013558",
        },
    )
    assert following.search == {
        "query.cond": "lupus",
        "query.intr": "CAR-T OR (cell AND therapy)",
        "filter.overallStatus": "RECRUITING|NOT_YET_RECRUITING",
        "filter.ids": "NCT01728545|NCT04852770",
        "filter.geo": "distance(39.0035707,-77.1013313,50mi)",
        "filter.advanced": 'AREA[StartDate]RANGE[2022-01-01,MAX] AND "a )"',
        "filter.synonyms": "ConditionSearch:1651367|BasicSearch:2013558",
    }
    assert Following(name="a", everything=True).search == {}


def test_the_hash_is_that_of_what_is_followed() -> None:
    one = Following(name="a", query={"cond": "lupus", "intr": "CAR-T"}, nct_ids=("NCT00000012",))
    same = Following(
        name="b",
        query={"intr": "CAR-T", "cond": "lupus"},
        nct_ids=("nct12",),
        reread_every=timedelta(days=1),
    )
    assert one.digest == same.digest
    others = (
        Following(name="a", query={"cond": "lupus"}, nct_ids=("NCT00000012",)),
        Following(name="a", query={"cond": "lupus", "intr": "CAR-T"}),
        Following(name="a", everything=True),
        Following(name="a", filter={"ids": "NCT00000012"}),
    )
    assert len({one.digest, *(other.digest for other in others)}) == 5


WRONG: dict[str, tuple[Mapping[str, Any], str]] = {
    "nothing": ({}, "nct_ids follows nothing"),
    "a malformed ID": ({"nct_ids": ("NCT1234567890",)}, "nct_ids cannot be asked for"),
    "an ID of zeros": ({"nct_ids": ("NCT00000000",)}, "nct_ids cannot be asked for"),
    "an unknown query": ({"query": {"disease": "x"}}, "query.disease is unknown"),
    "an empty query": ({"query": {"cond": " "}}, "query.cond is empty"),
    "a list as a query": ({"query": {"cond": ["a", "b"]}}, "query.cond takes one text"),
    "IDs as a query": ({"query": {"term": "NCT00000012, nct13"}}, "list them in nct_ids"),
    "an unknown filter": ({"filter": {"phase": "x"}}, "filter.phase is unknown"),
    "an empty filter": ({"filter": {"ids": []}}, "filter.ids is empty"),
    "an unknown status": ({"filter": {"overallStatus": "OPEN"}}, "filter.overallStatus has no"),
    "no distance": ({"filter": {"geo": "near Lyon"}}, "filter.geo is like distance("),
    "no synonyms": ({"filter": {"synonyms": "lupus"}}, "filter.synonyms has 'lupus'"),
    "malformed filter IDs": ({"filter": {"ids": "NCT1|x"}}, "filter.ids cannot be asked for"),
    "a list as expression": ({"filter": {"advanced": ["a"]}}, "filter.advanced takes one"),
    "everything and a query": ({"everything": True, "query": {"cond": "x"}}, "all takes in"),
    "a negative time": ({"everything": True, "reread_every": timedelta(-1)}, "reread_every is"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_configuration_names_the_source_the_key_and_the_fix(case: str) -> None:
    given, words = WRONG[case]
    with pytest.raises(ConfigError) as caught:
        Following(name="my source", **given)
    assert str(caught.value).startswith("source 'my source': ")
    assert words in str(caught.value)


@pytest.mark.parametrize(
    "text", ["a) OR (b", "(a", "a)", "AREA[StartDate", "[)]", '"a', "a\\", "(a]", '\\"a" OR (b']
)
def test_an_expression_cannot_break_out_of_its_parentheses(text: str) -> None:
    with pytest.raises(ConfigError, match=r"filter\.advanced has a parenthesis"):
        Following(name="a", filter={"advanced": text})


EXPRESSIONS = st.text(alphabet='ab ()[]"\\ANDOR', min_size=1, max_size=20)


@given(EXPRESSIONS)
def test_what_is_accepted_means_the_same_within_parentheses(text: str) -> None:
    """An expression that can be read alone can be read within, and is then as true as alone."""
    given: dict[str, Value] = {"advanced": text}
    try:
        accepted = str(Following(name="a", filter=given).filter["advanced"])
    except ConfigError:
        return
    within = area("BriefTitle")
    assert within is not None
    title = {"protocolSection": {"identificationModule": {"briefTitle": "a b"}}}
    try:
        alone = parse(accepted, within)(Study(title))
    except QueryError:
        return
    never = parse(f"({accepted}) AND AREA[NCTId]MISSING AND NOT AREA[NCTId]MISSING", within)
    assert parse(f"({accepted}) AND ALL", within)(Study(title)) == alone
    assert not never(Study(title))
