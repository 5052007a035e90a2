"""The welcome message: in words, in a browser, and with text that would steer it."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from monitor.model.alerts import TrialFacts
from monitor.model.messages import Message
from monitor.model.subscriptions import Filter, Subscription, SubscriptionOrigin, Trials
from monitor.model.welcome import CoveredTrials, Welcome
from monitor.model.when import AtOnce, parse_when
from monitor.render.welcome import welcome_message
from tests.render.alerts.browser import CHROMIUM, HeadlessBrowser

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
TITLES = ("A trial <of> *a* thing", "W" * 300, "\u202eevil\x1b[31m")


def coverage(name: str, **about: object) -> CoveredTrials:
    """Return what a subscription to lupus covers."""
    trials = Trials(filters=(Filter(wanted={"condition": ("lupus",)}),))
    when = parse_when("daily 08:00 UTC") if "next_digest" in about else AtOnce()
    wish = Subscription(
        id=1, subscriber="ana", name=name, trials=trials, when=when, channels=("mail",),
        origin=SubscriptionOrigin.COMMAND, created_at=NOW,
    )  # fmt: skip
    return CoveredTrials(**{"subscription": wish, "trials": 0, **about})  # type: ignore[arg-type]


def message(*covers: CoveredTrials) -> Message:
    """Return the message of these."""
    url = "https://monitor.example.org/unsubscribe/1/2"
    return welcome_message(
        Welcome(uid="u", subscriber="ana", target="", at=NOW, coverage=covers, unsubscribe_url=url)
    )


def full(name: str = "lupus") -> CoveredTrials:
    """Return one that has something of everything."""
    first = tuple(
        TrialFacts(nct_id=f"NCT0000000{at}", title=title, overall_status="RECRUITING")
        for at, title in enumerate(TITLES)
    )
    due = datetime(2026, 3, 3, 8, tzinfo=UTC)
    return coverage(
        name, trials=41, compared=2_000, first=first, missing=("NCT00000009",), next_digest=due
    )


def test_it_says_what_is_covered_and_when_the_next_digest_comes() -> None:
    made = message(full())
    assert made.subject == "Welcome: “lupus” covers 41 trials now"
    assert "the next one at 2026-03-03 08:00 UTC if anything changes until then." in made.text
    assert "… and 38 more" in made.text
    assert "NCT00000009" in made.text
    assert "Unsubscribe: https://monitor.example.org/unsubscribe/1/2" in made.text
    assert made.headers == {"List-Unsubscribe": "https://monitor.example.org/unsubscribe/1/2"}


def test_one_that_matches_nothing_says_so() -> None:
    made = message(coverage("asthmma"))
    assert made.subject == "Welcome: “asthmma” covers no trial now"
    assert "No trial that has been read so far matches" in made.text
    assert "Changes come at once." in made.text


def test_no_text_steers_it_and_a_subject_stays_short() -> None:
    made = message(full("n" * 300 + "\r\nBcc: x@example.org"))
    assert len(made.subject) <= 78
    assert "\n" not in made.subject
    for text in (made.text, made.html, str(made.slack)):
        assert "\x1b" not in text
        assert "\u202e" not in text
    assert "<of>" not in made.html
    assert {block["text"]["type"] for block in made.slack["blocks"]} == {"plain_text"}


def test_no_name_formats_or_mentions_in_what_slack_shows_of_it() -> None:
    shown = message(coverage("*trials* <!channel> :tada:")).slack["text"]
    assert not {"*", "<", ">"} & set(shown)
    assert ":tada:" not in shown


def test_many_subscriptions_stay_within_what_slack_takes() -> None:
    made = message(*(full(f"wish {number}") for number in range(40)))
    assert made.subject == "Welcome: 40 subscriptions are set up"
    assert len(made.slack["blocks"]) <= 50
    assert all(len(block["text"]["text"]) <= 3_000 for block in made.slack["blocks"])
    assert len(made.html.encode()) < 100_000


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1024])
def test_every_word_can_be_read_in_a_browser(tmp_path: Path, width: int, scheme: str) -> None:
    if CHROMIUM is None:
        pytest.skip("there is no chromium here (./run browser installs it)")
    browser = HeadlessBrowser(program=CHROMIUM, folder=tmp_path)
    found = browser.measured(message(full(), full("more")).html, width=width, scheme=scheme)
    assert found["scrolls"] <= width
    assert found["out"] == []
    assert found["faint"] == []
    assert (sum(found["page"][:3]) < 3 * 64) == (scheme == "dark")
