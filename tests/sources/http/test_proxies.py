"""Behind a company's proxy: both transports find it in the environment."""

import pytest

from monitor.sources.http import TimedOutError
from tests.sources.http.conftest import MakeClient
from tests.sources.http.loopback import Loopback, head, reply, send


def test_a_proxy_of_the_environment_is_used(
    client: MakeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Loopback(reply(b"[]")) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        assert client("http://registry.invalid").get("/api/v2/version").body == b"[]"
    assert proxy.requests[0].target == "http://registry.invalid/api/v2/version"


def test_a_host_may_be_excepted_from_the_proxy(
    client: MakeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Loopback(reply()) as proxy, Loopback(reply(b"[]")) as server:
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        assert client(server.url).get("/").body == b"[]"
    assert proxy.requests == []


def test_a_dripping_proxy_cannot_outlast_the_total_timeout(
    client: MakeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    drip = send(head(200, "A: b")[:-4], then=lambda connection: connection.drip(b"b"))
    with Loopback(drip) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        with pytest.raises(TimedOutError, match=r"not complete within 0\.2 s"):
            client("http://registry.invalid", total_timeout_s=0.2).get("/")


def test_a_password_of_the_proxy_is_never_told(
    client: MakeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://me:secret@127.0.0.1:1")
    with pytest.raises(Exception, match=r"registry\.invalid cannot be reached") as caught:
        client("http://registry.invalid").get("/")
    assert "secret" not in str(caught.value)
