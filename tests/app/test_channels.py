"""Channels come out of their settings, with their secrets, and show none of them."""

from pathlib import Path

import pytest
from msgspec import structs

from monitor.app.channels import (
    channel_of,
    channel_settings,
    channels_of,
    targets_by_channel,
)
from monitor.app.doctor_delivery import channel_findings, subscription_findings
from monitor.app.policies import splitter_of
from monitor.app.wiring import App
from monitor.channels.email import EmailChannel
from monitor.channels.webhook import WebhookChannel
from monitor.config import load
from monitor.errors import ConfigError, NotFoundError
from monitor.model.checks import CheckStatus, Finding
from monitor.settings import ChannelSettings, Settings

SECRET = "s3cret"  # noqa: S105  # of nothing
HOOK = "whsec_" + "c2VjcmV0" * 4
TABLES = """
[[channel]]
name = "mail"
type = "email"
server = "smtp.example.org:2525"
username = "m"
password = "${PW}"
sender = "M <m@example.org>"
to = ["a@example.org", "b@example.org", "a@example.org"]
[[channel]]
name = "slack"
type = "slack"
url = "https://hooks.slack.com/${PW}"
[[channel]]
name = "hook"
type = "webhook"
url = "https://example.org/${PW}"
secret = "${HOOK}"
[[channel]]
name = "folder"
type = "folder"
path = "FOLDER"
[[channel]]
name = "console"
type = "console"
stream = "stderr"
[[channel]]
name = "phone"
type = "apprise"
url = "json://localhost/${PW}"
[delivery]
timeout_s = 7
"""
ENVIRON = {"PW": SECRET, "HOOK": HOOK}


def settings(tmp_path: Path, text: str = TABLES, environ: dict[str, str] = ENVIRON) -> Settings:
    file = tmp_path / "monitor.toml"
    file.write_text(text.replace("FOLDER", str(tmp_path / "out")), "utf-8")
    return load(file, environ=environ)


def test_every_type_of_channel_is_made_from_its_settings(tmp_path: Path) -> None:
    found = settings(tmp_path)
    made = channels_of(found)
    assert [(one.name, one.type) for one in made.values()] == [
        (given.name, given.type) for given in found.channels
    ]
    assert {name: one.targets for name, one in made.items()} == targets_by_channel(found)
    mail, hook = made["mail"].channel, made["hook"].channel
    assert isinstance(mail, EmailChannel)
    assert mail.targets == ("a@example.org", "b@example.org")
    assert mail.settings is found.channels[0]
    assert isinstance(hook, WebhookChannel)
    assert hook.place.host == "example.org"


def test_targets_and_places_are_told_without_any_secret(tmp_path: Path) -> None:
    found = settings(tmp_path, environ={})
    assert found.channels[0].targets == ("a@example.org", "b@example.org")
    assert [one.shown_place for one in found.channels] == [
        "smtp.example.org:2525 (starttls)", "its URL", "its URL", str(tmp_path / "out"), "stderr",
        "its URL",
    ]  # fmt: skip


def test_every_type_of_channel_with_the_key_gets_messages_in_parts(tmp_path: Path) -> None:
    """By the key, not by the class: a new type of channel needs no line elsewhere."""

    class NewSettings(ChannelSettings, frozen=True, kw_only=True):
        split_above_kb: int = 8

    found = settings(tmp_path, environ={})
    limits = {}
    for given in (
        *found.channels,
        NewSettings(name="new"),
        NewSettings(name="0", split_above_kb=0),
    ):
        of_one = structs.replace(found, channels=(given,))
        splitter = splitter_of(of_one, given.name)
        limits[given.name] = splitter and splitter.limit
    assert limits == {
        "mail": None, "slack": None, "hook": 256 << 10, "folder": None, "console": None,
        "phone": None, "new": 8 << 10, "0": None,
    }  # fmt: skip
    assert splitter_of(found, "unknown") is None


def test_only_the_channels_that_are_asked_for_need_their_secrets(tmp_path: Path) -> None:
    found = settings(tmp_path, environ={})
    assert list(channels_of(found, ["folder", "console"])) == ["folder", "console"]
    with pytest.raises(ConfigError, match=r'"mail" password: \$\{PW\} stands for'):
        channels_of(found)
    with pytest.raises(NotFoundError, match="no channel 'fax'; there are mail, slack"):
        channel_settings(found, "fax")


@pytest.mark.parametrize(
    ("name", "environ"),
    [
        ("hook", {"PW": SECRET, "HOOK": SECRET}),
        ("slack", {"PW": f"{SECRET}\u00e4", "HOOK": HOOK}),
        ("mail", {"PW": "", "HOOK": HOOK}),
    ],
)
def test_what_is_wrong_with_a_channel_is_told_without_its_secret(
    tmp_path: Path, name: str, environ: dict[str, str]
) -> None:
    found = settings(tmp_path, environ=environ)
    with pytest.raises(ConfigError) as caught:
        channel_of(channel_settings(found, name), found.delivery)
    assert name in str(caught.value)
    assert SECRET not in str(caught.value)


# --- the doctor -------------------------------------------------------------------------------


def of_channels(tmp_path: Path, environ: dict[str, str]) -> dict[str, Finding]:
    app = App(settings=settings(tmp_path, environ=environ))
    return {one.about: one for one in channel_findings(app, offline=True)}


def test_the_doctor_makes_every_channel_and_asks_nobody_offline(tmp_path: Path) -> None:
    found = of_channels(tmp_path, ENVIRON)
    assert {one.verdict for one in found.values()} == {CheckStatus.FINE}
    assert len(found) == 6
    assert not (tmp_path / "out").exists()
    assert SECRET not in repr(found)


def test_the_doctor_tells_what_a_channel_lacks(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file", "utf-8")
    found = of_channels(tmp_path, {"PW": SECRET})
    failed = {
        about: one.detail for about, one in found.items() if one.verdict is CheckStatus.FAILED
    }
    assert set(failed) == {"channel hook", "channel folder"}
    assert "${HOOK} stands for" in failed["channel hook"]
    assert failed["channel folder"].endswith("out is no folder")


def of_subscriptions(tmp_path: Path, url: str, text: str) -> Finding:
    app = App(settings=settings(tmp_path, text)).with_store(url)
    (found,) = subscription_findings(app)
    return found


def test_the_doctor_counts_subscriptions_and_reads_their_files(
    tmp_path: Path, sqlite_url: str
) -> None:
    channel = '[[channel]]\nname = "out"\ntype = "console"\n'
    one = '[[subscription]]\nname = "a"\nsubscriber = "ana"\nchannels = "out"\n'
    assert of_subscriptions(tmp_path, sqlite_url, "").verdict is CheckStatus.FINE
    alone = of_subscriptions(tmp_path, sqlite_url, channel)
    assert (alone.verdict, alone.detail) == (CheckStatus.WARNING, "there are none")
    fine = of_subscriptions(tmp_path, sqlite_url, f"{channel}{one}all = true")
    assert (fine.verdict, fine.detail) == (
        CheckStatus.FINE,
        "1 subscription, 1 of them in the file",
    )
    gone = of_subscriptions(tmp_path, sqlite_url, f"{channel}{one}nct_ids_file = 'gone.txt'")
    assert gone.verdict is CheckStatus.FAILED
    assert "gone.txt cannot be read" in gone.detail
