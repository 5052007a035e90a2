"""The welcome message: what new subscriptions cover now, and when the next digest comes."""

from collections.abc import Iterator
from html import escape
from typing import NamedTuple

from monitor.model.alerts import TrialFacts
from monitor.model.messages import ALONE, Message
from monitor.model.sanitize import sanitize
from monitor.model.subscriptions import Subscription
from monitor.model.welcome import CoveredTrials, Welcome
from monitor.render.alerts import mrkdwn
from monitor.render.alerts.links import record_url
from monitor.render.code_words import status_words
from monitor.render.json_values import JsonObject
from monitor.render.subscribers import changes_words, subscription_to_json, trials_words
from monitor.render.values import count_text, moment

_LONGEST = 300
# As in `alerts/subject.py`: what mail programs show.
_LONGEST_SUBJECT = 78
# Below Slack's limits of 50 blocks and 3,000 characters a block.
_SLACK_BLOCKS = 45
_SLACK_TEXT = 2_900
_SHOWN_IDS = 10


class WelcomeSection(NamedTuple):
    """Of one subscription: its headline, the lines below it, some trials (ID, words), a rest."""

    headline: str
    detail: list[str]
    trials: list[tuple[str, str]]
    more: str

    @property
    def below(self) -> list[str]:
        """All lines below the headline, as plain text."""
        trials = [f"• {nct_id}  {words}" for nct_id, words in self.trials]
        return [*self.detail, *trials, *filter(None, [self.more])]


def welcome_message(welcome: Welcome) -> Message:
    """Return the message, the same for the same welcome."""
    subject = _subject(welcome)
    sections = [_section(one) for one in welcome.coverage]
    link = welcome.unsubscribe_url
    return Message(
        uid=welcome.uid,
        subscriber=welcome.subscriber,
        target=welcome.target,
        subject=subject,
        text=_text(welcome, sections),
        html=_html(welcome, subject, sections),
        slack=_slack(subject, sections),
        data=_data(welcome, subject),
        occurred_at=welcome.at,
        thread=ALONE,
        severity="noise",
        headers={"List-Unsubscribe": link} if link else {},
    )


def _subject(welcome: Welcome) -> str:
    """Say it in one line: ``Welcome: “lupus” covers 41 trials now``."""
    if len(welcome.coverage) > 1:
        return f"Welcome: {len(welcome.coverage)} subscriptions are set up"
    [one] = welcome.coverage
    words = f" covers {_count(one)} now"
    room = _LONGEST_SUBJECT - len(f"Welcome: “”{words}")
    return f"Welcome: “{_clean(one.subscription.name, room)}”{words}"


def _section(one: CoveredTrials) -> WelcomeSection:
    rest = one.trials - len(one.first)
    return WelcomeSection(
        headline=f"{_clean(one.subscription.name)}: {_count(one)} now",
        detail=list(_lines(one)),
        trials=[(facts.nct_id, _trial(facts)) for facts in one.first],
        more=f"… and {rest} more" if rest else "",
    )


def _count(one: CoveredTrials) -> str:
    return count_text(one.trials, "trial") if one.trials else "no trial"


def _lines(one: CoveredTrials) -> Iterator[str]:
    """Yield what a subscription asks for, what it covers and when it is reported."""
    subscription = one.subscription
    yield f"Trials: {_clean(trials_words(subscription.trials))}"
    yield f"Changes: {_clean(changes_words(subscription.changes))}"
    yield _when(one)
    # A store of half a million trials is not compared while a person waits (docs/delivery.md).
    if one.compared is not None:
        yield f"Compared with the {one.compared} trials whose records changed last."
    if one.missing:
        ids = ", ".join(one.missing[:_SHOWN_IDS])
        more = f" and {len(one.missing) - _SHOWN_IDS} more" if len(one.missing) > _SHOWN_IDS else ""
        yield f"Not read yet, or followed by no source: {ids}{more}"
    if not one.trials and not one.missing:
        yield "No trial that has been read so far matches; those that come are compared, too."


def _when(one: CoveredTrials) -> str:
    subscription = one.subscription
    quiet = f", not in the quiet hours {subscription.quiet}" if subscription.quiet else ""
    if one.next_digest is None:
        return f"Changes come at once{quiet}."
    due = f"Changes come in a digest, {subscription.when}; the next one at "
    due += f"{moment(one.next_digest)} UTC"
    due += "" if subscription.send_empty else " if anything changes until then"
    return f"{due}; critical changes at once." if subscription.critical_at_once else f"{due}."


def _trial(facts: TrialFacts) -> str:
    parts = [facts.title or "no title stated", status_words(facts.overall_status)]
    return " · ".join(_clean(part, 120) for part in parts)


def _clean(text: str, longest: int = _LONGEST) -> str:
    words = sanitize(" ".join(text.split()))
    return words if len(words) <= longest else words[: max(0, longest - 1)].rstrip() + "…"


# --- formats ------------------------------------------------------------------------------------

_INTRO = "This subscription is set up, and its alerts will come this way."
_INTRO_OF_SEVERAL = "These subscriptions are set up, and their alerts will come this way."


def _intro(sections: list[WelcomeSection]) -> str:
    return _INTRO if len(sections) == 1 else _INTRO_OF_SEVERAL


def _text(welcome: Welcome, sections: list[WelcomeSection]) -> str:
    lines = [_intro(sections), ""]
    for section in sections:
        lines += [section.headline, *(f"    {one}" for one in section.below), ""]
    lines.append(f"Sent to {_clean(welcome.subscriber)}")
    if welcome.unsubscribe_url:
        lines.append(f"Unsubscribe: {welcome.unsubscribe_url}")
    if welcome.manage_url:
        lines.append(f"Manage your subscriptions: {welcome.manage_url}")
    return "\n".join(lines) + "\n"


_FONT = (
    # Inline, since mail programs drop style sheets; only the dark colors need one.
    "font-family:-apple-system,BlinkMacSystemFont,Segoe UI,Roboto,Helvetica,Arial,sans-serif;"
    "overflow-wrap:anywhere;word-break:break-word;"
)
_INTRO_STYLE = "font-size:16px;line-height:24px;color:#1c2129;"
_HEAD = (
    '<!doctype html><html lang="en"><head><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width,initial-scale=1">'
    '<meta name="color-scheme" content="light dark"><title>{subject}</title><style>'
    ":root{{color-scheme:light dark}}@media (prefers-color-scheme:dark){{"
    ".page{{background-color:#101317!important}}"
    ".card{{background-color:#1a1e24!important;border-color:#2d343d!important}}"
    ".t{{color:#e9ecf1!important}}.d{{color:#a5afbc!important}}.l{{color:#8ab4f8!important}}}}"
    '</style></head><body class="page" style="margin:0;padding:0;background-color:#f2f4f7;">'
)


def _html(welcome: Welcome, subject: str, sections: list[WelcomeSection]) -> str:
    cards = "".join(map(_card, sections))
    links = {"Unsubscribe": welcome.unsubscribe_url, "Manage": welcome.manage_url}
    unsubscribe = "".join(
        f' &middot; <a class="l" style="color:#0b57d0;" href="{escape(link)}">{text}</a>'
        for text, link in links.items()
        if link
    )
    return (
        f"{_HEAD.format(subject=escape(subject))}"
        f'<div style="max-width:640px;margin:0 auto;padding:20px 12px;{_FONT}">'
        f'<div class="t" style="padding:0 12px 14px;{_INTRO_STYLE}">'
        f"{escape(_intro(sections))}</div>{cards}"
        f'<div class="d" style="padding:0 12px;font-size:12px;line-height:18px;color:#566171;">'
        f"Sent to {escape(_clean(welcome.subscriber))}{unsubscribe}</div></div></body></html>\n"
    )


def _card(section: WelcomeSection) -> str:
    trials = (
        f'<a class="l" style="color:#0b57d0;" href="{escape(record_url(nct_id))}">'
        f"{escape(nct_id)}</a> {escape(words)}"
        for nct_id, words in section.trials
    )
    lines = "".join(
        f'<div class="d" style="padding-top:5px;font-size:14px;line-height:21px;color:#566171;">'
        f"{one}</div>"
        for one in [*map(escape, section.detail), *trials, *filter(None, [section.more])]
    )
    return (
        '<div class="card" style="margin:0 0 16px;padding:16px 20px;background-color:#ffffff;'
        'border:1px solid #dfe3e8;border-radius:10px;">'
        '<div class="t" style="font-size:18px;line-height:25px;font-weight:700;color:#1c2129;">'
        f"{escape(section.headline)}</div>{lines}</div>"
    )


def _slack(subject: str, sections: list[WelcomeSection]) -> dict[str, object]:
    # As plain text nothing in it is a link, a mention or a format.
    words = [_intro(sections), *("\n".join([one.headline, *one.below]) for one in sections)]
    if len(words) > _SLACK_BLOCKS:
        words = [*words[: _SLACK_BLOCKS - 1], f"… and {len(words) - _SLACK_BLOCKS + 1} more"]
    blocks = [
        {"type": "section", "text": {"type": "plain_text", "text": text[:_SLACK_TEXT]}}
        for text in words
    ]
    return {"text": mrkdwn.escape(subject), "blocks": blocks}


def _data(welcome: Welcome, subject: str) -> JsonObject:
    """Return it as JSON: that of a message without alerts, and what is covered."""
    return {
        "delivery": welcome.uid,
        "subscriber": welcome.subscriber,
        "subject": subject,
        "severity": "noise",
        "occurred_at": welcome.at.isoformat(),
        "digest": None,
        "group": None,
        "part": None,
        "counts": {
            "trials": 0,
            "changes": 0,
            "by_severity": dict.fromkeys(("critical", "high", "medium", "low", "noise"), 0),
        },
        "alerts": [],
        "welcome": [_coverage_to_json(one, one.subscription) for one in welcome.coverage],
    }


def _coverage_to_json(one: CoveredTrials, subscription: Subscription) -> JsonObject:
    return {
        **subscription_to_json(subscription),
        "trials_now": one.trials,
        "trials_compared": one.compared,
        "nct_ids_missing": list(one.missing),
        "next_digest_at": one.next_digest.isoformat() if one.next_digest else None,
    }
