"""What is asked for of each record, in which order, and what is remembered of it."""

from datetime import date, timedelta

import orjson
import pytest

from monitor.errors import UsageError
from monitor.sources.ctgov_history import HistoryProgress, is_done
from tests.registry.examples import MONDAY, NOON, nct, records_of, study
from tests.registry.replica import Replica
from tests.registry.world import World
from tests.sources.book import Book
from tests.sources.ctgov_history.conftest import Serve
from tests.sources.ctgov_history.series import FIRST, records, replica

DONE = {"done": True, "outcome": "done"}


def test_each_version_is_a_page_the_newest_first(serve: Serve) -> None:
    requested, book = serve(replica(_1=4)), Book()
    *versions, last = book.run(requested.source(nct(1)))
    assert book.numbers() == [3, 2, 1, 0]
    assert [page.state["fetched"] for page in versions] == [[[3, 3]], [[2, 3]], [[1, 3]], [[0, 3]]]
    assert [page.state["done"] for page in versions] == [False] * 4
    assert (last.found, last.state) == ((), {"count": 4, "fetched": [[0, 3]], **DONE})
    assert {page.subject for page in book.pages} == {nct(1)}
    first = next(book.found())
    assert (first.media, first.source, first.retrieved_at) == ("json", "history", NOON)
    assert first.origin == f"{requested.base_url}/api/int/studies/{nct(1)}/history/3"
    assert first.data_date is None
    assert orjson.loads(first.content)["studyVersion"] == 3


def test_the_documented_api_is_asked_once_before_and_the_index_again_after(serve: Serve) -> None:
    requested = serve(replica(_1=2, _2=1))
    Book().run(requested.source(nct(1), nct(2)))
    one, two = f"{nct(1)}/history", f"{nct(2)}/history"
    assert requested.paths() == [
        "/api/v2/version", one, f"{one}/1", f"{one}/0", one, two, f"{two}/0", two,
    ]  # fmt: skip


def test_nothing_is_asked_when_no_record_is_named(serve: Serve) -> None:
    requested = serve(replica(_1=2))
    assert Book().run(requested.source()) == []
    assert requested.paths() == []


def test_what_was_fetched_is_not_fetched_again(serve: Serve) -> None:
    requested, book = serve(replica(_1=3)), Book()
    book.run(requested.source(nct(1)))
    requested.replica.log.clear()
    assert book.run(requested.source(nct(1))) == []
    assert requested.paths() == ["/api/v2/version", f"{nct(1)}/history"]


def test_what_the_store_has_from_elsewhere_is_not_fetched(serve: Serve) -> None:
    requested, book = serve(replica(_1=5)), Book()
    book.run(requested.source(nct(1), stored=lambda nct_id: {1, 2, 77} if nct_id == nct(1) else ()))
    assert book.numbers() == [4, 3, 0]
    assert book.state(nct(1)) == {"count": 5, "fetched": [[0, 4]], **DONE}


def test_ids_are_taken_once_and_in_the_registrys_spelling(serve: Serve) -> None:
    requested, book = serve(replica(_1=1)), Book()
    book.run(requested.source(nct(1).lower(), f" {nct(1)}"))
    assert book.numbers() == [0]
    with pytest.raises(UsageError, match="is not an NCT ID"):
        requested.source("NCT00000000")


def test_since_leaves_earlier_versions_for_a_later_pass(serve: Serve) -> None:
    requested, book = serve(replica(_1=6)), Book()
    since = FIRST + timedelta(days=3)
    book.run(requested.source(nct(1), since=since))
    assert book.numbers() == [5, 4, 3]
    state = book.state(nct(1))
    assert state == {"count": 6, "fetched": [[3, 5]], "since": "2020-01-04", **DONE}
    later = since + timedelta(days=1)
    assert [is_done(state, day) for day in (None, FIRST, since, later)] == [0, 0, 1, 1]
    assert book.run(requested.source(nct(1), since=since)) == []
    book.run(requested.source(nct(1)))
    assert book.numbers() == [5, 4, 3, 2, 1, 0]
    assert is_done(book.state(nct(1)))
    assert not is_done(None)


def test_since_a_day_before_all_versions_is_everything(serve: Serve) -> None:
    requested, book = serve(replica(_1=2)), Book()
    book.run(requested.source(nct(1), since=date(1999, 1, 1)))
    assert book.state(nct(1)) == {"count": 2, "fetched": [[0, 1]], **DONE}


def test_a_version_that_appears_meanwhile_is_fetched_too(serve: Serve) -> None:
    found = records(_1=3)
    found.put(study(1, "2026-03-03", enrollment=7), on="2026-03-03")
    requested, book = serve(Replica(World(found, day=MONDAY))), Book()
    for page in requested.source(nct(1)).pages(book):
        book.store(page)
        if book.numbers() == [2, 1]:
            requested.replica.world.advance()
    assert book.numbers() == [2, 1, 0, 3]
    assert book.state(nct(1)) == {"count": 4, "fetched": [[0, 3]], **DONE}
    assert requested.paths().count(f"{nct(1)}/history") == 3


def test_a_version_whose_results_were_refused_is_fetched_like_any_other(serve: Serve) -> None:
    found = records(_1=3)
    found.not_passed(nct(1), 1)
    requested, book = serve(Replica(World(found, day=MONDAY))), Book()
    book.run(requested.source(nct(1)))
    assert book.numbers() == [2, 1, 0]


def test_versions_that_the_registry_takes_back_leave_the_state(serve: Serve) -> None:
    requested, book = serve(replica(_1=5)), Book()
    book.run(requested.source(nct(1)))
    fewer = serve(replica(_1=3))
    book.run(fewer.source(nct(1)))
    assert book.state(nct(1)) == {"count": 3, "fetched": [[0, 2]], **DONE}
    book.run(requested.source(nct(1)))
    assert book.numbers() == [4, 3, 2, 1, 0, 4, 3]


def test_an_unknown_id_is_noted_and_passed_over(serve: Serve) -> None:
    requested, book = serve(replica(_1=1)), Book()
    book.run(requested.source(nct(8), nct(1)))
    assert book.numbers() == [0]
    text = f"NCT number {nct(8)} not found"
    assert book.state(nct(8)) == {
        "count": 0, "fetched": [], "done": False, "outcome": "unknown", "said": text,
    }  # fmt: skip
    assert book.run(requested.source(nct(8))) == [], "an outcome is noted once"


def test_an_alias_is_noted_and_its_new_records_versions_are_not_taken(serve: Serve) -> None:
    found = records_of(study(1), study(2), study(3))
    found.merge(nct(2), into=nct(1), on=MONDAY)
    requested, book = serve(Replica(World(found, day=MONDAY))), Book()
    book.run(requested.source(nct(2), nct(3)))
    assert [one.origin.split("/")[-3] for one in book.found()] == [nct(3)]
    assert book.state(nct(2)) == {
        "count": 0, "fetched": [], "done": False, "outcome": "merged", "mergedInto": nct(1),
    }  # fmt: skip


def test_a_record_that_vanishes_meanwhile_keeps_what_was_fetched(serve: Serve) -> None:
    found = records(_1=4, _2=1)
    found.remove(nct(1), on="2026-03-03")
    requested, book = serve(Replica(World(found, day=MONDAY))), Book()
    for page in requested.source(nct(1), nct(2)).pages(book):
        book.store(page)
        requested.replica.world.go_to("2026-03-03")
    assert book.numbers() == [3, 0]
    state = book.state(nct(1))
    assert state is not None
    assert (state["outcome"], state["fetched"]) == ("unknown", [[3, 3]])


def test_the_progress_counts_what_was_asked_for(serve: Serve) -> None:
    reported: list[HistoryProgress] = []
    requested, book = serve(replica(_1=3, _2=1)), Book()
    book.run(requested.source(nct(1)), pages=1)
    book.run(requested.source(nct(1), nct(2), nct(3), on_progress=reported.append))
    assert [
        (one.nct_id, one.trials_done, one.trials_total, one.versions_done, one.versions_total)
        for one in reported
    ] == [
        (nct(1), 0, 3, 1, 3), (nct(1), 0, 3, 2, 3), (nct(1), 0, 3, 3, 3), (nct(1), 0, 3, 3, 3),
        (nct(1), 1, 3, 3, 3),
        (nct(2), 1, 3, 0, 1), (nct(2), 1, 3, 1, 1), (nct(2), 1, 3, 1, 1), (nct(2), 2, 3, 1, 1),
        (nct(3), 3, 3, 0, 0),
    ]  # fmt: skip
