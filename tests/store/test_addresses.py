"""Where a store is: URLs in every spelling, and no password in any message."""

from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

import pytest

from monitor.errors import StoreError
from monitor.store.address import StoreAddress
from monitor.store.reader import open_reader
from monitor.store.writer import open_store
from tests.store.doors import DOORS, doors, refusal
from tests.store.examples import add_series, document


@doors
def test_a_server_that_is_not_there_is_an_error_without_the_password(door: str) -> None:
    url = "postgresql://someone:s%C3%A9cret@127.0.0.1:9/monitor?connect_timeout=2"
    text = refusal(lambda: DOORS[door](url))
    assert "cannot be reached" in text
    assert "postgresql://127.0.0.1:9/monitor" in text
    assert "cret" not in text


@doors
def test_a_database_that_is_not_there_is_an_error_without_the_password(
    postgres_url: str, door: str
) -> None:
    parts = urlsplit(postgres_url)
    place = parts.netloc.rpartition("@")
    user = (place[0] or "postgres").partition(":")[0]
    netloc = f"{user}:s3cret@{place[2]}"
    url = urlunsplit(parts._replace(netloc=netloc, path="/no_such_database"))
    text = refusal(lambda: DOORS[door](url))
    assert "does not exist" in text or "refused" in text
    assert "s3cret" not in text


@doors
def test_a_role_that_is_not_there_is_not_taken_for_a_database(postgres_url: str, door: str) -> None:
    parts = urlsplit(postgres_url)
    netloc = f"no_such_role:s3cret@{parts.netloc.rpartition('@')[2]}"
    text = refusal(lambda: DOORS[door](urlunsplit(parts._replace(netloc=netloc))))
    assert "refused" in text
    assert "s3cret" not in text


@pytest.mark.parametrize(
    "url",
    [
        "",
        "monitor.db",
        "mysql://someone:s3cret@host/monitor",
        "sqlite://",
        "sqlite:///",
        "sqlite:///:memory:",
        "postgresql://someone:s3cret@host:port/monitor",
        "postgresql://someone:s3cret@[::1/monitor",
        "postgresql://someone:pa@s3cret@host/monitor",
        "postgresql://someone:12/s3cret@host/monitor",
        "postgresql://someone:12?s3cret@host/monitor",
        "postgresql://someone:12#s3cret@host/monitor",
    ],
)
@doors
def test_a_url_that_names_no_store_is_refused_without_the_password(url: str, door: str) -> None:
    text = refusal(lambda: DOORS[door](url))
    assert "sqlite:///" in text
    assert "s3cret" not in text


@pytest.mark.parametrize("mark", ["@", "/", "?", "#"])
def test_a_password_with_marks_comes_with_how_they_are_written(mark: str) -> None:
    with pytest.raises(StoreError, match="%40 %3A %2F %3F %23"):
        StoreAddress.parse(f"postgresql://someone:s3c{mark}ret@host/monitor")
    written = quote(mark, safe="")
    address = StoreAddress.parse(f"postgresql://someone:s3c{written}ret@host/monitor?user=me@home")
    assert address.shown == "postgresql://host/monitor"


def test_the_long_and_the_short_postgresql_scheme_are_one(postgres_url: str) -> None:
    rest = postgres_url.partition("://")[2]
    for scheme in ("postgres", "postgresql", "postgresql+psycopg"):
        open_store(f"{scheme}://{rest}").close()
        open_reader(f"{scheme}://{rest}").close()


@pytest.mark.parametrize("name", ["with space.db", "100%.db", "a?b#c.db", "émile.db"])
def test_any_file_name_will_do(tmp_path: Path, name: str) -> None:
    url = f"sqlite:///{tmp_path / name}"
    with open_store(url) as store:
        add_series(store, [document()])
    with open_reader(url) as reader:
        assert reader.counts()["versions"] == 1
    assert (tmp_path / name).is_file()


def test_a_relative_path_is_taken_from_the_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    open_store("sqlite:///deep/er/monitor.db").close()
    open_reader("sqlite:///deep/er/monitor.db").close()
    assert (tmp_path / "deep" / "er" / "monitor.db").is_file()


def test_a_password_is_blotted_out_in_every_spelling() -> None:
    address = StoreAddress.parse("postgresql://someone:s%C3%A9cret%2Fx@host/monitor")
    text = address.scrub("no: s%C3%A9cret%2Fx, sécret/x; yes: secret")
    assert text == "no: ***, ***; yes: secret"
    assert "cret" not in address.shown
