"""Subscribing on the page: a form, a mail, a button; nothing is sent that nobody confirmed."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.app import App
from monitor.app.subscription_service import SubscriptionService
from monitor.errors import ConfigError
from monitor.model.readers import ConfirmedAddress
from tests.deliver.configured import Monitored
from tests.ingest.world import NCT
from tests.store.test_snapshots import run_sql
from tests.web.people import ADDRESS, Readers, link, readers


@pytest.fixture
def there(store_url: str, tmp_path: Path) -> Iterator[Readers]:
    with readers(tmp_path, store_url) as found:
        yield found


@pytest.fixture
def here(sqlite_url: str, tmp_path: Path) -> Iterator[Readers]:
    with readers(tmp_path, sqlite_url) as found:
        yield found


def stored(there: Readers) -> tuple[list[str], dict[str, str]]:
    """Return the names of all subscriptions, and all confirmed addresses."""
    with there.monitored.app.reader() as reader:
        names = [one.name for one in reader.subscribers.subscriptions()]
        return names, reader.readers.addresses()


def test_who_asks_and_confirms_is_told_of_changes(
    there: Readers, capsys: pytest.CaptureFixture[str]
) -> None:
    form = there.browser.get(f"/subscribe?nct_id={NCT}&kind=enrollment&since=7d")
    assert f"Trials: {NCT}" in form.text
    assert form.fields() == {"nct_id": NCT, "kind": "enrollment"}
    sent = there.browser.post("/subscribe", **form.fields(), address=ADDRESS, every="at once")
    assert (sent.status, "Look for a mail" in sent.text) == (200, True)
    assert stored(there) == ([], {})
    there.monitored.change()
    [mail] = there.deliver()
    assert (mail["To"], mail["List-Unsubscribe"]) == (ADDRESS, None)
    path = link(mail, "/subscribe/")
    assert f"Trials {NCT}" in there.browser.get(path).text
    assert stored(there) == ([], {}), "a link scanner confirmed"
    own = there.browser.post(path)
    assert (own.status, "Your subscriptions" in own.text) == (200, True)
    names, addresses = stored(there)
    assert (names, list(addresses.values())) == ([NCT], [ADDRESS])
    assert there.deliver() == [], "what was before the confirmation is no news"
    there.monitored.change()
    [alert] = there.deliver()
    assert alert["To"] == ADDRESS
    assert link(alert, "/manage/")
    assert alert["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    printed = capsys.readouterr()
    assert "reader-one" not in printed.out + printed.err
    again = there.browser.send(path)
    assert (again.status, stored(there)[0]) == (303, [NCT])


def test_an_address_that_is_known_is_answered_alike_and_confirms_once_more(
    here: Readers,
) -> None:
    new = here.browser.post("/subscribe", address=ADDRESS, condition="lupus")
    here.subscribe()
    known = here.browser.post("/subscribe", address=ADDRESS.upper(), condition="lupus")
    assert (known.status, known.html) == (new.status, new.html)
    [mail] = here.deliver()
    assert mail["To"] == ADDRESS
    assert len(stored(here)[0]) == 1
    here.browser.post(link(mail, "/subscribe/"))
    names, addresses = stored(here)
    assert (names, len(addresses)) == ([NCT, "lupus"], 1)


def test_an_address_has_a_number_of_subscriptions_at_most(sqlite_url: str, tmp_path: Path) -> None:
    with readers(tmp_path, sqlite_url, web="subscriptions_per_address = 1") as one:
        one.subscribe()
        one.browser.post("/subscribe", address=ADDRESS, condition="lupus")
        [mail] = one.deliver()
        refused = one.browser.post(link(mail, "/subscribe/"))
        assert (refused.status, "has 1 subscriptions" in refused.text) == (400, True)
        assert stored(one)[0] == [NCT]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"address": "no address", "condition": "lupus"}, "is not an e-mail address"),
        ({"address": "Ana <a@example.org>", "condition": "lupus"}, "is not an e-mail address"),
        ({"address": ADDRESS}, "say which trials"),
        ({"address": ADDRESS, "nct_id": "lupus"}, "NCT"),
        ({"address": ADDRESS, "condition": "..."}, "condition"),
        ({"address": ADDRESS, "condition": "lupus", "every": "sometimes"}, "sometimes"),
        ({"address": ADDRESS, "condition": "lupus", "zone": "Moon/Base"}, "Moon/Base"),
        ({"address": ADDRESS, "condition": "lupus", "kind": "weather"}, "weather"),
        ({"address": ADDRESS, "condition": "lupus", "colour": "red"}, "no such parameter"),
    ],
)
def test_a_form_that_cannot_be_meant_comes_back_with_what_it_held(
    here: Readers, fields: dict[str, str], said: str
) -> None:
    page = here.browser.post("/subscribe", **fields)
    assert page.status == 400
    assert said in page.text
    assert f'value="{fields["address"].replace("<", "&lt;").replace(">", "&gt;")}"' in page.html
    assert here.deliver() == []


def test_neither_an_address_nor_a_network_can_be_flooded(here: Readers) -> None:
    for _ in range(8):
        assert here.browser.post("/subscribe", address=ADDRESS, condition="lupus").status == 200
    assert len(here.deliver()) == 5
    for number in range(12):
        address = f"reader-{number}@example.org"
        assert here.browser.post("/subscribe", address=address, condition="lupus").status == 200
    refused = here.browser.post("/subscribe", address="other@example.org", condition="lupus")
    assert (refused.status, "from your network" in refused.text) == (429, True)
    here.monitored.clock.move(hours=1)
    assert here.browser.post("/subscribe", address=ADDRESS, condition="lupus").status == 200


def test_what_nobody_confirms_is_forgotten(there: Readers) -> None:
    there.browser.post("/subscribe", address=ADDRESS, condition="lupus")
    [mail] = there.deliver()
    path = link(mail, "/subscribe/")
    there.monitored.clock.move(days=2)
    page = there.browser.post(path)
    assert (page.status, "ended on" in page.text) == (404, True)
    there.monitored.clock.move(days=1)
    there.deliver()
    with there.monitored.app.reader() as reader:
        assert reader.outbox.messages() == []
        assert reader.readers.subscriber_at(ADDRESS) is None


def test_a_busy_store_gives_the_form_back(here: Readers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.app.readers._BUSY_S", 0.1)
    with here.monitored.app.store() as store, store.transaction():
        page = here.browser.post(
            "/subscribe", address=ADDRESS, condition="lupus", zone="Asia/Tokyo"
        )
    assert (page.status, page.headers["retry-after"]) == (503, "5")
    assert "send the form again" in page.text
    assert all(one in page.html for one in (f'value="{ADDRESS}"', 'value="lupus"', "Asia/Tokyo"))


def test_all_of_a_reader_is_exported_and_erased(there: Readers) -> None:
    there.subscribe()
    there.monitored.change()
    there.deliver()
    there.browser.post("/subscribe", address=ADDRESS, condition="lupus")
    service = SubscriptionService(app=there.monitored.app, file=None)
    [name] = stored(there)[1]
    found = service.export(name)
    assert found["address"]["address"] == ADDRESS
    gone = service.forget(name)
    assert (gone["addresses"], gone["requests"], gone["subscriptions"]) == (1, 2, 1)
    with there.monitored.app.reader() as reader:
        assert reader.outbox.messages() == []
        assert reader.readers.subscriber_at(ADDRESS) is None
    there.monitored.change()
    assert there.deliver() == []


def test_messages_go_to_the_confirmed_address_alone(there: Readers) -> None:
    there.subscribe()
    there.monitored.change()
    run_sql(there.monitored.url, "UPDATE confirmed_addresses SET address = 'new@example.org'")
    assert there.deliver() == []
    with there.monitored.app.reader() as reader:
        [message] = [one for one in reader.outbox.messages() if one.kind == "alert"]
    assert (message.state.value, message.target) == ("dead", ADDRESS)


def test_a_server_that_refuses_an_address_does_not_bring_it_into_the_log(
    here: Readers, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    here.subscribe()
    here.mailbox.refused[ADDRESS] = f"550 <{ADDRESS}> is unknown here"
    here.monitored.change()
    here.deliver()
    printed = capsys.readouterr()
    assert "550 <***> is unknown here" in printed.out + printed.err
    assert "reader-one" not in printed.out + printed.err + caplog.text


def test_subscribing_is_off_unless_it_is_allowed_and_needs_a_way_to_readers(
    sqlite_url: str, tmp_path: Path
) -> None:
    with readers(tmp_path, sqlite_url) as one:
        file = tmp_path / "monitor.toml"
        text = file.read_text("utf-8")
        for wrong, output in (
            (text.replace('to = "subscribers"', 'to = "a@example.org"'), "sends to readers"),
            (text.replace("https://monitor.example.org", ""), "public_url"),
            (text.replace('to = "subscribers"', 'to = ["subscribers", "a@b.org"]'), "to"),
            (text + f'[[subscription]]\nname = "x"\nsubscriber = "ana"\nnct_ids = "{NCT}"\n'
             'channels = "readers"\n', "readers"),
            (text.replace("[delivery]", '[delivery]\noperator = "readers"'), "operator"),
        ):  # fmt: skip
            file.write_text(wrong, "utf-8")
            with pytest.raises(ConfigError, match=output):
                App.configured(file, environ={})
        assert one.browser.get("/subscribe").status == 200
    monitored = Monitored(tmp_path, sqlite_url)
    monitored.configure(public_url="https://monitor.example.org")
    assert not monitored.app.settings.web.subscribe


def test_times_of_a_confirmation_are_kept(here: Readers) -> None:
    here.subscribe()
    [name] = stored(here)[1]
    with here.monitored.app.reader() as reader:
        assert reader.readers.address_of(name) == ConfirmedAddress(
            subscriber=name,
            address=ADDRESS,
            generation=1,
            confirmed_at=here.monitored.clock.at,
        )
