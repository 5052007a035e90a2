"""The doctor goes as far towards each channel as one can without sending."""

import os
import ssl
from pathlib import Path

import pytest
import trustme

from monitor.app import doctor_timeouts
from monitor.app.doctor_delivery import channel_findings
from monitor.app.wiring import App
from monitor.config import load
from monitor.model.checks import CheckStatus, Finding
from tests.channels.mailbox import PASSWORD, USER, Mailbox, MailServer, with_login
from tests.channels.receiver import Receiver
from tests.registry import closed_port
from tests.sources.http.loopback import reply

SECRET = "planted-secret-of-hook"  # noqa: S105  # of nothing


@pytest.fixture
def authority() -> trustme.CA:
    """Return an authority that nobody has heard of."""
    return trustme.CA()


@pytest.fixture
def tls(authority: trustme.CA) -> ssl.SSLContext:
    """Return what a server needs to be 127.0.0.1."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


def mail(place: str, *, password: str = PASSWORD.decode(), **more: str) -> str:
    given = {"server": place, "sender": "m@example.org", "to": "ana@example.org", **more}
    if password:
        given |= {"username": USER.decode(), "password": password}
    return '[[channel]]\nname = "way"\ntype = "email"\n' + "".join(
        f'{key} = "{value}"\n' for key, value in given.items()
    )


def hook(url: str, kind: str = "webhook") -> str:
    return f'[[channel]]\nname = "way"\ntype = "{kind}"\nallow_private = true\nurl = "{url}"\n'


def found(tmp_path: Path, channel: str, *, offline: bool = False) -> Finding:
    file = tmp_path / "monitor.toml"
    file.write_text(channel, "utf-8")
    (finding,) = channel_findings(App(settings=load(file, environ={})), offline=offline)
    assert SECRET not in repr(finding)
    assert PASSWORD.decode() not in repr(finding)
    return finding


def test_a_mail_server_is_tried_up_to_the_login(
    tmp_path: Path, tls: ssl.SSLContext, authority: trustme.CA
) -> None:
    bundle = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(bundle)
    mailbox = Mailbox()
    with with_login(mailbox, tls) as server:
        fine = found(tmp_path, mail(server.place, certificates=str(bundle)))
        wrong = found(tmp_path, mail(server.place, certificates=str(bundle), password=SECRET))
        distrusted = found(tmp_path, mail(server.place))
    assert fine.verdict is CheckStatus.FINE
    assert "answers, its certificate is trusted, it took the login; nothing was sent" in fine.detail
    assert (wrong.verdict, wrong.fix) == (CheckStatus.FAILED, "check username and password")
    assert "refused the login: 535" in wrong.detail
    assert distrusted.verdict is CheckStatus.FAILED
    assert "a certificate that is not trusted" in distrusted.detail
    assert "name its authority" in distrusted.fix
    assert (mailbox.envelopes, mailbox.sessions) == ([], [])


def test_a_mail_server_that_offers_no_encryption_is_a_failure(tmp_path: Path) -> None:
    with MailServer(Mailbox()) as server:
        finding = found(tmp_path, mail(server.place, password=""))
    assert finding.verdict is CheckStatus.FAILED
    assert "does not offer" in finding.detail


@pytest.mark.parametrize("kind", ["webhook", "slack"])
def test_the_host_of_a_url_is_connected_to_and_asked_nothing(tmp_path: Path, kind: str) -> None:
    with Receiver(reply(b"ok")) as server:
        finding = found(tmp_path, hook(f"{server.url}/{SECRET}", kind))
        assert server.posts == []
    assert finding.verdict is CheckStatus.FINE
    assert f"http://{server.host} answers; nothing was sent" in finding.detail


def test_a_certificate_that_is_not_trusted_is_a_failure(
    tmp_path: Path, tls: ssl.SSLContext
) -> None:
    with Receiver(reply(b"ok"), tls=tls) as server:
        finding = found(tmp_path, hook(f"https://{server.host}/{SECRET}"))
    assert finding.verdict is CheckStatus.FAILED
    assert "the certificate is not trusted" in finding.detail


def test_what_nobody_answers_at_is_a_failure_unless_offline(tmp_path: Path) -> None:
    with closed_port() as base_url:
        host = base_url.removeprefix("http://")
        for channel in (mail(host), hook(f"{base_url}/{SECRET}"), hook(f"{base_url}/x", "slack")):
            finding = found(tmp_path, channel)
            assert finding.verdict is CheckStatus.FAILED, channel
            assert "refused" in finding.detail
            assert finding.fix == "check host, port, DNS and firewall"
            offline = found(tmp_path, channel, offline=True)
            assert offline.verdict is CheckStatus.FINE
            assert "not tried (--offline)" in offline.detail


def test_without_tables_the_built_in_channel_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    finding = found(tmp_path, "")
    assert (finding.about, finding.verdict) == ("channels", CheckStatus.FINE)
    assert finding.detail.endswith("goes to snapshots/alerts")
    (tmp_path / "snapshots").write_text("a file where the folder should be")
    finding = found(tmp_path, "")
    assert finding.verdict is CheckStatus.WARNING
    assert "snapshots is no folder" in finding.detail


def test_a_secret_s_file_that_hangs_is_a_finding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor_timeouts, "PATIENCE_S", 0.2)
    pipe = tmp_path / "secret"
    os.mkfifo(pipe)
    finding = found(tmp_path, f'[[channel]]\nname = "way"\ntype = "slack"\nurl_file = "{pipe}"\n')
    assert (finding.verdict, finding.detail) == (
        CheckStatus.FAILED,
        "no end within 0.2 s: it hangs",
    )
    with pipe.open("wb"):
        pass  # whoever reads it ends
