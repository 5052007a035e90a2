"""Readers of a monitor that they subscribe to by its page: a site, a mailbox, and their browser."""

import http.client
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlencode, urljoin, urlsplit

from monitor.web.server import WebServer
from monitor.web.site import site_routes
from monitor.web.store_calls import StoreCalls
from tests.channels.mailbox import Mailbox, MailServer
from tests.deliver.configured import Monitored
from tests.ingest.world import NCT
from tests.web.serving import LOOPBACK, answering, served

ADDRESS = "reader-one@example.org"
_HTML = "text/html,*/*;q=0.8"


class FetchedPage(NamedTuple):
    """What came back; ``path``: where, without what leads to the site."""

    status: int
    headers: Mapping[str, str]
    html: str
    path: str

    @property
    def text(self) -> str:
        """What is read of it, its blanks one each."""
        return " ".join(re.sub("<[^>]*>", " ", self.html).split())

    def fields(self, number: int = 0) -> dict[str, str]:
        """Return the hidden fields of a form, counted from 0."""
        form = self.html.split("<form")[number + 1].split("</form>")[0]
        return dict(re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', form))


class FormBrowser:
    """Asks as browsers do: forms come from the site's own pages, redirects are followed."""

    def __init__(self, server: WebServer, **headers: str) -> None:
        self.address = server.address
        self.headers = {"Origin": f"http://{server.address[0]}:{server.address[1]}", **headers}

    def get(self, path: str) -> FetchedPage:
        return self._ask("GET", path, None, {})

    def send(self, path: str, **fields: str) -> FetchedPage:
        """Send a form."""
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        return self._ask("POST", path, urlencode(fields), kind)

    def post(self, path: str, **fields: str) -> FetchedPage:
        """Send a form and go where it leads."""
        found = self.send(path, **fields)
        if found.status != 303:
            return found
        return self.get(urljoin(path, found.headers["location"]))

    def _ask(
        self, method: str, path: str, body: str | None, headers: dict[str, str]
    ) -> FetchedPage:
        connection = http.client.HTTPConnection(*self.address, timeout=60)
        try:
            connection.request(
                method, path.partition("#")[0], body, {"Accept": _HTML, **self.headers, **headers}
            )
            answer = connection.getresponse()
            found = {name.lower(): value for name, value in answer.getheaders()}
            return FetchedPage(answer.status, found, answer.read().decode(), path)
        finally:
            connection.close()


@dataclass
class Readers:
    """A monitor whose readers subscribe on its page, the mails that they get, and a browser."""

    monitored: Monitored
    mailbox: Mailbox
    browser: FormBrowser
    server: WebServer

    def deliver(self) -> list[EmailMessage]:
        """Send what is due; return the mails that came of it."""
        before = len(self.mailbox.mails)
        self.monitored.deliveries().deliver_due(stop=threading.Event())
        return self.mailbox.mails[before:]

    def subscribe(self, address: str = ADDRESS, **fields: str) -> str:
        """Subscribe by form and mail; return the path of the reader's own page."""
        given = {"nct_id": NCT, "every": "at once", **fields}
        assert self.browser.post("/subscribe", address=address, **given).status == 200
        path = link(next(m for m in reversed(self.deliver()) if m["To"] == address), "/subscribe/")
        confirmed = self.browser.send(path)
        assert confirmed.status == 303, confirmed.text
        return urljoin(path, confirmed.headers["location"])


def link(mail: EmailMessage, beginning: str) -> str:
    """Return the path of the link in a mail's text that begins so."""
    part = mail.get_body(("plain",))
    assert part is not None
    links = map(urlsplit, re.findall(r"https?://\S+", part.get_content()))
    return next(one.path for one in links if one.path.startswith(beginning))


@contextmanager
def readers(folder: Path, url: str, *tables: str, web: str = "") -> Iterator[Readers]:
    """Yield a monitor that knows a trial, with its site and its mail server."""
    monitored = Monitored(folder, url)
    mailbox = Mailbox()
    with ExitStack() as stack:
        mail = stack.enter_context(MailServer(mailbox))
        channel = (
            f'[[channel]]\nname = "readers"\ntype = "email"\nserver = "{mail.place}"\n'
            'security = "none"\nsender = "monitor@example.org"\nto = "subscribers"\n'
        )
        file = monitored.configure(channel, *tables, public_url="https://monitor.example.org")
        section = f"[web]\nsubscribe = true\n{web}\n"
        file.write_text(section + file.read_text("utf-8"), "utf-8")
        monitored.begin()
        app = monitored.app
        site = site_routes(StoreCalls(lambda: app), host=LOOPBACK)
        server = stack.enter_context(served(answering(), site))
        yield Readers(monitored, mailbox, FormBrowser(server), server)
