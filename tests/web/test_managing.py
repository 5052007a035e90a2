"""A reader's own page: all that one may change of one's own, and nothing of anybody else's."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.app.signing import rotate_key
from monitor.model.when import LocalTime
from tests.cli.calls import Monitor
from tests.ingest.world import NCT
from tests.web.people import ADDRESS, Readers, link, readers

OTHER = "reader-two@example.org"


@pytest.fixture
def there(store_url: str, tmp_path: Path) -> Iterator[Readers]:
    with readers(tmp_path, store_url) as found:
        yield found


@pytest.fixture
def here(sqlite_url: str, tmp_path: Path) -> Iterator[Readers]:
    with readers(tmp_path, sqlite_url) as found:
        yield found


def statuses(there: Readers) -> list[str]:
    with there.monitored.app.reader() as reader:
        return [one.status.value for one in reader.subscribers.subscriptions()]


def number(there: Readers, at: int = 0) -> str:
    with there.monitored.app.reader() as reader:
        return str(reader.subscribers.subscriptions()[at].id)


def changed_mails(there: Readers) -> int:
    there.monitored.change()
    return len(there.deliver())


def test_a_reader_changes_pauses_resumes_and_stops_what_they_asked_for(there: Readers) -> None:
    path = there.subscribe()
    mine = number(there)
    assert changed_mails(there) == 1

    page = there.browser.post(path, do="pause", subscription=mine)
    assert "Paused." in page.text
    assert (statuses(there), changed_mails(there)) == (["paused"], 0)
    page = there.browser.post(path, do="resume", subscription=mine)
    assert "Messages come again." in page.text
    assert (statuses(there), changed_mails(there)) == (["active"], 1)

    page = there.browser.post(path, do="stop", subscription=mine)
    assert "You have no subscription." in page.text
    assert (statuses(there), changed_mails(there)) == (["retired"], 0)
    assert "Take it up again" in page.text
    there.browser.post(path, do="resume", subscription=mine)
    assert (statuses(there), changed_mails(there)) == (["active"], 1)

    there.browser.post(
        path, do="change", subscription=mine, every="weekly friday", at="07:30",
        zone="Europe/Madrid", min_severity="critical",
    )  # fmt: skip
    with there.monitored.app.reader() as reader:
        [one] = reader.subscribers.subscriptions()
    assert str(one.when) == "weekly friday 07:30 Europe/Madrid"
    assert isinstance(one.when, LocalTime)
    assert one.changes.min_severity.value == "critical"
    assert one.trials.nct_ids == {NCT}
    assert '<option value="weekly friday" selected>' in there.browser.get(path).html


def test_a_pause_ends_by_itself(there: Readers) -> None:
    path = there.subscribe()
    day = f"{there.monitored.clock.at:%Y-%m}-09"
    page = there.browser.post(path, do="pause", subscription=number(there), until=day)
    assert f"until {day}" in page.text
    assert changed_mails(there) == 0
    there.monitored.clock.move(days=7)
    there.deliver()
    assert statuses(there) == ["active"]
    assert changed_mails(there) == 1


def test_a_trial_is_silenced_and_heard_of_again(there: Readers) -> None:
    path = there.subscribe()
    page = there.browser.post(path, do="silence", nct_id=NCT.lower(), until="2030-01-01")
    assert f"{NCT}, until 2030-01-01" in page.text
    assert changed_mails(there) == 0
    [silence] = re.findall(r'name="silence" value="(\d+)"', page.html)
    there.browser.post(path, do="end_silence", silence=silence)
    assert changed_mails(there) == 1


def test_what_was_sent_and_all_that_is_stored_is_shown_and_erased(there: Readers) -> None:
    path = there.subscribe()
    there.monitored.change()
    [mail] = there.deliver()
    page = there.browser.get(path)
    assert ADDRESS in page.text
    assert "alert sent" in page.text
    assert page.headers["cache-control"] == "no-store"
    export = there.browser.get(f"{path.partition('?')[0]}/export")
    assert export.headers["content-disposition"].startswith("attachment")
    stored = json.loads(export.html)
    assert stored["address"]["address"] == ADDRESS
    assert [one["target"] for one in stored["messages"]].count(ADDRESS) == 2

    unsure = there.browser.post(path, do="erase")
    assert (unsure.status, statuses(there)) == (400, ["active"])
    erased = there.browser.post(path, do="erase", sure="yes")
    assert (erased.status, statuses(there)) == (200, [])
    with there.monitored.app.reader() as reader:
        assert reader.readers.addresses() == {}
        assert reader.outbox.messages() == []
    for after in (path, link(mail, "/manage/")):
        assert there.browser.get(after).status == 404


def test_nothing_of_one_reader_is_reached_by_another_s_link(here: Readers) -> None:
    path, other = here.subscribe(), here.subscribe(OTHER)
    here.browser.post(other, do="silence", nct_id=NCT, until="2030-01-01")
    theirs = number(here, 1)
    with here.monitored.app.reader() as reader:
        [silence] = reader.subscribers.silences()
        before = reader.subscribers.subscriptions()
    for fields in (
        {"do": "change", "every": "hourly", "min_severity": "high"},
        {"do": "pause"},
        {"do": "stop"},
        {"do": "resume"},
    ):
        assert here.browser.post(path, subscription=theirs, **fields).status == 404
    here.browser.post(path, do="end_silence", silence=str(silence.id))
    page = here.browser.get(path)
    assert OTHER not in page.html
    assert OTHER not in here.browser.get(f"{path}/export").html
    with here.monitored.app.reader() as reader:
        assert reader.subscribers.silences() == [silence]
        assert reader.subscribers.subscriptions() == before
    confirmation = link(here.mailbox.mails[0], "/subscribe/").rpartition("/")[2]
    for wrong in (f"/manage/{confirmation}", f"/subscribe/{path.rpartition('/')[2]}",
                  path[:-1], "/manage/x.y", "/manage/."):  # fmt: skip
        assert here.browser.get(wrong).status == 404


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"do": "pause", "until": "2020-01-01"}, "name a day to come"),
        ({"do": "pause", "until": "tomorrow"}, "is not a date"),
        ({"do": "change", "every": "never", "min_severity": "low"}, "never"),
        ({"do": "change", "every": "hourly", "min_severity": "huge"}, "huge"),
        ({"do": "silence", "nct_id": "lupus", "until": "2030-01-01"}, "lupus"),
        ({"do": "silence", "nct_id": NCT, "until": ""}, "is not a date"),
        ({"do": "dance"}, "nothing to do"),
        ({}, "nothing to do"),
    ],
)
def test_what_cannot_be_meant_changes_nothing(
    here: Readers, fields: dict[str, str], said: str
) -> None:
    path = here.subscribe()
    page = here.browser.post(path, subscription=number(here), **fields)
    assert (page.status, statuses(here)) == (400, ["active"])
    assert said in page.text


def test_links_end_when_the_reader_says_so_or_a_key_is_forgotten(here: Readers) -> None:
    path = here.subscribe()
    rotate_key(here.monitored.app, forget_former=False)
    assert here.browser.get(path).status == 200
    moved = here.browser.send(path, do="renew")
    fresh = "/manage/" + moved.headers["location"]
    assert here.browser.get(path).status == 404
    assert here.browser.get(fresh).status == 200
    rotate_key(here.monitored.app, forget_former=True)
    ended = here.browser.get(fresh)
    assert (ended.status, "newer mail" in ended.text) == (404, True)


def test_a_link_ends_after_ninety_days(here: Readers) -> None:
    path = here.subscribe()
    here.monitored.clock.move(days=89)
    assert here.browser.get(path).status == 200
    here.monitored.clock.move(days=2)
    assert "ended on" in here.browser.get(path).text


def test_what_is_a_reader_s_own_is_shown_to_the_operator_and_changed_by_nobody_else(
    here: Readers,
) -> None:
    here.subscribe()
    operator = Monitor(
        here.monitored.url, here.monitored.folder,
        {"MONITOR_CONFIG": str(here.monitored.folder / "monitor.toml")},
    )  # fmt: skip
    shown = operator.answer("subscription", "show", number(here))
    assert re.search(r"From +a page", shown)
    assert ADDRESS not in shown + operator.answer("subscriber", "list")
    refused = operator.complaint("subscription", "edit", number(here), "--all", code=2)
    assert "a reader's own" in refused
    assert "say --to which one" in operator.complaint("channel", "test", "readers", code=2)
