"""What of a message is rendered, and how often."""

from dataclasses import replace
from importlib import import_module
from pathlib import Path
from unittest.mock import Mock

import pytest

from monitor.channels.base import CHANNELS
from monitor.model.alerts import Notification
from monitor.model.messages import RENDERINGS, Rendering
from monitor.render.alerts import Renderer, blocks, data, render
from monitor.render.json_values import event_to_json
from tests.channels.making import folder_channel
from tests.render.alerts import samples

compose = import_module("monitor.render.alerts.compose")
FOUND = samples.updated(samples.eventful())


def to(name: str) -> Notification:
    """Return the letter as another subscriber gets it."""
    (one,) = FOUND.alerts
    return replace(
        FOUND, subscriber=name, uid=f"of {name}", alerts=(replace(one, reasons=(name,)),)
    )


@pytest.mark.parametrize("rendering", sorted(RENDERINGS))
def test_only_what_is_asked_for_is_rendered(rendering: Rendering) -> None:
    whole, found = render(FOUND), Renderer().render(FOUND, frozenset({rendering}))
    assert getattr(found, rendering) == getattr(whole, rendering)
    assert not any(getattr(found, other) for other in RENDERINGS - {rendering})
    assert found.subject == whole.subject


def test_each_channel_says_what_it_sends(tmp_path: Path) -> None:
    found = {name: getattr(made, "renderings", None) for name, made in CHANNELS.items()}
    assert found["email"] == {"text", "html"}
    assert found["slack"] == {"slack"}
    assert found["webhook"] == {"data"}
    assert found["console"] == found["apprise"] == {"text"}
    whole = folder_channel(path=tmp_path)
    part = folder_channel(path=tmp_path, formats=("json",))
    assert whole.renderings == {"text", "html", "data"}
    assert part.renderings == {"data"}


def test_a_version_is_put_into_words_once_however_many_get_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reported, shaped = Mock(wraps=blocks.measured_version), Mock(wraps=event_to_json)
    monkeypatch.setattr(compose, "measured_version", reported)
    monkeypatch.setattr(data, "event_to_json", shaped)
    renderer = Renderer()
    first = renderer.render(to("ana"))
    assert (reported.call_count, shaped.call_count) == (1, len(FOUND.alerts[0].events))
    others = [renderer.render(to(name)) for name in ("ben", "cleo")]
    assert (reported.call_count, shaped.call_count) == (1, len(FOUND.alerts[0].events))
    assert [first, *others] == [render(to(name)) for name in ("ana", "ben", "cleo")]
    assert "\nben\n" in others[0].text
    assert others[0].data["alerts"][0]["reasons"] == ["ben"]


def test_alerts_of_other_events_of_a_version_do_not_share_words() -> None:
    (one,) = FOUND.alerts
    renderer = Renderer()
    for events in (one.events, one.events[:1], one.events[1:]):
        notification = replace(FOUND, alerts=(replace(one, events=events),))
        assert renderer.render(notification) == render(notification)
