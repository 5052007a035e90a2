"""The sections of the daemon: HTTP, where the web part listens, the lease."""

import pytest

from monitor.config import load
from monitor.errors import ConfigError
from monitor.settings import WebSettings


def test_http_is_set_by_variables_too() -> None:
    environ = {"MONITOR_HTTP__HTTP2": "false", "MONITOR_HTTP__REQUESTS_PER_MINUTE": "10"}
    http = load(environ=environ).http
    assert http.http2 is False
    assert http.requests_per_minute == 10


@pytest.mark.parametrize("key", ["CONTACT", "USER_AGENT"])
@pytest.mark.parametrize(
    "text", ["müller@example.org", "a\nb", "a\r\nX: y", "a\n", "\x00", "x" * 401]
)
def test_what_no_header_can_hold_is_refused(key: str, text: str) -> None:
    with pytest.raises(ConfigError, match=rf"MONITOR_HTTP__{key} = .* printable ASCII"):
        load(environ={f"MONITOR_HTTP__{key}": text})


def test_what_goes_into_a_header_has_no_blanks_around_it() -> None:
    environ = {"MONITOR_HTTP__CONTACT": " me@example.org ", "MONITOR_HTTP__USER_AGENT": "  "}
    http = load(environ=environ).http
    assert (http.contact, http.user_agent) == ("me@example.org", "")


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
    with pytest.raises(ConfigError, match=r"MONITOR_WEB__LISTEN = .* expected HOST:PORT"):
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
    with pytest.raises(ConfigError, match=r"MONITOR_WEB__PUBLIC_LISTEN = .* expected HOST:PORT"):
        load(environ={"MONITOR_WEB__PUBLIC_LISTEN": "8081"})
    with pytest.raises(
        ConfigError, match=r"public_listen = '127\.0\.0\.1:8080' is what listen says"
    ):
        load(environ={"MONITOR_WEB__PUBLIC_LISTEN": "127.0.0.1:8080"})
    both = {"MONITOR_WEB__PUBLIC_LISTEN": "127.0.0.1:0", "MONITOR_WEB__LISTEN": "127.0.0.1:0"}
    assert load(environ=both).web.public_address == ("127.0.0.1", 0)
