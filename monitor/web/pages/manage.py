"""A reader's own page: each form is a POST that names what it does, and leads back to the page."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta

import orjson
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from monitor.app import App, managing
from monitor.app.managing import Managed, SentMessage
from monitor.errors import UsageError
from monitor.model.when import DAYS, LocalTime, When
from monitor.render.values import moment
from monitor.web.pages.layout import PRIVATE, page
from monitor.web.pages.subscribe import FREQUENCIES, SEVERITIES, about, respond, when_of

_CONFIRMATIONS = {
    "change": "Changed.",
    "pause": "Paused.",
    "resume": "Messages come again.",
    "stop": "Stopped. It can be taken up again below.",
    "silence": "Nothing is sent of that trial until then.",
    "end_silence": "Changes of that trial are sent again.",
    "renew": "Earlier links to this page have ended. Keep this one, or take that of the next mail.",
}


def manage(app: App, request: Request) -> Response:
    """Return the page of a link; a POST does what its form says."""
    token = str(request.path_params["token"])
    if request.method != "POST":
        return _page(app, request, token)
    form = request.state.form

    def done() -> Response:
        action = form.get("do", "")
        if action == "erase":
            if form.get("sure") != "yes":
                raise UsageError("tick the box to have all of it erased")
            managing.erase(app, token)
            return page(request, "erased.html", headers=PRIVATE, title="Erased")
        if action == "renew":
            way = managing.renew_link(app, token).rpartition("/")[2]
        elif action in _ACTIONS:
            _ACTIONS[action](app, token, form)
            way = token
        else:
            raise UsageError("the form says nothing to do")
        return RedirectResponse(f"{way}?done={action}", 303, headers=dict(PRIVATE))

    return respond(done, lambda error, status: _page(app, request, token, error, status))


def export(app: App, request: Request) -> Response:
    """Return all that is stored about whose link it is, as a JSON file."""
    found = managing.export_reader(app, str(request.path_params["token"]))
    headers = {**PRIVATE, "Content-Disposition": 'attachment; filename="my-subscriptions.json"'}
    body = orjson.dumps(found, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    return Response(body, headers=headers, media_type="application/json")


# --- what forms do ------------------------------------------------------------------------------


def _change(app: App, token: str, form: QueryParams) -> None:
    managing.change(
        app, token, _number(form), min_severity=form.get("min_severity", ""), when=when_of(form)
    )


def _pause(app: App, token: str, form: QueryParams) -> None:
    given = form.get("until", "").strip()
    managing.pause(app, token, _number(form), _day(given) if given else None)


def _resume(app: App, token: str, form: QueryParams) -> None:
    managing.resume(app, token, _number(form))


def _stop(app: App, token: str, form: QueryParams) -> None:
    managing.stop(app, token, _number(form))


def _silence(app: App, token: str, form: QueryParams) -> None:
    managing.silence(app, token, form.get("nct_id", "").strip(), _day(form.get("until", "")))


def _end_silence(app: App, token: str, form: QueryParams) -> None:
    managing.end_silence(app, token, form.get("silence", ""))


_ACTIONS: Mapping[str, Callable[[App, str, QueryParams], None]] = {
    "change": _change,
    "pause": _pause,
    "resume": _resume,
    "stop": _stop,
    "silence": _silence,
    "end_silence": _end_silence,
}


def _number(form: QueryParams) -> str:
    return form.get("subscription", "")


def _day(text: str) -> datetime:
    """Read the day that something lasts until; the time is its beginning in UTC."""
    try:
        return datetime.combine(date.fromisoformat(text.strip()), time(), UTC)
    except ValueError:
        raise UsageError(f"{text[:40]!r} is not a date; write one like 2027-01-31") from None


# --- what is shown ------------------------------------------------------------------------------


def _page(app: App, request: Request, token: str, error: str = "", status: int = 200) -> Response:
    found = managing.reader_page(app, token)
    shown = [_subscription(one) for one in found.subscriptions]
    tomorrow = app.now().date() + timedelta(days=1)
    headers = {**PRIVATE, **({"Retry-After": "5"} if status == 503 else {})}
    return page(
        request, "manage.html", status=status, headers=headers,
        title="Your subscriptions", error=error, token=token,
        done=_CONFIRMATIONS.get(request.query_params.get("done", ""), "") if not error else "",
        address=found.address.address,
        live=[one for one in shown if one["status"] != "retired"],
        stopped=[one for one in shown if one["status"] == "retired"],
        silences=[
            {"id": one.id, "nct_id": one.nct_id or "all trials", "until": f"{one.until:%Y-%m-%d}"}
            for one in found.silences
        ],
        messages=[_message(one) for one in found.messages],
        frequencies=FREQUENCIES, severities=SEVERITIES, tomorrow=tomorrow,
        can_subscribe=app.settings.web.subscribe,
    )  # fmt: skip


def _subscription(one: Managed) -> dict[str, object]:
    subscription = one.subscription
    return {
        "id": subscription.id,
        "name": subscription.name,
        "status": subscription.status.value,
        "resumes": f"{one.resumes_at:%Y-%m-%d}" if one.resumes_at else "",
        "about": about(subscription),
        "values": {
            **_when_fields(subscription.when),
            "min_severity": subscription.changes.min_severity.value,
        },
        "feeds": list(one.feeds.items()),
    }


def _when_fields(when: When) -> dict[str, str]:
    """Return how often as the fields of a form; see ``when_of``."""
    if not isinstance(when, LocalTime):
        return {"every": str(when), "at": "08:00", "zone": "UTC"}
    every = "daily" if when.weekday is None else f"weekly {DAYS[when.weekday]}"
    return {"every": every, "at": f"{when.at:%H:%M}", "zone": when.zone}


def _message(one: SentMessage) -> dict[str, str]:
    message = one.message
    return {
        "kind": message.kind,
        "state": {"dead": "not delivered", "dropped": "not sent"}.get(message.state, message.state),
        "at": moment(message.sent_at or message.due_at),
        "why": one.why or "",
    }
