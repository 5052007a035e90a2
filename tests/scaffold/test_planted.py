"""The watch over planted secrets sees what gets out, and lets pass what tests hand over."""

import os
from pathlib import Path

from tests.planted import MARK, holding


def test_a_secret_is_found_wherever_it_lies(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    beyond = (1 << 20) - 5
    (tmp_path / "deep" / "monitor.db").write_bytes(b"x" * beyond + MARK.encode() + b"-of-mail")
    (tmp_path / "log").write_text(f"posting to {MARK}")
    (tmp_path / "clean").write_text("nothing")
    found = list(holding(tmp_path))
    for path in found:
        path.unlink()  # or the watch over this very run would find it
    assert {path.name for path in found} == {"monitor.db", "log"}


def test_what_a_test_hands_over_is_let_pass(tmp_path: Path) -> None:
    (tmp_path / "monitor.toml").write_text(MARK)
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "slack").write_text(MARK)
    assert list(holding(tmp_path)) == []
    (tmp_path / "monitor.toml").unlink()
    (tmp_path / "secrets" / "slack").unlink()


def test_pipes_and_links_that_lead_nowhere_do_not_hold_up_the_watch(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(tmp_path / "gone")
    assert list(holding(tmp_path)) == []
