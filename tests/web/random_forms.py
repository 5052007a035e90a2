"""The pages on which people and operators act, asked at random with tokens that are good."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path

from monitor.app.tokens import add_token
from monitor.web.pages.operator import operator_routes
from monitor.web.site import site_routes
from monitor.web.store_calls import StoreCalls
from tests.ingest.world import NCT
from tests.web.people import FormBrowser, readers
from tests.web.random_requests import ask_at_random, paths_of
from tests.web.serving import LOOPBACK, answering, served

_ACTED_ON = ("/manage/{token}", "/operator", "/subscribe")


@dataclass(frozen=True, kw_only=True)
class Acting:
    """A site with the operator's page, and what lets somebody in."""

    address: tuple[str, int]
    paths: list[str]
    known: dict[str, tuple[str, ...]]
    cookie: str

    def ask(self, *, count: int, seed: int) -> tuple[Counter[int], list[str]]:
        """Ask so often at random; as ``ask_at_random``."""
        return ask_at_random(
            self.address, self.paths, count=count, seed=seed, known=self.known, cookie=self.cookie
        )


@contextmanager
def acting(folder: Path, url: str) -> Iterator[Acting]:
    """Serve a site that a reader has subscribed to and got a mail from, and an operator entered."""
    with readers(folder, url, web="requests_per_minute = 0") as there:
        manage = there.subscribe()
        there.monitored.change()
        texts = [manage, *map(_text, there.deliver())]
        app = there.monitored.app
        with app.reader() as reader:
            uids = tuple(one.uid for one in reader.outbox.messages() if one.uid)
        _, secret = add_token(app, "on-call", subscriber=None, operator=True, until=None)
        calls = StoreCalls(lambda: app)
        site = [*site_routes(calls, host=LOOPBACK), *operator_routes(calls)]
        people = [one for one in paths_of(site) if "token" in one or one in _ACTED_ON]
        with served(answering(), site) as server:
            came = FormBrowser(server).send("/operator", token=secret)
            yield Acting(
                address=server.address,
                paths=[*people, *_ACTED_ON * 5],
                known={"uid": uids, "nct_id": (NCT,), **_link_parts(texts)},
                cookie=came.headers["set-cookie"].partition(";")[0],
            )


def _text(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part is not None
    return f"{mail['List-Unsubscribe']} {part.get_content()}"


def _link_parts(texts: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return what stands in the links of mails, by the names that paths have for it."""
    found = [
        one for text in texts for one in re.findall(r"/([\w-]+)/([\w.~-]{20,})(?=[\s>]|$)", text)
    ]
    return {
        "token": tuple(sorted({token for _, token in found})),
        "of": tuple(sorted({before for before, _ in found})),
    }
