"""The README names every key that can be set."""

import re
from collections.abc import Iterable
from pathlib import Path

import msgspec
import pytest

from monitor.config import load
from monitor.settings import Settings
from monitor.settings.channels import CHANNEL_TYPES
from monitor.settings.sources import SOURCE_TYPES
from monitor.settings.subscribers import SubscriberSettings, SubscriptionSettings

README = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
LISTS = {"sources", "channels", "subscribers", "subscriptions", "synonyms"}


def keys(*types: type) -> set[str]:
    """Return the keys of settings as people write them."""
    return {field.encode_name for one in types for field in msgspec.structs.fields(one)}


def tables() -> Iterable[tuple[str, set[str]]]:
    """Return each table as the README names it, with its keys."""
    for section in msgspec.structs.fields(Settings):
        if section.name not in LISTS:
            yield f"[{section.name}]", keys(section.type)
    yield "[[source]]", keys(*SOURCE_TYPES.values())
    yield "[[channel]]", keys(*CHANNEL_TYPES.values())
    yield "[[subscriber]]", keys(SubscriberSettings)
    yield "[[subscription]]", keys(SubscriptionSettings)


@pytest.mark.parametrize(("table", "expected"), list(tables()))
def test_the_readme_names_every_key_of_a_table(table: str, expected: set[str]) -> None:
    row = next(line for line in README.splitlines() if line.startswith(f"| `{table}` |"))
    named = set(re.findall(r"`([a-z0-9_]+)`", row.split("|")[2]))
    assert named - set(CHANNEL_TYPES) - set(SOURCE_TYPES) == expected


def test_ten_lines_are_enough_for_mail_and_slack(tmp_path: Path) -> None:
    found = re.search(r"```toml\n(.+?)```", README, re.DOTALL)
    assert found is not None
    assert len(found[1].splitlines()) <= 10
    file = tmp_path / "my.toml"
    file.write_text(found[1], "utf-8")
    settings = load(file, environ={"SMTP_PASSWORD": "x", "SLACK_WEBHOOK_URL": "https://x.example"})
    assert {type(one).__name__ for one in settings.channels} == {
        "EmailChannelSettings",
        "SlackChannelSettings",
    }
    assert settings.sources
    assert {name for one in settings.subscriptions for name in one.channels} == {
        one.name for one in settings.channels
    }
