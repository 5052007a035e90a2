"""``monitor demo``: the five real trials of seeds/."""

import re
from pathlib import Path

import pytest

from tests.cli.calls import Monitor


@pytest.fixture
def demo(monitor: Monitor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Monitor:
    """Return the command line with a temporary folder of its own."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return monitor


def test_the_demo_shows_what_changed_and_one_history(demo: Monitor) -> None:
    shown = demo.answer("demo")
    assert "5 read: 5 stored with 5 events, 0 unchanged, 0 quarantined" in shown
    assert shown.count("NCT06733935  A Phase 1/2 Study") == 2
    assert shown.count("Enrollment target: 144 → 240 (+67 %)") == 2
    assert shown.count("Rheumatoid Arthritis added") == 2
    assert "Try next:" in shown


def test_the_store_that_it_names_is_there_and_the_users_own_is_untouched(demo: Monitor) -> None:
    found = re.search(r"MONITOR_DATABASE_URL=(\S+)", demo.answer("demo"))
    assert found is not None
    assert not Path(demo.url.removeprefix("sqlite:///")).exists()
    demo.url = found[1]
    assert len(demo.json("trials")) == 5
    assert [v["version"] for v in demo.json("history", "NCT06733935")["versions"]] == [1, 2]


def test_the_demo_is_coloured_where_colours_are_wanted(demo: Monitor) -> None:
    assert "\x1b[1;31mHIGH" in demo.answer("--color", "demo")
    assert "\x1b" not in demo.answer("demo")


def test_json_tells_the_passes_and_the_histories(demo: Monitor) -> None:
    found = demo.json("demo")
    assert [report["stored"] for report in found["passes"]] == [5, 5]
    assert len(found["trials"]) == 5
