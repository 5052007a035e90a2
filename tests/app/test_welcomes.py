"""Welcome messages: once for each new subscription, with what it covers and when it is told of."""

import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.app.subscribers import sync_from_config
from monitor.app.subscription_service import SubscriptionService
from monitor.app.unsubscribing import unsubscribe
from monitor.model.subscriptions import SubscriptionStatus
from monitor.store.backup import back_up
from monitor.store.reader import open_reader
from monitor.store.restore import restore
from tests.deliver.configured import Monitored, folder_channel, subscription
from tests.ingest.world import NCT, NOON, study

STOP = threading.Event()
OTHER = "NCT09000002"


@pytest.fixture
def monitored(store_url: str, tmp_path: Path) -> Monitored:
    """Return a monitor that knows a trial of two, on either database, and welcomes people."""
    made = Monitored(tmp_path, store_url)
    configure(made)
    made.ingest(study("2026-02-01"), alerts=False)
    made.ingest(study("2026-02-01", nct_id=OTHER), alerts=False)
    return made


def configure(monitored: Monitored, *tables: str, **delivery: Any) -> None:
    box = folder_channel(monitored.folder, "box")
    monitored.configure(box, *tables, **{"welcome": True, **delivery})


def deliver_all(monitored: Monitored) -> list[dict[str, Any]]:
    """Deliver what is due and return all that the folder has got."""
    monitored.deliveries().deliver_due(stop=STOP)
    return monitored.got("box")


def test_a_new_subscription_is_told_what_it_covers_and_when_it_hears(monitored: Monitored) -> None:
    wish = subscription("ana", "box", when="daily 08:00 Europe/Madrid")
    configure(monitored, wish + 'filter = { condition = "a condition" }\n')
    [message] = deliver_all(monitored)
    assert message["subject"] == "Welcome: “mine” covers 2 trials now"
    assert message["alerts"] == []
    [one] = message["welcome"]
    assert (one["name"], one["trials_now"], one["nct_ids"]) == ("mine", 2, [NCT])
    assert one["next_digest_at"] == "2026-03-03T07:00:00+00:00"


def test_what_it_covers_goes_by_synonyms(monitored: Monitored) -> None:
    wish = subscription("ana", "box").replace(f'nct_ids = ["{NCT}"]\n', "")
    wish += 'filter = { condition = "any of them" }\n'
    configure(monitored, wish)
    [before] = deliver_all(monitored)
    assert before["welcome"][0]["trials_now"] == 0
    synonyms = '[synonyms]\n"any of them" = ["a condition", "another"]\n'
    configure(monitored, synonyms, wish, wish.replace('"ana"', '"ben"'))
    [message] = [one for one in deliver_all(monitored) if one["delivery"] != before["delivery"]]
    assert (message["subscriber"], message["welcome"][0]["trials_now"]) == ("ben", 2)


def test_it_comes_once_whatever_follows(monitored: Monitored) -> None:
    configure(monitored, subscription("ana", "box"))
    assert len(deliver_all(monitored)) == 1
    for tables in (
        [subscription("ana", "box")],  # restarted
        [subscription("ana", "box", when="hourly")],  # changed
        [subscription("ana", "box", when="hourly").replace('"mine"', '"renamed"')],
        [],
        [subscription("ana", "box", when="hourly")],  # it comes back
    ):
        monitored.clock.move(minutes=10)
        configure(monitored, *tables)
        assert len(deliver_all(monitored)) == 1, tables
    people = SubscriptionService(app=monitored.app, file=None)
    people.set_status("mine", SubscriptionStatus.PAUSED)
    people.set_status("mine", SubscriptionStatus.ACTIVE)
    assert len(deliver_all(monitored)) == 1


def test_what_is_new_together_comes_in_one_message_for_each_address(monitored: Monitored) -> None:
    second = subscription("ana", "box").replace(f'"{NCT}"', f'"{OTHER}", "NCT09000009"')
    configure(
        monitored,
        subscription("ana", "box"),
        second.replace('"mine"', '"second"'),
        subscription("ben", "box"),
    )
    ana, ben = sorted(deliver_all(monitored), key=lambda one: str(one["subscriber"]))
    assert ana["subject"] == "Welcome: 2 subscriptions are set up"
    assert [(one["name"], one["trials_now"]) for one in ana["welcome"]] == [
        ("mine", 1), ("second", 1),
    ]  # fmt: skip
    assert ana["welcome"][1]["nct_ids_missing"] == ["NCT09000009"]
    assert ben["subject"] == "Welcome: “mine” covers 1 trial now"


def test_it_goes_before_news_and_in_no_group(monitored: Monitored) -> None:
    configure(monitored, subscription("ana", "box"), subscription("ben", "box"))
    monitored.change(2)
    messages = deliver_all(monitored)
    assert sum("welcome" in one for one in messages) == 2
    assert sum(len(one["alerts"]) for one in messages) == 4


def test_without_it_nobody_is_welcomed_now_or_later(monitored: Monitored) -> None:
    configure(monitored, subscription("ana", "box"), welcome=False)
    assert deliver_all(monitored) == []
    configure(monitored, subscription("ana", "box"))
    assert deliver_all(monitored) == []


def test_what_was_there_long_before_is_no_news(monitored: Monitored) -> None:
    configure(monitored, subscription("ana", "box"))
    sync_from_config(monitored.app)
    monitored.clock.move(days=2)
    assert deliver_all(monitored) == []


def test_it_waits_for_the_first_reading_of_the_sources_but_not_for_long(
    monitored: Monitored,
) -> None:
    source = '[[source]]\nname = "drop"\ntype = "files"\nevery = "1h"\npath = "drop"\n'
    configure(monitored, source, subscription("ana", "box"))
    sync_from_config(monitored.app)
    assert deliver_all(monitored) == []
    monitored.clock.move(seconds=50)
    assert len(deliver_all(monitored)) == 1


def test_who_has_quiet_hours_is_welcomed_after_them(monitored: Monitored) -> None:
    configure(monitored, subscription("ana", "box", quiet="11:00-14:00 UTC"))
    assert deliver_all(monitored) == []
    monitored.clock.at = NOON + timedelta(hours=2)
    assert len(deliver_all(monitored)) == 1


def test_another_store_of_the_same_gives_it_the_same_id(
    monitored: Monitored, sqlite_url: str, tmp_path: Path
) -> None:
    configure(monitored, subscription("ana", "box"))
    [message] = deliver_all(monitored)
    (tmp_path / "other").mkdir()
    other = Monitored(tmp_path / "other", f"{sqlite_url}.other")
    configure(other, subscription("ana", "box"))
    [same] = deliver_all(other)
    assert same["delivery"] == message["delivery"]


def test_its_link_pauses_what_it_tells_of(monitored: Monitored) -> None:
    configure(monitored, subscription("ana", "box"), public_url="https://monitor.example.org")
    [message] = deliver_all(monitored)
    with open_reader(monitored.url) as reader:
        token = reader.outbox.unsubscribe_token(message["delivery"])
    unsubscribe(monitored.app, message["delivery"], token)
    with open_reader(monitored.url) as reader:
        [one] = reader.subscribers.subscriptions()
    assert one.status is SubscriptionStatus.PAUSED


def test_who_is_forgotten_and_comes_back_is_welcomed_anew(monitored: Monitored) -> None:
    configure(monitored, subscription("ana", "box"))
    assert len(deliver_all(monitored)) == 1
    configure(monitored)
    SubscriptionService(app=monitored.app, file=None).forget("ana")
    for file in (monitored.folder / "box").iterdir():
        file.unlink()
    configure(monitored, subscription("ana", "box"))
    assert len(deliver_all(monitored)) == 1


@pytest.mark.parametrize("told_before", [True, False])
def test_after_a_restore_it_has_the_id_that_it_had(
    sqlite_url: str, tmp_path: Path, told_before: bool
) -> None:
    """A store of before it was sent sends it again, and its receiver can tell; else nothing."""
    monitored = Monitored(tmp_path, sqlite_url)
    configure(monitored, subscription("ana", "box"))
    monitored.ingest(study("2026-02-01"), alerts=False)
    messages = deliver_all(monitored) if told_before else []
    backup = tmp_path / "backup.db"
    back_up(monitored.url, backup)
    messages = messages or deliver_all(monitored)
    assert len(messages) == 1
    for file in (tmp_path / "box").iterdir():
        file.unlink()
    monitored.clock.move(minutes=10)
    restore(monitored.url, backup, now=monitored.clock.at, keep=False)
    again = deliver_all(monitored)
    assert [one["delivery"] for one in again] == [messages[0]["delivery"]] * (not told_before)
