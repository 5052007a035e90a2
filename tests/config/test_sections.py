"""The sections of the daemon: HTTP, where the web part listens, the lease."""

from dataclasses import fields

import pytest
from msgspec import structs

from monitor.config import HttpSettings, WebSettings, load
from monitor.errors import ConfigError
from monitor.sources.http import HttpSettings as ClientSettings
from monitor.sources.http import RetrySettings


def test_whatever_the_http_client_can_be_told_can_be_configured_with_its_default() -> None:
    client = {
        found.name: getattr(ClientSettings(), found.name)
        for found in fields(ClientSettings)
        if found.name != "retries"
    }
    retries = {
        f"retry_{found.name.removeprefix('retry_')}": getattr(RetrySettings(), found.name)
        for found in fields(RetrySettings)
    }
    # A text that is not given is None to the client and "" in a file.
    expected = {name: value or ("" if value is None else value) for name, value in client.items()}
    assert structs.asdict(HttpSettings()) == {**expected, **retries}


def test_http_is_set_by_variables_too() -> None:
    environ = {"MONITOR_HTTP__HTTP2": "false", "MONITOR_HTTP__REQUESTS_PER_MINUTE": "10"}
    http = load(environ=environ).http
    assert http.http2 is False
    assert http.requests_per_minute == 10


@pytest.mark.parametrize("text", ["müller@example.org", "a\nb", "a\n", "x" * 201])
def test_a_contact_that_no_header_can_hold_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match=r"MONITOR_HTTP__CONTACT = .* printable ASCII"):
        load(environ={"MONITOR_HTTP__CONTACT": text})


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("", None),
        ("127.0.0.1:8080", ("127.0.0.1", 8080)),
        ("localhost:0", ("localhost", 0)),
        ("[::1]:65535", ("::1", 65_535)),
    ],
)
def test_where_the_web_part_listens_is_a_host_and_a_port(
    text: str, address: tuple[str, int] | None
) -> None:
    assert WebSettings(listen=text).address == address


@pytest.mark.parametrize(
    "text",
    ["8080", ":8080", "127.0.0.1", "::1:8080", "[::x]:80", "[]:80", "a b:80", "h:65536", "h:"],
)
def test_a_place_that_is_none_to_listen_at_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match=r"MONITOR_WEB__LISTEN = .* write HOST:PORT"):
        load(environ={"MONITOR_WEB__LISTEN": text})


def test_a_listener_is_turned_off_in_the_file_alone(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    file = tmp_path_factory.mktemp("config") / "monitor.toml"
    file.write_text('[web]\nlisten = ""\n', "utf-8")
    assert load(file, environ={}).web.address is None
    assert load(file, environ={"MONITOR_WEB__LISTEN": "[::1]:9"}).web.address == ("::1", 9)


def test_readers_get_an_address_of_their_own() -> None:
    web = load(environ={"MONITOR_WEB__PUBLIC_LISTEN": " 127.0.0.1:8081 "}).web
    assert web.public_address == ("127.0.0.1", 8081)
    assert load(environ={}).web.public_address is None
    with pytest.raises(ConfigError, match=r"MONITOR_WEB__PUBLIC_LISTEN = .* write HOST:PORT"):
        load(environ={"MONITOR_WEB__PUBLIC_LISTEN": "8081"})
    with pytest.raises(
        ConfigError, match=r"public_listen = '127\.0\.0\.1:8080' is what listen says"
    ):
        load(environ={"MONITOR_WEB__PUBLIC_LISTEN": "127.0.0.1:8080"})
    both = {"MONITOR_WEB__PUBLIC_LISTEN": "127.0.0.1:0", "MONITOR_WEB__LISTEN": "127.0.0.1:0"}
    assert load(environ=both).web.public_address == ("127.0.0.1", 0)
