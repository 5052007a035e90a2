"""``./run demo``: the whole story, offline, in under a minute."""

import os
import re
import signal
import subprocess
import sys
import urllib.request
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from tests.demo.__main__ import SHOWN
from tests.demo.site import served_site

PROJECT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return what the demo tells."""
    folder = tmp_path_factory.mktemp("demo")
    environ = {**os.environ, "TMPDIR": str(folder), "NO_COLOR": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "tests.demo"],
        cwd=PROJECT,
        env=environ,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_everybody_hears_of_what_happened(output: str) -> None:
    subject = "Enrollment target 144 → 240 (+67%)"
    mailbox, hook = output.split("What the hook got")
    assert f"{subject} + " in mailbox
    assert subject in hook


def test_it_ends_with_the_events_of_the_last_day(output: str) -> None:
    events = output.partition("$ monitor events --since ")[2]
    day = events[:10]
    assert events.splitlines()[1] == day
    assert "Enrollment target: 144 → 240" in events


def test_what_a_page_does_not_state_is_told_to_nobody(output: str) -> None:
    assert "(none)" not in output


def test_the_mails_lie_where_it_says(output: str) -> None:
    found = re.search(r"The mails lie in (\S+)", output)
    assert found is not None
    mails = [
        message_from_bytes(path.read_bytes(), policy=policy.default)
        for path in Path(found[1]).glob("*.eml")
    ]
    assert mails
    assert len({mail["Message-ID"] for mail in mails}) == len(mails)
    assert not [mail for mail in mails if "first seen" in str(mail["Subject"]).lower()]


def test_the_daemon_s_log_is_a_file(output: str) -> None:
    assert "[warning" not in output
    found = re.search(r"The daemon's log is (\S+)", output)
    assert found is not None
    assert Path(found[1]).is_file()


def test_it_shows_the_timeline_of_a_trial(output: str) -> None:
    timeline = output.split(f"$ monitor history {SHOWN}")[1]
    assert re.search(r"Version 1 .* first seen", timeline)
    assert "Enrollment target: 144 → 240 (+67%)" in timeline


def test_what_is_read_is_dated_by_the_days_of_the_story(output: str) -> None:
    read = re.findall(r"seen between (\S+) \S+ and (\S+) \S+ UTC", output)
    assert read
    assert set(read) == {("2026-01-13", "2026-07-15")}
    found = re.search(r"The mails lie in (\S+)", output)
    assert found is not None
    for path in Path(found[1]).glob("*.eml"):
        mail = message_from_bytes(path.read_bytes(), policy=policy.default)
        day = "Mon, 12 Jan 2026" if str(mail["Subject"]).startswith("Welcome") else "Wed, 15 Jul"
        assert str(mail["Date"]).startswith(day)


def test_the_first_message_says_what_a_subscription_covers(output: str) -> None:
    mailbox, _ = output.split("What the hook got")
    assert "Welcome: “our five trials” covers 5 trials now" in mailbox


def test_days_without_news_alert_nobody(output: str) -> None:
    days = re.findall(r"(?m)^(2026-\d\d-\d\d)  (.+)$", output)
    begins, welcomes, second, july = days
    assert [begins[0], welcomes[0], second[0], july[0]] == [
        "2026-01-12", "2026-01-12", "2026-01-13", "2026-07-15",
    ]  # fmt: skip
    assert "no news" in second[1]


def test_it_is_interrupted_in_one_line(tmp_path: Path) -> None:
    started = subprocess.Popen(
        [sys.executable, "-m", "tests.demo"],
        cwd=PROJECT,
        env={**os.environ, "TMPDIR": str(tmp_path), "NO_COLOR": "1", "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert started.stdout is not None
    for output in started.stdout:
        if output.startswith("2026-01-12"):  # the daemon runs
            break
    os.killpg(started.pid, signal.SIGINT)  # as a terminal does: the daemon gets it too
    _, err = started.communicate(timeout=110)
    assert started.returncode == 130
    assert err.splitlines()[-1] == "demo: interrupted"
    assert "Traceback" not in err


def test_the_page_of_its_trials_can_be_opened(output: str) -> None:
    found = re.search(r"export MONITOR_CONFIG=(\S+)", output)
    assert found is not None
    with served_site(Path(found[1]), os.environ) as address:
        with urllib.request.urlopen(f"{address}/trials/{SHOWN}", timeout=30) as answer:  # noqa: S310 - its own
            page = answer.read().decode()
        assert "Enrollment target" in page
        assert "(+67%)" in page
    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(address, timeout=30)  # noqa: S310 - its own
