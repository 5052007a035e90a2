"""The parameters of an address mean what the options of the commands mean."""

from datetime import UTC, datetime

import pytest
from starlette.datastructures import QueryParams

from monitor.model.changes import Severity
from monitor.web.parameters import (
    EVENT_PARAMETERS,
    FILTER_PARAMETERS,
    ParameterError,
    Parameters,
)

KNOWN = (*FILTER_PARAMETERS, *EVENT_PARAMETERS, "limit")


def read(query: str) -> Parameters:
    return Parameters(QueryParams(query), KNOWN)


def test_parameters_select_events_as_options_do() -> None:
    requested = read(
        "condition=lupus&condition=SLE&not_country=Spain&since=2026-02&until=2026-02-19"
        "&kind=status&min_severity=high&nct_id=nct06733935&backfilled=true&sponsor="
    ).events()
    assert requested.filter is not None
    assert requested.filter.wanted == {"condition": ("lupus", "SLE")}
    assert requested.filter.excluded == {"country": ("Spain",)}
    assert requested.since == datetime(2026, 2, 1, tzinfo=UTC)
    assert requested.until == datetime(2026, 2, 20, tzinfo=UTC)
    assert requested.nct_ids == ("NCT06733935",)
    assert requested.kinds == ("status",)
    assert requested.min_severity is Severity.HIGH
    assert requested.backfilled


def test_no_parameters_are_no_filter() -> None:
    requested = read("condition=&text=%20").events()
    assert requested.filter is None
    assert requested.min_severity is None
    assert not requested.backfilled


def test_numbers_have_a_default_and_a_limit() -> None:
    assert read("").number("limit", default=50, most=200) == 50
    assert read("limit=200").number("limit", default=50, most=200) == 200


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("conditon=lupus", "conditon"),
        ("since=someday", "since"),
        ("since=7d&since=8d", "since"),
        ("kind=nonsense", "kind"),
        ("min_severity=dire", "min_severity"),
        ("nct_id=12", "nct_id"),
        ("backfilled=maybe", "backfilled"),
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=²", "limit"),
        ("limit=0000000000201", "limit"),
        ("limit=99999999999999999999999", "limit"),
    ],
)
def test_a_parameter_that_cannot_be_meant_is_named(query: str, name: str) -> None:
    def read_all() -> None:
        parameters = read(query)
        parameters.events()
        parameters.number("limit", default=50, most=200)

    with pytest.raises(ParameterError) as caught:
        read_all()
    assert caught.value.name == name
