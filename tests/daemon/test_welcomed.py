"""The first real mail: by SMTP, soon after the daemon starts or a command subscribes somebody."""

from email import message_from_bytes, policy
from pathlib import Path

from tests.daemon.processes import Running, configure, eventually, folder_source
from tests.daemon.test_delivering import put
from tests.demo.servers import DemoMailbox, mail_server
from tests.forked import run_command

WITHIN_S = 60.0


def subjects(mailbox: DemoMailbox) -> list[str]:
    """Return the subjects of the mails that have come."""
    mails = [message_from_bytes(path.read_bytes(), policy=policy.default) for path in mailbox.mails]
    return [str(mail["Subject"]) for mail in mails]


def test_the_first_mail_comes_within_a_minute_and_once(tmp_path: Path, sqlite_url: str) -> None:
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    put(inbox, "one.json", "2026-02-01", 100)
    source = folder_source("inbox", inbox) + "\nsettle_s = 0\n"
    with mail_server(tmp_path / "mailbox") as (server, mailbox):
        more = (
            f'[[channel]]\nname = "mail"\ntype = "email"\nserver = "{server}"\nsecurity = "none"\n'
            'sender = "monitor@example.org"\nto = "ana@example.org"\n'
            '[[subscription]]\nname = "all"\nsubscriber = "ana"\nall = true\nchannels = "mail"\n'
        )
        config = configure(tmp_path, sqlite_url, source, more=more)
        with Running(config) as daemon:
            eventually(lambda: len(mailbox.mails) == 1, within_s=WITHIN_S, what="the first mail")
            assert subjects(mailbox) == ["Welcome: “all” covers 1 trial now"]
            wish = ("--subscriber", "ben", "--name", "later", "--all", "--channel", "mail")
            run_command("--config", str(config), "subscription", "add", *wish).check_returncode()
            eventually(lambda: len(mailbox.mails) == 2, within_s=WITHIN_S, what="the second mail")
            assert subjects(mailbox)[1] == "Welcome: “later” covers 1 trial now"
            assert daemon.stop() == 0
        with Running(config, name="again") as daemon:
            daemon.wait_for("pass finished", times=2)
            assert daemon.stop() == 0
        assert len(mailbox.mails) == 2
