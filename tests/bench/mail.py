"""E-mail over one connection to a local server, against a bare loop of smtplib."""

import smtplib
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from statistics import median
from uuid import UUID, uuid5

from monitor.channels.email import EmailChannel
from monitor.channels.mail import compose
from monitor.model.messages import Message
from monitor.settings import EmailChannelSettings
from monitor.settings.hosts import read_address
from tests.bench.plan import Bench
from tests.bench.rows import Measurement
from tests.bench.timing import Race

_SENDER = "Trial monitor <monitor@example.org>"
_TARGET = "ana@example.org"
_MAILS = 100
_ROUNDS = 25
_LINE = "Enrollment target: 144 → 240 (+67%), as the registry’s record says it.\n"
_CELL = '<tr><td style="padding:4px 8px;color:#24292f">144 → <b>240</b> (+67%)</td></tr>\n'
_NOTE = (
    "{count} mails with a text and an HTML part, {size:.1f} KB each on the wire, to aiosmtpd in a "
    "process of its own on the same machine, over one connection without TLS. Ours: the channel "
    "as delivery uses it, from a rendered message to the server's answer, the mail's headers and "
    "parts made on the way. Baseline: `smtplib.SMTP.sendmail` in a loop over the same mails as "
    "bytes, made beforehand. The median of the ratios of {rounds} rounds counts, both sides of a "
    "round one after the other: two processes that answer each other in turn feel whatever else "
    "a machine does."
)


def measure(bench: Bench) -> list[Measurement]:
    """Send the same mails both ways, again and again."""
    count = min(_MAILS, bench.plan.watched)
    rounds = min(_ROUNDS, bench.plan.rounds)
    messages = [_message(number) for number in range(count)]
    sender = read_address(_SENDER)
    assert sender is not None
    mails = [compose(message, sender) for message in messages]
    race = Race()
    with _server() as port:
        channel = EmailChannel(
            EmailChannelSettings(
                name="bench",
                server=f"127.0.0.1:{port}",
                security="none",
                sender=_SENDER,
                to=(_TARGET,),
            )
        )

        def ours() -> None:
            with channel.connect() as connection:
                for message in messages:
                    connection.send(message)

        def baseline() -> None:
            with smtplib.SMTP("127.0.0.1", port, local_hostname="[127.0.0.1]") as smtp:
                for mail in mails:
                    smtp.sendmail(sender.address, [_TARGET], mail)

        for number in range(rounds):
            bench.say(f"mail: round {number + 1} of {rounds}")
            race.run(ours, baseline)
    rates = [
        count / median(sample.wall_s for sample in samples)
        for samples in (race.ours, race.baseline)
    ]
    pairs = zip(race.ours, race.baseline, strict=True)
    size = sum(map(len, mails)) / count / 1000
    return [
        Measurement(
            name="mail",
            what="e-mail to a local server, one connection",
            ours=f"{rates[0]:,.0f} mails/s",
            baseline=f"{rates[1]:,.0f} mails/s smtplib",
            ratio=median(bare.wall_s / own.wall_s for own, bare in pairs),
            target=0.6,
            at_least=True,
            note=_NOTE.format(count=count, size=size, rounds=rounds),
        )
    ]


def _message(number: int) -> Message:
    """Return a message of the size of an alert with a handful of events."""
    return Message(
        uid=str(uuid5(UUID(int=0), f"mail {number}")),
        subscriber="ana",
        target=_TARGET,
        subject=f"NCT{number:08d}: enrollment target 144 → 240 (+67%), + 3 more",
        text=_LINE * 20,
        html=f"<!doctype html><html><body><table>{_CELL * 120}</table></body></html>",
        slack={},
        data={},
        occurred_at=datetime(2026, 2, 19, 8, tzinfo=UTC),
        thread=f"NCT{number:08d}",
        severity="medium",
    )


@contextmanager
def _server() -> Iterator[int]:
    """Run a mail server that throws mails away; yield its port."""
    command = [sys.executable, "-m", "tests.bench.mail"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.stdin.close()  # which ends it


def _serve() -> None:
    from aiosmtpd.handlers import Sink

    from tests.channels.mailbox import MailServer

    with MailServer(Sink()) as server:
        sys.stdout.write(f"{server.port}\n")
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    _serve()
