"""The doctor looks at the addresses of both web listeners."""

import socket

import pytest

from monitor.app import App
from monitor.app.doctor_web import web_findings
from monitor.app.tokens import add_token
from monitor.model.checks import CheckStatus, Finding
from monitor.settings import DeliverySettings, Settings, StoreSettings, WebSettings

PUBLIC = "https://monitor.example.org"


def found(
    web: WebSettings, *, public_url: str = "", answered: tuple[str, int] | None = None
) -> list[Finding]:
    """Return what is found; ``answered``: where a monitor runs."""
    settings = Settings(web=web, delivery=DeliverySettings(public_url=public_url))
    return list(web_findings(App(settings=settings), lambda address: address == answered))


def test_free_addresses_are_fine() -> None:
    web = WebSettings(listen="127.0.0.1:0", public_listen="127.0.0.1:0")
    findings = found(web, public_url=PUBLIC)
    assert [one.about for one in findings] == ["web listen", "web public_listen"]
    assert {one.verdict for one in findings} == {CheckStatus.FINE}


def test_what_is_switched_off_is_said() -> None:
    (one,) = found(WebSettings(listen=""))
    assert (one.verdict, one.detail) == (CheckStatus.SKIPPED, 'switched off ([web] listen = "")')


@pytest.mark.parametrize("is_ours", [True, False], ids=["by a monitor", "by another program"])
def test_addresses_that_are_held_are_looked_into(is_ours: bool) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as one,
        socket.create_server(("127.0.0.1", 0)) as two,
    ):
        listen, public = (held.getsockname()[1] for held in (one, two))
        web = WebSettings(listen=f"127.0.0.1:{listen}", public_listen=f"127.0.0.1:{public}")
        answered = ("127.0.0.1", listen) if is_ours else None
        findings = found(web, public_url=PUBLIC, answered=answered)
    verdicts = [finding.verdict for finding in findings]
    if is_ours:
        assert verdicts == [CheckStatus.FINE, CheckStatus.FINE]
        assert all("held by a monitor that runs" in finding.detail for finding in findings)
    else:
        assert verdicts == [CheckStatus.WARNING, CheckStatus.WARNING]
        assert [finding.fix.split(";")[0] for finding in findings] == [
            "name another one: [web] listen", "name another one: [web] public_listen",
        ]  # fmt: skip


def test_readers_on_the_operator_s_address_are_a_warning_where_others_reach_it() -> None:
    (one,) = found(WebSettings(listen="0.0.0.0:0"), public_url=PUBLIC)
    assert one.verdict is CheckStatus.WARNING
    assert "[web] public_listen" in one.fix
    for listen in ("127.0.0.1:0", "localhost:0"):
        (one,) = found(WebSettings(listen=listen), public_url=PUBLIC)
        assert one.verdict is CheckStatus.FINE
    (one,) = found(WebSettings(listen="0.0.0.0:0"))
    assert one.verdict is CheckStatus.FINE


def test_pages_to_which_nothing_leads_are_a_warning() -> None:
    findings = found(WebSettings(listen="", public_listen="127.0.0.1:0"))
    assert findings[1].verdict is CheckStatus.WARNING
    assert "[delivery] public_url" in findings[1].fix


def test_where_a_token_is_needed_there_should_be_one(sqlite_url: str) -> None:
    web = WebSettings(listen="", public_listen="127.0.0.1:0", access="token")
    app = App(settings=Settings(web=web, store=StoreSettings(url=sqlite_url)))

    def warnings() -> list[str]:
        return [one.detail for one in web_findings(app, lambda _: False) if "token" in one.detail]

    assert warnings() == []  # no store: another finding's business
    with app.store():
        pass
    assert len(warnings()) == 1
    add_token(app, "dashboard", subscriber=None, operator=False, until=None)
    assert warnings() == []
