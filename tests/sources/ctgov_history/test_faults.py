"""What the registry and the way to it do wrong: nothing is lost, and nobody is hurried."""

from typing import Any

import pytest

from monitor.errors import SourceError
from monitor.sources.ctgov_history import HistoryShapeError, is_done
from monitor.sources.ctgov_history.state import BackfillOutcome, read_backfill
from monitor.sources.http import BusyError, HtmlAnswerError, HttpStatusError
from tests.registry.asked import Asked as Request
from tests.registry.calling import ask
from tests.registry.examples import NOON, nct
from tests.registry.faults import Fault, When
from tests.sources.book import Book
from tests.sources.ctgov_history.conftest import HISTORY, Serve
from tests.sources.ctgov_history.series import replica

ENDS = {
    Fault.HTML_OK: HtmlAnswerError,
    Fault.FORBIDDEN_HTML: HttpStatusError,
    Fault.EDGE_NOT_FOUND: SourceError,
    Fault.INVALID_JSON: SourceError,
    Fault.SERVER_ERROR: BusyError,
    Fault.RATE_LIMITED_BARE: BusyError,
}
PASSES = [
    Fault.RATE_LIMITED, Fault.RATE_LIMITED_BARE, Fault.SERVER_ERROR, Fault.BAD_GATEWAY,
    Fault.UNAVAILABLE, Fault.CUT_SHORT, Fault.CUT_CHUNKED, Fault.CLOSED, Fault.WRONG_GZIP,
    Fault.CUT_GZIP,
]  # fmt: skip


def is_index(request: Request) -> bool:
    return request.path.endswith("/history")


def is_history(request: Request) -> bool:
    return request.is_history


def is_asked(end: str) -> When:
    return lambda request: request.path.endswith(end)


@pytest.mark.parametrize("fault", ENDS)
def test_a_fault_that_lasts_ends_the_pass_and_the_next_goes_on(serve: Serve, fault: Fault) -> None:
    requested = serve(replica(_1=3))
    for went_well in range(5):  # the index, three versions, the index
        book = Book()
        requested.replica.faults.add(fault, times=None, when=is_history, skip=went_well)
        with pytest.raises(ENDS[fault], match=f"/api/int/studies/{nct(1)}/history") as caught:
            book.run(requested.source(nct(1)))
        assert not isinstance(caught.value, HistoryShapeError)
        assert book.numbers() == [2, 1, 0][: max(0, went_well - 1)]
        requested.replica.faults.clear()
        book.run(requested.source(nct(1)))
        assert book.numbers() == [2, 1, 0]
        assert is_done(book.state(nct(1)))
    assert requested.replica.log.max_in_flight["int"] == 1


def test_faults_that_pass_are_not_noticed(serve: Serve) -> None:
    requested, book = serve(replica(_1=len(PASSES), _2=1)), Book()
    for at, fault in enumerate(PASSES):
        requested.replica.faults.add(fault, when=is_asked(f"/{at}" if at else "/history"))
    book.run(requested.source(nct(1), nct(2)))
    assert requested.replica.faults.waiting() == []
    assert book.numbers() == [*range(len(PASSES) - 1, -1, -1), 0]
    assert requested.replica.log.max_in_flight == {"v2": 1, "int": 1, "all": 1}


def test_requests_are_spaced(serve: Serve) -> None:
    requested = serve(replica(_1=5))
    Book().run(requested.source(nct(1)))
    assert len(requested.replica.log) == 8
    assert requested.naps.taken == [pytest.approx(0.4)] * 7
    assert requested.replica.log.statuses() == {200: 8}


def test_a_404_of_the_edge_says_nothing_about_the_record(serve: Serve) -> None:
    requested, book = serve(replica(_1=3)), Book()
    requested.replica.faults.add(Fault.EDGE_NOT_FOUND, when=is_index)
    with pytest.raises(SourceError, match="not its words for a record that it does not have"):
        book.run(requested.source(nct(1)))
    known = read_backfill(book.state(nct(1)))
    assert (known.outcome, known.count, known.message) == (BackfillOutcome.UNDER_WAY, 0, None)


def test_a_record_that_keeps_failing_holds_up_no_other(serve: Serve) -> None:
    requested, book = serve(replica(_1=2, _2=2, _3=2, _4=2)), Book()
    lasting = requested.replica.faults.add(
        Fault.SERVER_ERROR, times=None, when=is_asked(f"{nct(2)}/history/0")
    )
    requested.replica.faults.add(Fault.CUT_SHORT, times=None, when=is_asked(f"{nct(3)}/history/0"))
    with pytest.raises(BusyError, match=f"{nct(2)}/history/0"):
        book.run(requested.source(*map(nct, range(1, 5))))
    assert lasting.met
    done = [number for number in range(1, 5) if is_done(book.state(nct(number)))]
    assert done == [1, 4]
    kept = read_backfill(book.state(nct(2)))
    assert (kept.fetched, kept.failed_at) == (((1, 1),), NOON), "it goes on from there"
    requested.replica.faults.clear()
    book.run(requested.source(nct(2)))
    assert is_done(book.state(nct(2)))
    assert read_backfill(book.state(nct(2))).failed_at is None


def test_a_record_that_was_finished_before_stays_so_when_it_cannot_be_asked_for(
    serve: Serve,
) -> None:
    requested, book = serve(replica(_1=2)), Book()
    book.run(requested.source(nct(1)))
    requested.replica.faults.add(Fault.SERVER_ERROR, times=None, when=is_index)
    with pytest.raises(BusyError):
        book.run(requested.source(nct(1)))
    assert is_done(book.state(nct(1)))


@pytest.mark.parametrize(
    ("fault", "asked_for"),
    [
        (Fault.SERVER_ERROR, 3),  # a few in a row: it is the registry
        (Fault.EDGE_NOT_FOUND, 3),
        (Fault.RATE_LIMITED_BARE, 1),
        (Fault.FORBIDDEN_HTML, 1),
        (Fault.HTML_OK, 3),
        (Fault.OTHER_SHAPE, 3),
    ],
)
def test_what_is_wrong_with_the_registry_is_not_tried_with_every_record(
    serve: Serve, fault: Fault, asked_for: int
) -> None:
    requested, book = serve(replica(_1=1, _2=1, _3=1, _4=1, _5=1)), Book()
    options: dict[str, Any] = {"body": b"[]"} if fault is Fault.OTHER_SHAPE else {}
    requested.replica.faults.add(fault, times=None, when=is_history, **options)
    with pytest.raises(SourceError):
        book.run(requested.source(*map(nct, range(1, 6))))
    histories = {path for path in requested.paths() if path.endswith("/history")}
    assert len(histories) == asked_for


def test_a_404_of_the_edge_says_nothing_about_a_version(serve: Serve) -> None:
    requested, book = serve(replica(_1=3)), Book()
    requested.replica.faults.add(Fault.EDGE_NOT_FOUND, when=is_asked("/history/1"))
    with pytest.raises(SourceError, match="/history/1; these are not its words"):
        book.run(requested.source(nct(1)))
    assert book.numbers() == [2]
    book.run(requested.source(nct(1)))
    assert book.numbers() == [2, 1, 0]


def test_a_listed_version_that_is_not_handed_out_is_noted_and_tried_again(serve: Serve) -> None:
    full, fewer, book = serve(replica(_1=4)), serve(replica(_1=2)), Book()
    # The index of four versions over a history of two.
    index = ask(full.replica, f"{HISTORY}/{nct(1)}/history").content
    fewer.replica.faults.add(Fault.OTHER_SHAPE, when=is_index, times=2, body=index)
    book.run(fewer.source(nct(1)))
    assert book.numbers() == [1, 0]
    state = book.state(nct(1))
    assert state == {
        "count": 4, "fetched": [[0, 1]], "done": False, "outcome": "lacking", "lacking": [[2, 3]],
    }  # fmt: skip
    assert not is_done(state)
    book.run(full.source(nct(1)))
    assert book.numbers() == [1, 0, 3, 2]
    assert is_done(book.state(nct(1)))
