"""What can be followed: as the configuration says it, as the registry is asked for it."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.config import load
from monitor.errors import ConfigError
from monitor.settings import CtgovSourceSettings
from monitor.sources.ctgov.query import digest_of, search_parameters
from tests.registry.areas import area
from tests.registry.essie import QueryError, Study, parse


def configured(file: Path, **keys: Any) -> CtgovSourceSettings:
    """Return the source as it is read from a file that gives it these keys."""

    def toml(value: Any) -> str:
        if isinstance(value, dict):
            return "{" + ", ".join(f"{key} = {toml(one)}" for key, one in value.items()) + "}"
        # A string of JSON is one of TOML, but for this sign.
        return json.dumps(value).replace("\x7f", "\\u007f")

    given = {"name": "a", "type": "ctgov", "every": "1h", **keys}
    lines = [f"{key} = {toml(value)}" for key, value in given.items()]
    file.write_text("\n".join(["[[source]]", *lines]), "utf-8")
    (source,) = load(file, environ={}).sources
    assert isinstance(source, CtgovSourceSettings)
    return source


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return where the configuration of this module's tests is."""
    return tmp_path_factory.mktemp("following") / "monitor.toml"


def test_ids_are_written_as_the_registry_writes_them_once_and_sorted(file: Path) -> None:
    following = configured(file, nct_ids=["nct6377228", " NCT00000012", "NCT06377228"])
    assert following.nct_ids == ("NCT00000012", "NCT06377228")
    assert search_parameters(following) is None


def test_queries_and_filters_become_the_parameters_of_one_search(file: Path) -> None:
    following = configured(
        file,
        query={"cond": "lupus ", "intr": "CAR-T OR (cell AND therapy)"},
        filter={
            "overallStatus": "RECRUITING, NOT_YET_RECRUITING",
            "ids": "nct04852770, NCT01728545",
            "geo": "distance(39.0035707, -77.1013313, 50mi)",
            "advanced": 'AREA[StartDate]RANGE[2022-01-01,MAX] AND "a )"',
            "synonyms": "ConditionSearch:1651367|BasicSearch:2013558",
        },
    )
    assert search_parameters(following) == {
        "query.cond": "lupus",
        "query.intr": "CAR-T OR (cell AND therapy)",
        "filter.overallStatus": "RECRUITING|NOT_YET_RECRUITING",
        "filter.ids": "NCT01728545|NCT04852770",
        "filter.geo": "distance(39.0035707,-77.1013313,50mi)",
        "filter.advanced": 'AREA[StartDate]RANGE[2022-01-01,MAX] AND "a )"',
        "filter.synonyms": "ConditionSearch:1651367|BasicSearch:2013558",
    }
    assert search_parameters(configured(file, all=True)) == {}


def test_the_hash_is_that_of_what_is_followed(file: Path) -> None:
    both = {"cond": "lupus", "intr": "CAR-T"}
    one = configured(file, query=both, nct_ids=["NCT00000012"])
    same = configured(
        file,
        name="b",
        query=dict(reversed(both.items())),
        nct_ids=["nct12"],
        reread_every="1d",
    )
    # Stores know it: a search of before is not taken for another one.
    assert digest_of(one) == digest_of(same) == "9f030b8a53bf1fb3667784732e09bcbd"
    others = (
        configured(file, query={"cond": "lupus"}, nct_ids=["NCT00000012"]),
        configured(file, query=both),
        configured(file, all=True),
        configured(file, filter={"ids": "NCT00000012"}),
    )
    assert len({digest_of(one), *(digest_of(other) for other in others)}) == 5


@pytest.mark.parametrize(
    "text", ["a) OR (b", "(a", "a)", "AREA[StartDate", "[)]", '"a', "a\\", "(a]", '\\"a" OR (b']
)
def test_an_expression_cannot_break_out_of_its_parentheses(file: Path, text: str) -> None:
    with pytest.raises(ConfigError, match=r"filter\.advanced has a parenthesis"):
        configured(file, filter={"advanced": text})


EXPRESSIONS = st.text(alphabet='ab ()[]"\\ANDOR', min_size=1, max_size=20)


@given(EXPRESSIONS)
def test_what_is_accepted_means_the_same_within_parentheses(file: Path, text: str) -> None:
    """An expression that can be read alone can be read within, and is then as true as alone."""
    try:
        accepted = configured(file, filter={"advanced": text}).filter["advanced"]
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
