"""APIs to ask: one over a store that tests only read, one on either database."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.web.api.calls import WEB, Api, serving


@pytest.fixture(scope="module")
def shared_api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """Return an API that the tests of a module share."""
    folder = tmp_path_factory.mktemp("api")
    with serving(f"sqlite:///{folder / 'monitor.db'}", folder) as found:
        yield found


@pytest.fixture
def api(shared_api: Api) -> Iterator[Api]:
    """Return the shared API, whose settings are what they were afterwards."""
    yield shared_api
    shared_api.set(access=WEB.access)


@pytest.fixture
def either_api(store_url: str, tmp_path: Path) -> Iterator[Api]:
    """Return an API on either database."""
    with serving(store_url, tmp_path) as found:
        yield found
