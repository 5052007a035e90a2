"""What the settings of a subscription mean, in the terms of the domain."""

import re
from datetime import datetime
from pathlib import Path

from monitor.errors import ConfigError, UsageError
from monitor.model.changes import Severity
from monitor.model.kind_names import kinds_of
from monitor.model.nct import normalize_nct_id
from monitor.model.subscriptions import (
    FILTER_KEYS,
    Changes,
    Filter,
    Subscription,
    SubscriptionOrigin,
    Trials,
)
from monitor.model.when import parse_quiet, parse_when
from monitor.settings import SubscriberSettings, SubscriptionSettings

# In a file: a comment, a link with whatever follows its "#", or anything between separators.
_WORD = re.compile(r"#.*|[^\s,;#]*://[^\s,;]*|[^\s,;#]+")
# The head of a column that was saved from a spreadsheet: "NCT Number", "nct_id".
_HEADING = re.compile(
    r"(?i)(?:clinicaltrials\.?gov|nct|trial|study|registry)?"
    r"[ _-]*(?:ids?|numbers?|identifiers?|nct)"
)
_LONGEST_FILE_BYTES = 64 << 20


def build_subscription(
    given: SubscriptionSettings,
    person: SubscriberSettings | None,
    *,
    origin: SubscriptionOrigin,
    now: datetime,
) -> Subscription:
    """Return the subscription, with the id 0; what it leaves open is the person's.

    The file of NCT IDs is read now: ConfigError when it cannot be, or holds something else.
    """
    person = person or SubscriberSettings(name=given.subscriber)
    quiet = given.quiet or person.quiet
    return Subscription(
        id=0,
        subscriber=given.subscriber,
        name=given.name,
        trials=_trials(given),
        changes=Changes(
            kinds=kinds_of(given.changes) if given.changes else None,
            min_severity=Severity(given.min_severity),
            min_days=given.min_days or None,
            min_percent=given.min_percent or None,
        ),
        when=parse_when(given.when or "at once", zone=person.timezone),
        critical_at_once=given.critical_at_once,
        quiet=parse_quiet(quiet, zone=person.timezone) if quiet else None,
        send_empty=given.send_empty,
        channels=tuple(dict.fromkeys(given.channels or person.channels)),
        origin=origin,
        created_at=now,
    )


def _trials(given: SubscriptionSettings) -> Trials:
    nct_ids = frozenset(given.nct_ids)
    if given.nct_ids_file:
        place = f"subscription {given.name!r} of {given.subscriber}, nct_ids_file"
        nct_ids |= nct_ids_in(Path(given.nct_ids_file), place=place)
    return Trials(
        nct_ids=nct_ids,
        filters=tuple(
            Filter(
                wanted={key: table[key] for key in FILTER_KEYS if key in table},
                excluded=table.get("not", {}),
            )
            for table in given.filter
        ),
        everything=given.all,
    )


def nct_ids_in(file: Path, *, place: str) -> frozenset[str]:
    """Return the NCT IDs of a text file; ConfigError names the place, and the line that is wrong.

    Between them stand white space, commas or semicolons; a ``#`` begins a comment. They may be
    links or quoted, and the first line the heading of a column.
    """
    try:
        with file.open("rb") as stream:
            # One byte more shows that there is more than the limit.
            content = stream.read(_LONGEST_FILE_BYTES + 1)
        text = content.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError, ValueError) as exc:
        reason = getattr(exc, "strerror", None) or "not UTF-8"
        raise ConfigError(
            f"{place}: {file} cannot be read ({reason}); name a text file of NCT IDs"
        ) from exc
    if len(content) > _LONGEST_FILE_BYTES:
        raise ConfigError(f"{place}: {file} is longer than 64 MB; name a text file of NCT IDs")
    found = nct_ids_of(text, place=f"{place}: {file}")
    if not found:
        raise ConfigError(f"{place}: {file} holds no NCT ID; write at least one")
    return found


def nct_ids_of(text: str, *, place: str) -> frozenset[str]:
    """Return the NCT IDs of a text, as ``nct_ids_in`` reads it."""
    found = set()
    heads = True
    for number, line in enumerate(text.splitlines(), 1):
        words = [word for word in _WORD.findall(line) if not word.startswith("#")]
        if words and heads:
            heads = False
            if _HEADING.fullmatch(" ".join(words).strip("\"'")):
                continue
        for word in words:
            try:
                found.add(normalize_nct_id(word))
            except UsageError as exc:
                raise ConfigError(f"{place}, line {number}: {exc}") from exc
    return frozenset(found)
