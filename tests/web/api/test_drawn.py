"""Whatever is asked, the answer is one that is described, and no fault of ours.

``./run soak --only requests`` asks very much more.
"""

from pathlib import Path

from tests.web.api.calls import Api
from tests.web.api.drawn import ask_as_described
from tests.web.random_forms import acting
from tests.web.random_requests import ask_at_random, paths_of


def test_answers_are_as_described(api: Api) -> None:
    statuses = ask_as_described(api, examples=6)
    assert {200, 400, 404} <= statuses.keys()


def test_nothing_that_is_asked_at_random_is_a_fault(either_api: Api) -> None:
    paths = paths_of(either_api.site)
    statuses, failed = ask_at_random(either_api.address, paths, count=200, seed=1)
    assert failed == []
    assert {200, 400, 401, 404, 405} <= statuses.keys()


def test_forms_at_random_are_no_fault(store_url: str, tmp_path: Path) -> None:
    with acting(tmp_path, store_url) as pages:
        statuses, failed = pages.ask(count=300, seed=1)
    assert failed == []
    assert {200, 303, 400, 401, 403, 404, 405} <= statuses.keys()
