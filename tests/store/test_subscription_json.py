"""What a subscription asks for, as it is stored: nothing is lost, and nothing is guessed."""

from collections.abc import Iterator
from datetime import time

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.model.changes import ChangeKind, Severity
from monitor.model.subscriptions import FILTER_KEYS, Changes, Filter, Subscription, Trials
from monitor.model.when import AtOnce, Hourly, LocalTime, QuietHours
from monitor.store.codec import CorruptError
from monitor.store.subscription_json import SUBSCRIPTION, definition_text
from tests.store.deliveries import subscription
from tests.store.examples import NCT_ID, SEEN

words = st.lists(st.text(max_size=8), max_size=3).map(
    lambda found: tuple(text.encode("utf-8", "replace").decode() for text in found)
)
by_key = st.dictionaries(st.sampled_from(FILTER_KEYS), words, max_size=3)
filters = st.builds(Filter, wanted=by_key, excluded=by_key)
times = st.times().map(lambda moment: time(moment.hour, moment.minute))
zones = st.sampled_from(["UTC", "Europe/Madrid", "America/New_York"])
subscriptions = st.builds(
    subscription,
    trials=st.builds(
        Trials,
        nct_ids=st.frozensets(st.sampled_from([NCT_ID, "NCT00000002"])),
        filters=st.lists(filters, max_size=2).map(tuple),
        everything=st.booleans(),
    ),
    changes=st.builds(
        Changes,
        kinds=st.none() | st.frozensets(st.sampled_from(ChangeKind), max_size=4),
        min_severity=st.sampled_from(Severity),
        min_days=st.none() | st.integers(0, 4_000),
        min_percent=st.none() | st.floats(0, 1_000),
    ),
    when=st.just(AtOnce())
    | st.just(Hourly())
    | st.builds(LocalTime, at=times, zone=zones, weekday=st.none() | st.integers(0, 6)),
    critical_at_once=st.booleans(),
    quiet=st.none() | st.builds(QuietHours, start=times, end=times, zone=zones),
    send_empty=st.booleans(),
    channels=words,
)


def read(text: str) -> Subscription:
    return SUBSCRIPTION((0, "ana", "lupus", text, "config", "active", SEEN))


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(subscriptions)
def test_a_subscription_comes_back_as_it_was_stored(wanted: Subscription) -> None:
    text = definition_text(wanted)
    assert read(text) == wanted
    assert definition_text(read(text)) == text


def test_what_is_not_asked_for_takes_no_room() -> None:
    assert orjson.loads(definition_text(subscription())) == {
        "trials": {"nct_ids": [NCT_ID]},
        "channels": ["mail"],
        "when": "at once",
    }


GOOD = {"trials": {}, "channels": ["mail"], "when": "hourly"}


def damaged() -> Iterator[str]:
    yield from ("", "{", "[]", "null", '"x"', "{}")
    changed: list[dict[str, object]] = [
        {"trials": {"nct_ids": NCT_ID}},
        {"trials": {"nct_ids": [1]}},
        {"trials": {"filters": [{"wanted": {"colour": ["red"]}}]}},
        {"trials": {"filters": [{"wanted": {"title": "lupus"}}]}},
        {"trials": {"everything": 1}},
        {"trials": {"all": True}},
        {"changes": {"kinds": ["site_painted"]}},
        {"changes": {"kinds": "site_added"}},
        {"changes": {"min_severity": "grave"}},
        {"changes": {"min_days": "90"}},
        {"changes": {"most_days": 90}},
        {"changes": []},
        {"when": "sometimes"},
        {"when": "daily 25:00 UTC"},
        {"when": "daily 08:00 Mars/Olympus"},
        {"quiet": "at night"},
        {"channels": "mail"},
        {"channels": None},
        {"send_empty": "yes"},
        {"colour": "red"},
    ]
    yield from (orjson.dumps({**GOOD, **change}).decode() for change in changed)
    yield from (
        orjson.dumps({key: value for key, value in GOOD.items() if key != missing}).decode()
        for missing in GOOD
    )


@pytest.mark.parametrize("text", list(damaged()))
def test_a_damaged_definition_is_named_and_not_guessed(text: str) -> None:
    assert read(orjson.dumps(GOOD).decode()).when == Hourly()
    with pytest.raises(CorruptError, match=r"^the subscription 'lupus' of 'ana' cannot be read"):
        read(text)


@pytest.mark.parametrize(("column", "value"), [(4, "letter"), (5, "asleep"), (6, "yesterday")])
def test_a_damaged_row_is_named(column: int, value: str) -> None:
    row = [0, "ana", "lupus", orjson.dumps(GOOD).decode(), "config", "active", SEEN]
    row[column] = value
    with pytest.raises(CorruptError, match="the subscription 'lupus' of 'ana' cannot be read"):
        SUBSCRIPTION(row)
