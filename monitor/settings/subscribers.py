"""What can be set for people: ``[[subscriber]]`` and ``[[subscription]]`` tables."""

from collections.abc import Callable
from typing import Annotated, Any, Literal, get_args

from msgspec import Meta

from monitor.model.kind_names import kinds_of
from monitor.model.when import parse_quiet, parse_when
from monitor.settings.section import Check, Flag, InvalidValueError, Section, percent, whole
from monitor.settings.sources import distinct_nct_ids
from monitor.settings.times import TimeZone

LONGEST_NAME = 64

SeverityName = Literal["noise", "low", "medium", "high", "critical"]
SEVERITIES: tuple[str, ...] = get_args(SeverityName)


def _name(text: str) -> str:
    # A colon separates subscriber and subscription where both are shown.
    if not 0 < len(text) <= LONGEST_NAME or not text.isprintable() or ":" in text:
        raise ValueError
    if text != text.strip():
        raise ValueError
    return text


def _kinds(words: tuple[str, ...]) -> tuple[str, ...]:
    try:
        kinds_of(words)
    except ValueError as exc:
        raise InvalidValueError(str(exc)) from exc
    return words


def _parsed_by(parse: Callable[[str], object]) -> Check:
    """Return a check that keeps the text, written tidily; what the parser says is the fix."""

    def check(text: str) -> str:
        if text.strip():
            try:
                parse(text)
            except ValueError as exc:
                raise InvalidValueError(f"{text[:LONGEST_NAME]!r} is invalid: {exc}") from exc
        return text.strip()

    return Check(check)


def _some_quiet(text: str) -> None:
    quiet = parse_quiet(text)
    if quiet.start == quiet.end:
        raise ValueError('they would be over as they begin; write "22:00-07:00 Europe/Madrid"')


def _filters(tables: tuple[dict[str, Any], ...]) -> tuple[dict[str, Any], ...]:
    found = []
    for number, table in enumerate(tables, 1):
        try:
            wanted = _words({key: value for key, value in table.items() if key != "not"})
            excluded = _words(table.get("not", {}))
        except ValueError as exc:
            raise InvalidValueError(f"{which_filter(number, tables)}{exc}") from exc
        # Every value a tuple by now: nobody need ask again how it was written.
        found.append({**wanted, "not": excluded} if excluded else {**wanted})
    return tuple(found)


def which_filter(number: int, tables: tuple[dict[str, Any], ...]) -> str:
    """Return what an error about one of a subscription's filters begins with."""
    return f"filter {number}: " if len(tables) > 1 else ""


def _words(table: Any) -> dict[str, tuple[str, ...]]:
    """Return a filter's keys with lists of values; ValueError for what is no list of texts."""
    if isinstance(table, dict):
        return {key: _values(key, value) for key, value in table.items()}
    raise ValueError('not is a table: not = { country = ["China"] }')


def _values(key: str, value: Any) -> tuple[str, ...]:
    values = [value] if isinstance(value, str) else value
    if isinstance(values, list | tuple) and all(isinstance(one, str) for one in values):
        return tuple(dict.fromkeys(values))
    raise ValueError(f"{key[:LONGEST_NAME]} takes a text or a list of texts")


PersonName = Annotated[
    str,
    Meta(description="1 to 64 letters and signs, no colon among them and no blank first or last"),
    Check(_name),
]
_Channels = Annotated[
    tuple[str, ...], Meta(description='a name of a [[channel]] or a list of them: "ana-mail"')
]
_Quiet = Annotated[
    str, Meta(description='"22:00-07:00 Europe/Madrid", or nothing'), _parsed_by(_some_quiet)
]


class SubscriberSettings(Section, frozen=True, kw_only=True):
    """A person or a team, and what holds where a subscription of theirs does not say."""

    name: PersonName
    channels: _Channels = ()
    quiet: _Quiet = ""
    timezone: TimeZone = "UTC"


class SubscriptionSettings(Section, frozen=True, kw_only=True):
    """One wish of one subscriber, as it is written.

    Every value by itself is good; ``build_subscription`` says what they mean together.
    ``filter``: tables whose values are all tuples.
    """

    name: PersonName
    subscriber: PersonName
    nct_ids: Annotated[
        tuple[str, ...],
        Meta(description='an NCT ID or a list of them: ["NCT06733935"]'),
        Check(distinct_nct_ids),
    ] = ()
    nct_ids_file: Annotated[str, Meta(description="the path of a text file of NCT IDs")] = ""
    filter: Annotated[
        tuple[dict[str, Any], ...],
        Meta(description='a table or a list of tables: { condition = ["lupus"] }'),
        Check(_filters),
    ] = ()
    all: Flag = False
    changes: Annotated[
        tuple[str, ...],
        Meta(description='a kind or a group of changes or a list of them: ["status", "sites"]'),
        Check(_kinds),
    ] = ()
    min_severity: Annotated[
        SeverityName, Meta(description=", ".join(SEVERITIES[:-1]) + f" or {SEVERITIES[-1]}")
    ] = "low"
    min_days: Annotated[int, whole(0, 36_500, of="days")] = 0
    min_percent: Annotated[float, percent(1_000_000)] = 0.0
    when: Annotated[
        str,
        Meta(
            description=(
                '"at once", "hourly", "daily 08:00 Europe/Madrid" or "weekly monday 08:00 UTC"'
            )
        ),
        _parsed_by(parse_when),
    ] = "at once"
    critical_at_once: Flag = False
    quiet: _Quiet = ""
    send_empty: Flag = False
    channels: _Channels = ()
