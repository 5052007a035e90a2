"""``monitor outbox``: messages on their way, sent, and given up."""

import re
import shutil
from pathlib import Path

import pytest

from tests.cli.calls import Monitor
from tests.cli.studies import NCT, OTHER, study
from tests.deliver.configured import folder_channel


@pytest.fixture(scope="module")
def delivered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder in which a message was sent to one channel, and given up for another."""
    folder = tmp_path_factory.mktemp("delivered")
    monitor = Monitor(f"sqlite:///{folder / 'stores' / 'monitor.db'}", folder)
    configure(monitor)
    (folder / "broken").write_text("a file where the folder should be")
    monitor.ingest(study("2026-02-02"))
    assert monitor("deliver", "--once").exit_code == 1
    return folder


def configure(monitor: Monitor) -> None:
    """Let two people hear of everything, each by a folder of its own."""
    texts = [
        folder_channel(monitor.folder, name)
        + f'[[subscription]]\nname = "mine"\nsubscriber = "{subscriber}"\nall = true\n'
        f'channels = "{name}"\n'
        for subscriber, name in (("ana", "broken"), ("ben", "box"))
    ]
    config = monitor.folder / "monitor.toml"
    config.write_text("[delivery]\nattempts = 1\n" + "\n".join(texts), "utf-8")
    monitor.environ["MONITOR_CONFIG"] = str(config)


@pytest.fixture
def given_up(monitor: Monitor, delivered: Path) -> Monitor:
    """Return the command line on a store with a dead letter (1) and a message that was sent (2)."""
    shutil.copytree(delivered, monitor.folder, dirs_exist_ok=True)
    configure(monitor)
    return monitor


def test_messages_are_listed_newest_first_with_what_became_of_them(given_up: Monitor) -> None:
    shown = given_up.answer("outbox", "list")
    rows = {tuple(line.split()[1:4]) for line in shown.splitlines()[1:3]}
    assert rows == {("dead", "ana", "broken"), ("sent", "ben", "box")}
    assert "2 messages shown; 1 sent, 1 dead" in shown
    assert len(re.findall(rf"(?m)^\d+ .* {NCT}  ", shown)) == 2  # which trial each is about


def test_a_digest_is_listed_with_how_many_trials_it_tells_of(monitor: Monitor) -> None:
    config = monitor.folder / "monitor.toml"
    config.write_text(
        '[[subscription]]\nname = "all"\nsubscriber = "ana"\nall = true\nwhen = "daily 08:00 UTC"',
        "utf-8",
    )
    monitor.environ["MONITOR_CONFIG"] = str(config)
    monitor.ingest(study("2026-02-02"), study("2026-02-02", nct_id=OTHER))
    assert "  digest, 2 trials  " in monitor.answer("outbox", "list")


@pytest.mark.parametrize(
    ("options", "found"),
    [
        (("--state", "dead"), ["ana"]),
        (("--subscriber", "ben"), ["ben"]),
        (("--channel", "box", "--state", "dead"), []),
        (("--limit", "1"), [None]),
        (("--state", "dead", "--state", "waiting"), ["ana"]),
        (("--state", "dead", "--state", "sent", "--limit", "1"), [None]),
        (("--subscriber", "ben", "--subscriber", "zoe"), ["ben"]),
        (("--channel", "box", "--channel", "broken", "--state", "dead"), ["ana"]),
    ],
)
def test_lists_are_filtered(
    given_up: Monitor, options: tuple[str, ...], found: list[str | None]
) -> None:
    messages = given_up.json("outbox", "list", *options)
    assert len(messages) == len(found)
    if found != [None]:
        assert [one["subscriber"] for one in messages] == found


def dead(monitor: Monitor) -> dict[str, object]:
    """Return the dead letter."""
    (message,) = monitor.json("outbox", "list", "--state", "dead")
    assert isinstance(message, dict)
    return message


def test_a_message_shows_its_items_and_its_attempts(given_up: Monitor) -> None:
    message = dead(given_up)
    shown = given_up.answer("outbox", "show", str(message["id"]))
    assert f"delivery {message['uid']}" in shown
    assert "ana by broken" in shown
    assert "for “mine”: your subscription “mine”" in shown
    assert "1 attempt\n" in shown
    assert "transient: the folder: Not a directory" in shown
    whole = given_up.json("outbox", "show", str(message["uid"]))
    assert [one["subscription"] for one in whole["items"]] == ["mine"]
    assert [one["outcome"] for one in whole["attempt_history"]] == ["transient"]


@pytest.mark.parametrize(
    "form",
    [
        pytest.param("{uid}", id="webhook-id"),
        pytest.param("<{uid}@monitor.example.org>", id="message-id"),
        pytest.param("{uid}@monitor.example.org", id="message-id without brackets"),
        pytest.param("Message-ID: <{uid}@monitor.example.org>", id="the whole header"),
        pytest.param("{file}", id="file"),
        pytest.param("some/folder/{file}", id="path of a file"),
        pytest.param("20260219T080000Z_NCT09000001_{uid}.2.json", id="file of a repetition"),
        pytest.param("{upper}", id="capitals"),
        pytest.param("urn:uuid:{uid}", id="urn"),
        pytest.param("{uid}.1", id="part of a message"),
    ],
)
def test_a_message_is_found_by_the_id_that_a_receiver_has(given_up: Monitor, form: str) -> None:
    (sent,) = given_up.json("outbox", "list", "--state", "sent")
    (file,) = (given_up.folder / "box").glob("*.json")
    name = form.format(uid=sent["uid"], upper=sent["uid"].upper(), file=file.name)
    assert given_up.json("outbox", "show", name)["id"] == sent["id"]


def test_a_message_that_has_not_left_has_no_id_yet(monitor: Monitor) -> None:
    config = monitor.folder / "monitor.toml"
    config.write_text('[[subscription]]\nname = "all"\nsubscriber = "ana"\nall = true\n', "utf-8")
    monitor.environ["MONITOR_CONFIG"] = str(config)
    monitor.ingest(study("2026-02-02"))
    (waiting,) = monitor.json("outbox", "list")
    assert waiting["uid"] is None
    shown = monitor.answer("outbox", "show", str(waiting["id"]))
    assert "which gets its id when it leaves" in shown


def test_a_message_shows_what_was_announced(given_up: Monitor) -> None:
    (item,) = given_up.json("outbox", "show", str(dead(given_up)["id"]))["items"]
    (event,) = item["events"]
    assert event["kind"] == "trial_registered"
    assert event["summary"] in given_up.answer("outbox", "show", str(dead(given_up)["id"]))


def test_a_dead_letter_is_sent_again_with_the_same_id(given_up: Monitor) -> None:
    message = dead(given_up)
    (given_up.folder / "broken").unlink()
    assert given_up.answer("outbox", "retry", str(message["id"])) == "1 message due now\n"
    assert given_up("deliver", "--once").stdout == "broken: 1 sent\n"
    (file,) = (given_up.folder / "broken").glob("*.json")
    assert str(message["uid"]) in file.name


def test_all_dead_letters_of_a_channel_are_let_go(given_up: Monitor) -> None:
    assert given_up.json("outbox", "drop", "--dead", "--channel", "box") == {
        "changed": [],
        "left": [],
    }
    message = dead(given_up)
    assert given_up.json("outbox", "drop", "--dead")["changed"] == [message["id"]]
    assert given_up.json("outbox", "list", "--state", "dropped")[0]["id"] == message["id"]


@pytest.fixture
def waiting(given_up: Monitor) -> Monitor:
    """Return the same with a message that waits for each channel, too."""
    given_up.ingest(study("2026-02-02", nct_id=OTHER))
    return given_up


def states(monitor: Monitor, channel: str) -> list[str]:
    """Return the states of the messages of a channel, newest first."""
    return [one["state"] for one in monitor.json("outbox", "list", "--channel", channel)]


def test_dead_letters_of_several_channels_are_let_go(given_up: Monitor) -> None:
    channels = ("--channel", "box", "--channel", "broken")
    assert len(given_up.json("outbox", "list", *channels)) == 2
    assert len(given_up.json("outbox", "drop", "--dead", *channels)["changed"]) == 1


def test_what_waits_for_a_channel_is_dropped_with_its_dead_letters(waiting: Monitor) -> None:
    assert states(waiting, "broken") == ["waiting", "dead"]
    assert (
        waiting.answer("outbox", "drop", "--channel", "broken", "--yes") == "2 messages dropped\n"
    )
    assert states(waiting, "broken") == ["dropped", "dropped"]
    assert states(waiting, "box") == ["waiting", "sent"]


def test_nothing_that_waits_is_dropped_where_nobody_can_answer(waiting: Monitor) -> None:
    text = waiting.complaint("outbox", "drop", "--channel", "broken", code=2)
    assert "1 waiting message of broken would not be sent; say --yes" in text
    assert states(waiting, "broken") == ["waiting", "dead"]


@pytest.mark.parametrize(("answer", "left"), [("y", "dropped"), ("n", "waiting")])
def test_somebody_at_a_terminal_is_asked(
    waiting: Monitor, monkeypatch: pytest.MonkeyPatch, answer: str, left: str
) -> None:
    monkeypatch.setattr("monitor.cli.outbox.can_ask", lambda: True)
    result = waiting("outbox", "drop", "--channel", "broken", typed=answer)
    assert result.exit_code == (0 if answer == "y" else 130)
    assert states(waiting, "broken")[0] == left


def test_dead_letters_alone_of_a_channel_need_no_answer(given_up: Monitor) -> None:
    assert given_up.answer("outbox", "drop", "--channel", "broken") == "1 message dropped\n"
    assert given_up.json("outbox", "drop", "--channel", "nobody") == {"changed": [], "left": []}


def test_with_dead_what_waits_for_the_channel_is_left(waiting: Monitor) -> None:
    waiting.answer("outbox", "drop", "--dead", "--channel", "broken")
    assert states(waiting, "broken") == ["waiting", "dropped"]


@pytest.mark.parametrize("command", ["retry", "drop"])
def test_what_was_sent_is_left_alone(given_up: Monitor, command: str) -> None:
    (sent,) = given_up.json("outbox", "list", "--state", "sent")
    result = given_up("outbox", command, str(sent["id"]))
    assert result.exit_code == 1
    assert f"message {sent['id']} is sent, and left alone" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("show", "99"), 3),
        (("show", "00000000-0000-5000-8000-000000000000"), 3),
        (("show", "something"), 2),
        (("show", "99999999999999999999999"), 2),
        (("retry",), 2),
        (("retry", "1", "--dead"), 2),
        (("drop", "1", "--channel", "box"), 2),
    ],
)
def test_what_cannot_be_is_refused(
    given_up: Monitor, arguments: tuple[str, ...], code: int
) -> None:
    given_up.complaint("outbox", *arguments, code=code)


def test_status_tells_of_the_outbox_and_of_failing_channels(given_up: Monitor) -> None:
    shown = given_up.answer("status")
    assert "1 sent, 1 dead" in shown
    assert "channel broken failed 1 time: the folder: Not a directory" in shown
    found = given_up.json("status")
    assert found["outbox"]["dead"] == {"broken": 1}
    assert found["oldest_due_at"] is None
    (channel,) = found["failing_channels"]
    assert (channel["name"], channel["paused"]) == ("broken", False)


def test_status_tells_since_when_something_is_due(monitor: Monitor) -> None:
    config = monitor.folder / "monitor.toml"
    subscription = '[[subscription]]\nname = "m"\nsubscriber = "a"\nall = true\nchannels = "box"\n'
    config.write_text(folder_channel(monitor.folder, "box") + subscription, "utf-8")
    monitor.environ["MONITOR_CONFIG"] = str(config)
    monitor.ingest(study("2026-02-02", nct_id=OTHER))
    assert "1 waiting; oldest due since 2026-03-02 12:00 UTC" in monitor.answer("status")
