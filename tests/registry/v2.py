"""The documented API: /api/v2/version, /api/v2/studies, /api/v2/studies/{id}."""

import random
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.registry import answers, markup, parameters
from tests.registry.asked import V2
from tests.registry.catalogue import Alias, Study
from tests.registry.errors import Refused
from tests.registry.faults import Fault, Planned
from tests.registry.listing import Lists
from tests.registry.parameters import Search, View
from tests.registry.paths import project
from tests.registry.tokens import Token, refusal
from tests.registry.world import API_VERSION, Load, World, stamped

FAULT = "registry.fault"


class DocumentedApi:
    """Answers of API v2 over a world.

    ``tokens_die``: page tokens are good for the data load they were handed out in only.
    ``ahead``: the page behind each page is made while the client reads it, in another thread.
    """

    def __init__(self, world: World, *, tokens_die: bool = False, ahead: bool = False) -> None:
        self.world = world
        self.tokens_die = tokens_die
        self._ahead = ThreadPoolExecutor(1, thread_name_prefix="ahead") if ahead else None
        self._lists = Lists(world.catalogue)
        self._orders = random.Random(0)  # noqa: S311 - an order, no secret

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route(f"{V2}/version", self.version, methods=["GET"]),
            Route(f"{V2}/studies", self.studies, methods=["GET"]),
            Route(f"{V2}/studies/{{nct_id}}", self.study, methods=["GET"]),
        ]

    async def version(self, request: Request) -> Response:
        """Answer with the version of API and data."""
        load = self.world.load
        if request.query_params:
            name = next(iter(request.query_params))
            return answers.refusal(Refused(400, f"`{name}` is unknown parameter"))
        body = {"apiVersion": API_VERSION, "dataTimestamp": load.timestamp}
        return answers.tagged(request, answers.as_json(body), load)

    async def study(self, request: Request) -> Response:
        """Answer with one study, a redirect from an alias, or a refusal."""
        load = self.world.load
        try:
            nct_id = parameters.nct_id(request.path_params["nct_id"])
            if nct_id is None:
                raise Refused(400, "Parameter `nctId` has incorrect format")
            view = parameters.view(request.query_params.multi_items())
            found = self.world.find(nct_id, load)
            if found is None:
                raise Refused(404, f"NCT number {nct_id} not found")
        except Refused as refused:
            return answers.refusal(refused)
        if isinstance(found, Alias):
            # The registry drops the query string here.
            return Response(status_code=301, headers={"location": f"{V2}/studies/{found.nct_id}"})
        return answers.tagged(request, self._shown(found, view, load), load)

    async def studies(self, request: Request) -> Response:
        """Answer with a page of studies, or a refusal."""
        planned: Planned | None = request.scope.get(FAULT)
        load = self.world.load
        try:
            search = parameters.search(request.query_params.multi_items())
            if search.token and (_is(planned, Fault.TOKEN_EXPIRED) or self._is_dead(search, load)):
                raise refusal()
            body = self._page(search, load, planned)
        except Refused as refused:
            return answers.refusal(refused)
        return answers.tagged(request, body, load)

    def _is_dead(self, search: Search, load: Load) -> bool:
        return self.tokens_die and search.token is not None and search.token.load != load

    def _page(self, search: Search, load: Load, planned: Planned | None) -> bytes:
        token = search.token
        offset = token.offset if token else 0
        order = token.order if token else self._orders.randrange(1, 2**32)
        shifted = planned.met[-1] if planned and _is(planned, Fault.SHIFTED_ORDER) else 0
        found = self._lists.find(search, load, order, shifted=shifted)
        if _is(planned, Fault.REPEATED_PAGE):
            offset = max(0, offset - search.size)
        following = offset + search.size
        if _is(planned, Fault.EMPTY_PAGE):
            following = offset
        rows = self._rows(found[offset:following], search.view, load)
        if self._ahead is not None:
            next_rows = found[following : following + search.size]
            self._ahead.submit(self._rows, next_rows, search.view, load)
        following_token = None
        if following < len(found):
            following_token = Token(offset=following, order=order, load=load).write()
        total = len(found) if search.count and token is None else None
        return answers.page(_spoilt(rows, planned), total, following_token)

    def _rows(self, nct_ids: Sequence[str], view: View, load: Load) -> list[bytes]:
        studies = (self.world.find(nct_id, load) for nct_id in nct_ids)
        return [self._shown(one, view, load) for one in studies if isinstance(one, Study)]

    def _shown(self, study: Study, view: View, load: Load) -> bytes:
        if view.paths is None and not view.classic:
            return self.world.body(study, load)
        document: Any = stamped(study, load.day)
        if view.paths is not None:
            document = project(document, view.paths)
        return answers.as_json(markup.to_classic(document) if view.classic else document)


def _is(planned: Planned | None, fault: Fault) -> bool:
    return planned is not None and planned.fault is fault


def _spoilt(rows: list[bytes], planned: Planned | None) -> list[bytes]:
    if planned is None or not rows:
        return rows
    if planned.fault is Fault.DUPLICATE_STUDY:
        return [*rows, rows[0]]
    if planned.fault is Fault.MALFORMED_STUDY:
        at = min(planned.options.get("index", 0), len(rows) - 1)
        broken = planned.options.get("study", {"protocolSection": {"identificationModule": []}})
        return [*rows[:at], answers.as_json(broken), *rows[at + 1 :]]
    return rows
