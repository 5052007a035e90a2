"""``monitor web``: serve the pages and the API, until stopped."""

import sys

import click

from monitor.cli.group import Command
from monitor.cli.params import json_option
from monitor.cli.session import Session
from monitor.errors import UsageError
from monitor.settings.hosts import parse_listen_address


@click.command("web", cls=Command, examples=("monitor web", "monitor web --listen 127.0.0.1:8081"))
@click.option(
    "--listen",
    metavar="HOST:PORT",
    help="Where to answer  [default: [web] public_listen of the configuration]",
)
@json_option
@click.pass_obj
def command(session: Session, listen: str | None, as_json: bool) -> None:
    """Serve the pages, the feeds and the API, until stopped.

    `monitor run` does so too where [web] public_listen is set; this is a process of its own, of
    which there may be any number, each at its own address. It follows and sends nothing. Who may
    read is what [web] access says. With --json it prints where it answers.
    SIGTERM and SIGINT end it.
    """
    from monitor.app.logs import configure, never_wait
    from monitor.daemon.web_command import serve_site

    app = session.app
    address = app.settings.web.public_address if listen is None else _address(listen)
    if address is None:
        raise UsageError("it has no address: give --listen HOST:PORT, or set [web] public_listen")
    configure(app.settings.log)
    never_wait()
    with app.reader():  # an error that waiting cannot mend, as another schema, ends it now
        pass

    def report_url(url: str) -> None:
        if as_json:
            session.answer_json({"listen": url})
            sys.stdout.flush()  # who started it waits for this line

    serve_site(app, address, on_listening=report_url)


def _address(text: str) -> tuple[str, int]:
    try:
        found = parse_listen_address(text)
    except ValueError:
        found = None
    if found is None:
        raise UsageError(f"{text[:80]!r} is no address to listen on; write 127.0.0.1:8081")
    return found
