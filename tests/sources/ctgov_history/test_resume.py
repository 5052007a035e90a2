"""A backfill that is killed goes on with exactly the next version."""

import json

from monitor.sources.base import SourcePage
from monitor.sources.ctgov_history import is_done
from tests.registry.examples import nct
from tests.sources.book import Book
from tests.sources.ctgov_history.conftest import Serve
from tests.sources.ctgov_history.series import replica


def test_killed_after_any_page_it_goes_on_with_the_next(serve: Serve) -> None:
    requested = serve(replica(_1=4, _2=2))
    for survived in range(9):
        book = Book()
        book.run(requested.source(nct(1), nct(2)), pages=survived)
        assert len(book.pages) == min(survived, 8)
        first = list(book.found())
        book.run(requested.source(nct(1), nct(2)))
        assert book.numbers() == [3, 2, 1, 0, 1, 0]
        assert list(book.found())[: len(first)] == first
        assert is_done(book.state(nct(1)))
        assert is_done(book.state(nct(2)))


def test_killed_after_every_page_nothing_is_fetched_twice(serve: Serve) -> None:
    requested, book = serve(replica(_1=6)), Book()
    while book.run(requested.source(nct(1)), pages=1):
        assert len(book.pages) < 20
    assert book.numbers() == [5, 4, 3, 2, 1, 0]
    assert len(set(requested.paths())) == 8


def test_a_page_that_was_not_stored_is_fetched_again(serve: Serve) -> None:
    requested, book = serve(replica(_1=3)), Book()
    pages = requested.source(nct(1)).pages(book)
    book.store(next(pages))
    lost = next(pages)
    del pages
    (again,) = book.run(requested.source(nct(1)), pages=1)
    assert again == lost


def test_the_state_of_900_versions_stays_small(serve: Serve) -> None:
    requested, book = serve(replica(_1=900)), Book()
    book.run(requested.source(nct(1)), pages=450)
    assert book.state(nct(1)) == {
        "count": 900, "fetched": [[450, 899]], "done": False, "outcome": "under way",
    }  # fmt: skip
    book.run(requested.source(nct(1)))
    assert book.numbers() == list(range(899, -1, -1))
    assert max(len(json.dumps(page.state)) for page in book.pages) < 120
    assert requested.replica.log.max_in_flight["int"] == 1


STRANGE: list[dict[str, object]] = [
    {},
    {"count": 3},
    {"count": 3, "fetched": [[0, 2, 4]], "outcome": "done"},
    {"count": 3, "fetched": [[2, 0]], "outcome": "done"},
    {"count": 3, "fetched": [["0", "2"]], "outcome": "done"},
    {"count": 3, "fetched": [[0, 10**12]], "outcome": "done"},
    {"count": 3, "fetched": [[0, 2]], "outcome": "of another program"},
    {"count": 3, "fetched": [[0, 2]], "outcome": "done", "since": "yesterday"},
    {"count": "many", "fetched": 7, "outcome": "done"},
]


def test_a_state_that_is_not_understood_is_started_anew(serve: Serve) -> None:
    requested = serve(replica(_1=3))
    for written in STRANGE:
        book = Book()
        book.store(SourcePage(subject=nct(1), state=written))
        assert not is_done(book.state(nct(1)))
        book.run(requested.source(nct(1)))
        assert book.numbers() == [2, 1, 0]
