"""Why a message is sent, as its reader understands it."""

import re
from collections.abc import Iterable, Iterator, Sequence

from monitor.model.subscriptions import Reason
from monitor.render.alerts.registry_text import clean
from monitor.render.values import count_text

_MOST = 5
# A reason as ``why`` writes it that names a trial by its ID, and so is another for each trial.
_OF_ONE_TRIAL = re.compile(
    r"(You get this because “.*” includes) this trial \([^():]*\)", re.DOTALL
)
_LONGEST = 300
# What the outbox keeps, made by monitor.ingest.notify.
_KEPT = re.compile(
    r"your subscription “(?P<name>.*)”: (?P<why>.*?)(?: \((?P<words>.*)\))?", re.DOTALL
)


def subscription_of(reason: str) -> str:
    """Return the name of the subscription that a reason speaks of; "" of any other."""
    found = _KEPT.fullmatch(reason)
    return clean(found["name"], longest=_LONGEST) if found else ""


def why(reason: str) -> str:
    """Write a reason: ``You get this because “lupus” includes this trial (condition: lupus)``."""
    found = _KEPT.fullmatch(reason)
    if found is None:
        sentence = reason
    elif found["why"] == Reason.EVERYTHING:
        sentence = f"You get this because “{found['name']}” includes all trials"
    elif found["why"] in {Reason.NCT_ID, Reason.FILTER}:
        words = f" ({found['words']})" if found["words"] else ""
        sentence = f"You get this because “{found['name']}” includes this trial{words}"
    else:
        sentence = f"You get this because of {reason}"
    return clean(sentence, longest=_LONGEST)


def why_empty(subscription: str) -> str:
    """Write why an empty digest was sent."""
    sentence = f"You get this because “{subscription}” asks for digests without changes too"
    return clean(sentence, longest=_LONGEST)


def first_reasons(reasons: Iterable[str]) -> Iterator[str]:
    """Yield the first of written reasons, and how many more there are.

    A subscription that names several of the trials is given once, with their number.
    """
    found = list(_joined(list(dict.fromkeys(reasons))))
    yield from found[:_MOST]
    if len(found) > _MOST:
        yield f"You get this for {count_text(len(found) - _MOST, 'more reason')}"


def _joined(reasons: Sequence[str]) -> Iterator[str]:
    # "“lupus” includes this trial (NCT…)" ten times is one sentence with a number.
    by_beginning: dict[str, list[str]] = {}
    for one in reasons:
        found = _OF_ONE_TRIAL.fullmatch(one)
        by_beginning.setdefault(found[1] if found else one, []).append(one)
    for beginning, alike in by_beginning.items():
        yield alike[0] if len(alike) == 1 else f"{beginning} {len(alike):,} of these trials"
