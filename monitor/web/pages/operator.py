"""The operator's page: how the monitor stands, and decisions about what waits for one."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from monitor.app import App
from monitor.app.operator_page import OperatorPage, decide, operator_page
from monitor.errors import NotFoundError
from monitor.render.gate import GateReport
from monitor.render.values import moment
from monitor.web.operator_access import (
    COOKIE,
    is_known_host,
    operator_of,
    operator_token,
    set_cookie,
)
from monitor.web.pages.answering import page_route
from monitor.web.pages.layout import PRIVATE, page, style_route
from monitor.web.pages.subscribe import respond
from monitor.web.store_calls import StoreCalls


def operator_routes(calls: StoreCalls) -> list[Route]:
    """Return where the operator's page is, which belongs on the operator's listener alone."""
    # With its style sheet: readers' pages may be served elsewhere.
    return [style_route(), page_route(calls, "/operator", operator, ("GET", "POST"))]


def operator(app: App, request: Request) -> Response:
    """Return the page, or the form that asks for a token; a POST decides, or presents the token."""
    if not is_known_host(app, request):
        raise NotFoundError("there is no such page under this name; ask by the machine's address")
    who = operator_of(app, request)
    form = request.state.form if request.method == "POST" else {}
    if who is None:
        return _log_in(app, request, form.get("token", "")) if form else _login_page(request)
    if not form:
        return _page(app, request)
    if form.get("do") == "leave":
        left = RedirectResponse("operator", 303, headers=dict(PRIVATE))
        left.delete_cookie(COOKIE)
        return left

    def run_decision() -> Response:
        decide(app, form.get("do", ""), form.get("about", ""), by=who)
        return RedirectResponse("operator?done=yes", 303, headers=dict(PRIVATE))

    return respond(run_decision, lambda error, status: _page(app, request, error, status))


def _login_page(request: Request, error: str = "") -> Response:
    return page(
        request, "operator_entrance.html", status=401, title="For the operator", error=error,
        headers={**PRIVATE, "WWW-Authenticate": 'Bearer realm="trial monitor operator"'},
    )  # fmt: skip


def _log_in(app: App, request: Request, secret: str) -> Response:
    token = operator_token(app, secret.strip())
    if token is None:
        return _login_page(request, "this is no valid token of an operator")
    entered = RedirectResponse("operator", 303, headers=dict(PRIVATE))
    set_cookie(app, request, entered, token)
    return entered


def _page(app: App, request: Request, error: str = "", status: int = 200) -> Response:
    found = operator_page(app)
    return page(
        request, "operator.html", status=status, headers=PRIVATE,
        title="For the operator", error=error,
        done="yes" if request.query_params.get("done") and not error else "",
        sources=[_source(name, found) for name in found.sources],
        outbox=[
            (state.value, channel, count)
            for state, by_channel in found.outbox.items()
            for channel, count in sorted(by_channel.items())
        ],
        dead=[
            {"id": one.id, "kind": one.kind, "channel": one.channel, "subscriber": one.subscriber,
             "at": moment(one.due_at), "error": one.last_error or ""}
            for one in found.dead
        ],
        quarantine=[
            {"id": one.id, "source": one.source, "origin": one.origin, "reason": one.reason,
             "at": moment(one.last_seen_at)}
            for one in found.quarantine
        ],
        incidents=[
            {"began": one.began, "detail": one.detail, "at": moment(one.began_at)}
            for one in found.incidents
        ],
        subscribers=[
            {"name": one.name, "status": one.status.value, "origin": one.origin.value,
             "subscriptions": count, "at": moment(one.created_at)}
            for one, count in found.subscribers
        ],
    )  # fmt: skip


def _source(name: str, found: OperatorPage) -> dict[str, object]:
    row, gate = found.sources[name]
    read = row.last_success_at if row else None
    return {
        "name": name,
        "read": moment(read) if read else "never",
        "failing": (row.last_reason or "") if row and row.failures else "",
        "held": gate.state.reason or "",
        "can_accept": bool(gate.state.causes) and not _is_accepted(gate),
        "is_accepted": bool(gate.state.causes) and _is_accepted(gate),
    }


def _is_accepted(gate: GateReport) -> bool:
    """Return whether all that is held now goes through with the next pass."""
    return all(one.cause in gate.accepted for one in gate.state.causes)
