"""Which studies the replica finds, and what of them it shows."""

from typing import Any

import pytest

from tests.registry.calling import ask
from tests.registry.examples import ids_in, nct, replica_of, study

STUDIES = "/api/v2/studies"

LUPUS = study(
    1, "2026-01-15", title="CAR-T cells in lupus nephritis", conditions=["Lupus Nephritis"],
    status="NOT_YET_RECRUITING", enrollment=24, age="18 Years", phases=["PHASE1", "PHASE2"],
)  # fmt: skip
CANCER = study(
    2, "2026-02-10", title="A drug in lung cancer", conditions=["Non-small Cell Lung Cancer"],
    sponsor="Merck KGaA", enrollment=300, start="2025-05-20",
    sites=[("Cancer Institute", "Houston", "United States", 29.76, -95.37)],
)  # fmt: skip
SKIN = study(
    3, "2026-02-27", title="Eczema and head cancers", conditions=["Atopic Dermatitis"],
    status="COMPLETED", sponsor="Merck", enrollment=60, age="6 Months",
    sites=[("Clinic", "Boston", "United States", 42.36, -71.06),
           ("Clinic", "Lyon", "France", 45.75, 4.85)],
)  # fmt: skip
REPLICA = replica_of(LUPUS, CANCER, SKIN)


def found(**params: str) -> list[int]:
    """Return the numbers of the studies that a search finds."""
    names = {name.replace("__", "."): value for name, value in params.items()}
    answer = ask(REPLICA, STUDIES, names)
    assert answer.status == 200, answer.text
    return sorted(int(one[-1]) for one in ids_in(answer.json()))


def refused(**params: str) -> str:
    """Return the text of a refusal."""
    answer = ask(REPLICA, STUDIES, {name.replace("__", "."): v for name, v in params.items()})
    assert (answer.status, answer.headers["content-type"]) == (400, "text/plain; charset=UTF-8")
    return answer.text


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ({"query__cond": "lupus"}, [1]),
        ({"query__cond": "Lung Cancer"}, [2]),
        ({"query__cond": "(lung OR head) AND cancer"}, [2, 3]),
        ({"query__cond": "(lung or head)"}, []),
        ({"query__titles": '"lupus nephritis"'}, [1]),
        ({"query__titles": '"nephritis lupus"'}, []),
        ({"query__titles": "nephritis lupus"}, [1]),
        ({"query__intr": "CAR-T"}, [1]),
        ({"query__locn": "France"}, [1, 3]),
        ({"query__lead": "Merck"}, [2, 3]),
        ({"query__spons": "Northfield"}, [1, 2, 3]),
        ({"query__id": "SYN-2"}, [2]),
        ({"query__term": "AREA[Phase]PHASE1"}, [1]),
        ({"query__cond": "lupus", "query__locn": "Houston"}, []),
    ],
)
def test_queries_find_words_in_their_own_areas(query: dict[str, str], numbers: list[int]) -> None:
    assert found(**query) == numbers


@pytest.mark.parametrize(
    ("expression", "numbers"),
    [
        ("AREA[LastUpdatePostDate]RANGE[2026-02-10,MAX]", [2, 3]),
        ("AREA[LastUpdatePostDate]RANGE[MIN,2026-02-10]", [1, 2]),
        ("AREA[LastUpdatePostDate]RANGE[2026-02,2026-02]", [2, 3]),
        ("AREA[LastUpdatePostDate]2026-01", [1]),
        ("AREA[StartDate]RANGE[2025-05-02, MAX]", [2]),
        ("AREA[EnrollmentCount]RANGE[50,100]", [3]),
        ("AREA[EnrollmentCount]24", [1]),
        ("AREA[MinimumAge]RANGE[MIN, 12 months]", [3]),
        ("AREA[OverallStatus]RECRUITING", [2]),
        ("NOT AREA[OverallStatus]RECRUITING", [1, 3]),
        ("AREA[LeadSponsorName]Merck", [2, 3]),
        ('AREA[LeadSponsorName]COVERAGE[FullMatch]"Merck"', [3]),
        ('AREA[LeadSponsorName]COVER[StartsWith]"Merck K"', []),
        ('AREA[LeadSponsorName]COVER[EndsWith]"KGaA"', [2]),
        ("AREA[Acronym]MISSING", [1, 2, 3]),
        ("AREA[BriefTitle]ALL AND (lupus OR eczema)", [1, 3]),
        ("AREA[Phase:size]2", [1]),
        ("SEARCH[Location](AREA[LocationCity]Boston AND AREA[LocationCountry]France)", []),
        ("AREA[LocationCity]Boston AND AREA[LocationCountry]France", [3]),
        ("DISTANCE[45.7,4.8,50km]", [1, 3]),
        ("EXPANSION[None]lupus", [1]),
    ],
)  # fmt: skip
def test_advanced_expressions_are_understood(expression: str, numbers: list[int]) -> None:
    assert found(filter__advanced=expression) == numbers
    assert found(postFilter__advanced=expression) == numbers


def test_filters_narrow_together() -> None:
    assert found(filter__overallStatus="RECRUITING|COMPLETED") == [2, 3]
    assert found(filter__overallStatus="RECRUITING,COMPLETED", query__locn="Lyon") == [3]
    assert found(filter__geo="distance(29.7,-95.3,30mi)") == [2]
    assert found(filter__ids=f"{nct(1)},{nct(3)}", filter__advanced="AREA[EnrollmentCount]24") == [
        1
    ]
    assert found(
        filter__ids=f"{nct(1)}|{nct(3)}",
        filter__advanced="AREA[LastUpdatePostDate]RANGE[2026-02-01,MAX]",
    ) == [3]
    assert found(filter__ids=nct(1), postFilter__ids=nct(2)) == []


def test_unknown_ids_are_absent_and_written_in_any_way() -> None:
    assert found(filter__ids=f"{nct(1)}|NCT99999999") == [1]
    assert found(filter__ids="nct9000002") == [2]
    assert refused(filter__ids=f"{nct(1)},ABC123") == (
        "Item 2 in parameter `filter.ids` has incorrect format"
    )
    assert "Item 1" in refused(filter__ids="NCT00000000")


def test_a_query_of_nothing_but_ids_looks_them_up_and_ignores_filters() -> None:
    assert found(query__term=f"{nct(1)} {nct(3)}", filter__overallStatus="RECRUITING") == [1, 3]
    assert found(query__term=f"{nct(1)} cancer", filter__overallStatus="RECRUITING") == []


@pytest.mark.parametrize(
    ("params", "text"),
    [
        ({"bogusParam": "1"}, "`bogusParam` is unknown parameter"),
        ({"sort": "BriefTitle"}, "Unsupported sort field type: text"),
        ({"sort": "NCTId"}, "Unsupported sort field type: text"),
        ({"sort": "EnrollmentCount:up"}, "Invalid value in parameter `sort`"),
        ({"sort": "EnrollmentCount,StartDate,CompletionDate"}, "`sort`"),
        ({"fields": "NCTId,Nonsense"}, "`Nonsense`"),
        ({"fields": "nctid"}, "`nctid`"),
        ({"pageSize": "-1"}, "`pageSize`"),
        ({"countTotal": "yes"}, "`countTotal`"),
        ({"pageToken": "abc"}, "`pageToken`"),
        ({"markupFormat": "html"}, "`markupFormat`"),
        ({"filter__geo": "near Lyon"}, "`filter.geo`"),
        ({"filter__overallStatus": "NOT_A_STATUS"},
         "Invalid value in parameter `overallStatus`: `NOT_A_STATUS`"),
        ({"filter__advanced": "AREA[X]1"},
         "Error parsing query in advanced filter: Unknown area name: 'X'"),
        ({"filter__advanced": "AREA[StartDate]RANGE[soon,MAX]"}, "Invalid date value"),
        ({"filter__advanced": "AREA[StartDate]RANGE[2026-13-01,MAX]"}, "Invalid date value"),
        ({"filter__advanced": "(lupus"}, "Missing ')'"),
        ({"filter__advanced": "lupus AND"}, "A term is missing"),
        ({"filter__advanced": 'lupus"'}, "Unexpected"),
        ({"filter__advanced": "NEAR[x]1"}, "Unknown operator"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_refused_in_plain_text(params: dict[str, str], text: str) -> None:
    assert text in refused(**params)


def test_what_the_replica_does_not_serve_is_refused_visibly() -> None:
    for name, value in (("format", "csv"), ("aggFilters", "sex:f"), ("filter.synonyms", "a:1")):
        assert ask(REPLICA, STUDIES, {name: value}).status == 501


def test_fields_cut_a_study_down_and_leave_empty_parents() -> None:
    params = {"filter.ids": nct(3), "fields": "NCTId|WhyStopped|LocationCity|HasResults"}
    (shown,) = ask(REPLICA, STUDIES, params).json()["studies"]
    assert shown == {
        "protocolSection": {
            "identificationModule": {"nctId": nct(3)},
            "statusModule": {},
            "contactsLocationsModule": {"locations": [{"city": "Boston"}, {"city": "Lyon"}]},
        },
        "hasResults": False,
    }


@pytest.mark.parametrize(
    "fields",
    ["StatusModule", "protocolSection.statusModule", "OverallStatus,StatusModule",
     "StatusModule,protocolSection.statusModule.overallStatus"],
)  # fmt: skip
def test_a_branch_holds_all_that_is_below_it(fields: str) -> None:
    answer = ask(REPLICA, f"{STUDIES}/{nct(1)}", {"fields": fields})
    status = LUPUS["protocolSection"]["statusModule"]
    assert answer.json() == {"protocolSection": {"statusModule": status}}


def test_search_areas_are_fields_too() -> None:
    shown = ask(REPLICA, f"{STUDIES}/{nct(1)}", {"fields": "TitleSearch"}).json()
    assert shown == {"protocolSection": {"identificationModule": {
        "briefTitle": "CAR-T cells in lupus nephritis"}}}  # fmt: skip
    query = {"query.cond": "lupus", "fields": "@query"}
    (one,) = ask(REPLICA, STUDIES, query).json()["studies"]
    assert one["protocolSection"]["conditionsModule"] == {"conditions": ["Lupus Nephritis"]}


def in_order(sort: str, **more: str) -> list[int]:
    """Return the numbers of all studies in an order."""
    page: Any = ask(REPLICA, STUDIES, {"sort": sort, **more}).json()
    return [int(one[-1]) for one in ids_in(page)]


def test_dates_sort_falling_and_numbers_rising_unless_told() -> None:
    assert in_order("LastUpdatePostDate") == [3, 2, 1]
    assert in_order("LastUpdatePostDate:asc") == [1, 2, 3]
    assert in_order("EnrollmentCount") == [1, 3, 2]
    assert in_order("EnrollmentCount:desc") == [2, 3, 1]
    update = {"filter.advanced": "AREA[LastUpdatePostDate]RANGE[2026-02-01,MAX]"}
    assert in_order("LastUpdatePostDate", **update) == [3, 2]
    assert in_order("LastUpdatePostDate:asc", **update) == [2, 3]


def test_studies_without_the_sort_field_come_last() -> None:
    bare = study(4)
    del bare["protocolSection"]["designModule"]["enrollmentInfo"]
    replica = replica_of(LUPUS, bare, CANCER)
    for direction, first in (("asc", [1, 2]), ("desc", [2, 1])):
        page = ask(replica, STUDIES, {"sort": f"EnrollmentCount:{direction}"}).json()
        assert ids_in(page) == [nct(number) for number in (*first, 4)]


def test_relevance_puts_words_in_the_title_first() -> None:
    other = study(5, conditions=["Lupus Nephritis"], title="Another study")
    replica = replica_of(other, LUPUS)
    page = ask(replica, STUDIES, {"query.cond": "lupus", "sort": "@relevance"}).json()
    assert ids_in(page) == [nct(1), nct(5)]
