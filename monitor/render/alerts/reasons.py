"""Why a message is sent, as its reader understands it."""

import re
from collections.abc import Iterable, Iterator

from monitor.model.subscriptions import Reason
from monitor.render.alerts.registry_text import clean
from monitor.render.values import count_text

_MOST = 5
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
        said = reason
    elif found["why"] == Reason.EVERYTHING:
        said = f"You get this because “{found['name']}” includes all trials"
    elif found["why"] in {Reason.NCT_ID, Reason.FILTER}:
        words = f" ({found['words']})" if found["words"] else ""
        said = f"You get this because “{found['name']}” includes this trial{words}"
    else:
        said = f"You get this because of {reason}"
    return clean(said, longest=_LONGEST)


def why_empty(subscription: str) -> str:
    """Write why a digest comes that tells of nothing."""
    said = f"You get this because “{subscription}” asks for digests without changes too"
    return clean(said, longest=_LONGEST)


def first_reasons(reasons: Iterable[str]) -> Iterator[str]:
    """Yield the first of written reasons, and how many more there are."""
    found = list(dict.fromkeys(reasons))
    yield from found[:_MOST]
    if len(found) > _MOST:
        yield f"You get this for {count_text(len(found) - _MOST, 'more reason')}"
