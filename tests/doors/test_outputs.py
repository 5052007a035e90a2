"""What programs read: JSON of the commands, bodies of webhooks, metrics."""

import json
import re
from collections.abc import Iterator

import pytest

from tests.cli.test_help import ALL
from tests.doors.conftest import Frozen
from tests.doors.shapes import shape
from tests.doors.story import DATA_KEYS, VALUES, Story, play

SAMPLE = re.compile(r"(?m)^(monitor_\w+)(?:\{(.*)\})? ")
KIND = re.compile(r"(?m)^# TYPE (monitor_\w+) (\w+)$")


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """Return the story after its end."""
    with Story(tmp_path_factory.mktemp("story")) as reported:
        play(reported)
        yield reported


def test_every_command_s_json_has_a_shape_that_is_frozen(story: Story, frozen: Frozen) -> None:
    silent = ALL.keys() - story.outputs.keys()
    assert not silent, f"let the story (tests/doors/story.py) run these: {sorted(silent)}"
    lines: list[str] = []
    for name in ALL:
        shown = shape(story.outputs[name], data_keys=DATA_KEYS, values=VALUES)
        lines += [f"monitor {name} --json", *(f"  {line}" for line in shown)]
    frozen("json", "\n".join(lines) + "\n")


def test_what_webhooks_are_sent_is_as_frozen(story: Story, frozen: Frozen) -> None:
    kinds: dict[str, list[object]] = {}
    headers: dict[str, list[str]] = {}
    for post in story.posts:
        body = json.loads(post.body)
        kind = f"{post.target} {body['type']} {body['data'].get('form', '')}".rstrip()
        kinds.setdefault(kind, []).append(body)
        headers.setdefault(post.target, []).extend(post.headers)
    lines = []
    for kind, bodies in sorted(kinds.items()):
        lines += [
            f"POST {kind}",
            *(f"  {line}" for line in shape(bodies, data_keys=DATA_KEYS, values=VALUES)),
        ]
    for target, names in sorted(headers.items()):
        lines += [f"headers of POST {target}", *(f"  {name}" for name in sorted(set(names)))]
    frozen("webhook", "\n".join(lines) + "\n")


def test_metrics_have_the_names_and_labels_that_are_frozen(story: Story, frozen: Frozen) -> None:
    labels: dict[str, set[str]] = {}
    for name, pairs in SAMPLE.findall(story.exposition):
        labels.setdefault(name, set()).update(re.findall(r'(\w+)="', pairs))
    lines = [f"{name}  {kind}" for name, kind in sorted(KIND.findall(story.exposition))]
    lines += [
        "",
        *(f"{name}{{{', '.join(sorted(found))}}}" for name, found in sorted(labels.items())),
    ]
    frozen("metrics", "\n".join(lines) + "\n")
