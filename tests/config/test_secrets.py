"""Secrets reach the store and nothing else: no error, no repr, no log line."""

import io
import traceback
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from rich.pretty import pprint

from monitor.config import load
from monitor.errors import ConfigError
from monitor.settings import mask_url

SECRET = "s3cret-wörd"  # noqa: S105  # of nothing


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://monitor:pw@db:5432/m", "postgresql://monitor:***@db:5432/m"),
        ("postgresql://monitor@db/m", "postgresql://monitor@db/m"),
        ("postgresql://:pw@db/m", "postgresql://:***@db/m"),
        ("postgresql://u:a@b/c?d#e@db/m", "postgresql://u:***@db/m"),
        ("postgresql:///m?user=u&password=pw&x=1", "postgresql:///m?user=u&password=***&x=1"),
        ("postgresql://db/m?sslPassword=pw", "postgresql://db/m?sslPassword=***"),
        ("postgresql://db/m?passfile=/etc/pw", "postgresql://db/m?passfile=***"),
        ("sqlite:///snapshots/monitor.db", "sqlite:///snapshots/monitor.db"),
        ("sqlite:////home/me@work/a:b@c.db", "sqlite:////home/me@work/a:b@c.db"),
        ("pw", "***"),
    ],
)
def test_a_url_is_shown_without_its_password(url: str, shown: str) -> None:
    assert mask_url(url) == shown


@given(st.text(min_size=1))
def test_no_password_survives_masking(password: str) -> None:
    url = f"postgresql://monitor:«{password}»@db/m"
    assert mask_url(url) == "postgresql://monitor:***@db/m"


def test_settings_are_printed_without_their_secrets() -> None:
    settings = load(environ={"MONITOR_DATABASE_URL": f"postgresql://monitor:{SECRET}@db/m"})
    screen = io.StringIO()
    pprint(settings, console=Console(file=screen, width=200))
    for shown in (repr(settings), str(settings), repr(settings.store), screen.getvalue()):
        assert SECRET not in shown
        assert "postgresql://monitor:***@db/m" in shown
    assert SECRET in settings.store.url


@pytest.mark.parametrize(
    "toml",
    [
        f"[store]\nurl = 'mysql://monitor:{SECRET}@db/m'",
        f"[store]\nurl = ['postgresql://monitor:{SECRET}@db/m']",
        f"[store]\nurl = 'postgresql://monitor:{SECRET}@db/m",
        f"[store]\nurl = 'postgresql://monitor:{SECRET}@db/m'\nbusy = 1",
        "[store]\nurl = 'mysql://monitor:${PW}@db/m'",
        f"[delivery]\npublic_url = 'https://monitor:{SECRET}@monitor.example.org'",
        "[log]\nlevel = '${PW}'",
        "[ingest]\nbatch_records = '${PW}'",
    ],
)
def test_an_error_of_the_file_shows_no_secret(tmp_path: Path, toml: str) -> None:
    file = tmp_path / "monitor.toml"
    file.write_text(toml, "utf-8")
    with pytest.raises(ConfigError) as caught:
        load(file, environ={"PW": SECRET})
    assert SECRET not in shown_with_causes(caught.value)


def test_an_error_of_the_environment_shows_no_secret(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text(SECRET, "utf-8")
    for environ in (
        {"MONITOR_DATABASE_URL": SECRET},
        {"MONITOR_STORE__URL": f"mysql://monitor:{SECRET}@db/m"},
        {"MONITOR_DATABASE_URL_FILE": str(secret)},
        {"MONITOR_LOG__LEVEL_FILE": str(secret)},
    ):
        with pytest.raises(ConfigError) as caught:
            load(environ=environ)
        assert SECRET not in shown_with_causes(caught.value)


def shown_with_causes(error: BaseException) -> str:
    """Return what a traceback says, the errors behind this one included."""
    return "".join(traceback.format_exception(error))
