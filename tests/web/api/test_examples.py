"""The examples of docs/api.md say what comes out."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from monitor.web.api.operations import OPERATIONS
from monitor.web.site import site_routes
from monitor.web.store_calls import StoreCalls
from tests.api.conftest import seeded
from tests.cli.test_help import REPO
from tests.web.api.calls import BASE, Api
from tests.web.serving import answering, served

__all__ = ["seeded"]  # a fixture

PAGE = (REPO / "docs" / "api.md").read_text("utf-8")
EXAMPLES = re.findall(
    r'```sh\ncurl "?http://127\.0\.0\.1:8080/api/v1([^"\n]+)"?\n```\n\n```json\n(.*?)\n```',
    PAGE,
    re.DOTALL,
)


@pytest.fixture(scope="module")
def seeds(seeded: Path) -> Iterator[Api]:
    """Return an API over the store of the seeds."""
    api = Api(f"sqlite:///{seeded / 'snapshots' / 'monitor.db'}")
    with served(answering(), site_routes(StoreCalls(lambda: api.app), host="127.0.0.1")) as server:
        api.address = server.address
        yield api


def parsed(example: str) -> Any:
    """Return an example as JSON, in which … stands for more of the same."""
    return json.loads(re.sub(r"…(?=\})", '"…": 0', example).replace("…]", '"…"]'))


def require_like(example: Any, found: Any) -> None:
    """Fail where an example says anything but what was found."""
    if isinstance(example, dict) and "…" in example:
        for name in example.keys() - {"…"}:
            require_like(example[name], found[name])
    elif isinstance(example, dict) and isinstance(found, dict):
        assert example.keys() == found.keys()
        for name, value in example.items():
            require_like(value, found[name])
    elif isinstance(example, list):
        shown = [one for one in example if one != "…"]
        assert len(shown) < len(found) if "…" in example else len(shown) == len(found)
        for one, other in zip(shown, found, strict=False):
            require_like(one, other)
    else:
        assert example == found


@pytest.mark.parametrize(("path", "example"), EXAMPLES, ids=[path for path, _ in EXAMPLES])
def test_an_example_is_true(seeds: Api, path: str, example: str) -> None:
    require_like(parsed(example), seeds.ask(path).body)


def test_the_page_names_every_address_and_shows_examples() -> None:
    named = re.findall(r"(?m)^\| `(/\S+)` \|", PAGE)
    paths = [one.path.replace("{nct_id}", "NCT_ID").replace("{version}", "VERSION")
             for one in OPERATIONS]  # fmt: skip
    assert named == [*paths, "/openapi.json"]
    assert len(EXAMPLES) > 8
    assert BASE in PAGE
