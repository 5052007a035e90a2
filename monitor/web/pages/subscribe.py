"""Subscribing: a form for a query or a trial, and the page behind the link of the mail.

The form takes the parameters of every list (``condition=lupus&kind=status``). What it is answered
does not depend on whether an address is known.
"""

from collections.abc import Callable, Mapping
from typing import Any

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from monitor.app import App
from monitor.app.readers import (
    TooManyRequestsError,
    confirm,
    draft,
    find_request,
    normalized_address,
    request_subscription,
)
from monitor.errors import NotFoundError, StoreError, UsageError
from monitor.model.subscriptions import Subscription
from monitor.render.subscribers import changes_words, trials_words
from monitor.web.clients import client_host
from monitor.web.pages.layout import PRIVATE, page, root_of
from monitor.web.parameters import FILTER_PARAMETERS, Parameters
from monitor.web.rates import network_of

FREQUENCIES = (
    ("at once", "at once"),
    ("hourly", "every hour"),
    ("daily", "every day"),
    ("weekly monday", "every Monday"),
    ("weekly tuesday", "every Tuesday"),
    ("weekly wednesday", "every Wednesday"),
    ("weekly thursday", "every Thursday"),
    ("weekly friday", "every Friday"),
    ("weekly saturday", "every Saturday"),
    ("weekly sunday", "every Sunday"),
)
SEVERITIES = (
    ("low", "all but noise"),
    ("medium", "medium and above"),
    ("high", "high and critical"),
    ("critical", "critical alone"),
)
_LATER = "the store is busy; nothing is lost: send the form again in some seconds"
_OWN = ("address", "every", "at", "zone", "min_severity")
# What lists take and a subscription has no use for.
_IGNORED = ("since", "until", "backfilled", "sort", "limit", "before", "after", "noise")
_KNOWN = (*FILTER_PARAMETERS, "nct_id", "kind", *_IGNORED, *_OWN)
_FIELDS = ("condition", "intervention", "sponsor", "country")
_DEFAULTS = {"every": "daily", "at": "08:00", "zone": "UTC", "min_severity": "low"}


def subscribe(app: App, request: Request) -> Response:
    """Return the form; to a POST, the page that says to look for a mail."""
    if not app.settings.web.subscribe:
        raise NotFoundError("nobody can subscribe here")
    if request.method != "POST":
        return _form(app, request, request.query_params)
    form = request.state.form
    network = network_of(client_host(request, app.settings.web))

    def send() -> Response:
        subscription = parse_form(app, form)
        address = normalized_address(form.get("address", ""))
        request_subscription(app, subscription, address=address, network=network)
        return page(request, "subscribe_sent.html", headers=PRIVATE, title="Look for a mail")

    return respond(send, lambda error, status: _form(app, request, form, error, status))


def respond(work: Callable[[], Response], again: Callable[[str, int], Response]) -> Response:
    """Return what the work returns; where it fails, ``again``: the form, why, and the status."""
    try:
        return work()
    except TooManyRequestsError as exc:
        return again(str(exc), 429)
    except UsageError as exc:
        return again(str(exc), 400)
    except StoreError:
        return again(_LATER, 503)


def parse_form(app: App, form: QueryParams) -> Subscription:
    """Return the subscription that a form asks for; UsageError names what is wrong."""
    given = Parameters(form, _KNOWN)
    return draft(
        app,
        filter=given.filter(),
        nct_ids=given.texts("nct_id"),
        kinds=given.texts("kind"),
        min_severity=form.get("min_severity") or _DEFAULTS["min_severity"],
        when=when_of(form),
    )


def when_of(form: Mapping[str, str]) -> str:
    """Return how often, as a subscription says it, of the fields ``every``, ``at``, ``zone``."""
    every, at, zone = (form.get(name) or _DEFAULTS[name] for name in ("every", "at", "zone"))
    return f"{every} {at} {zone}" if every.startswith(("daily", "weekly")) else every


def _form(
    app: App, request: Request, given: QueryParams, error: str = "", status: int = 200
) -> Response:
    values = {name: given.get(name) or _DEFAULTS.get(name, "") for name in _OWN}
    hidden = [
        (name, value)
        for name, value in given.multi_items()
        if value.strip() and name in _KNOWN and name not in (*_OWN, *_IGNORED)
    ]
    about, error = _about(app, given, error) if hidden else (None, error)
    headers = {**PRIVATE, **({"Retry-After": "5"} if status == 503 else {})}
    return page(
        request, "subscribe.html", status=status, headers=headers,
        title="Subscribe", error=error, hidden=hidden if about else [], about=about, values=values,
        fields=[] if about else [(name, given.get(name, "")) for name in (*_FIELDS, "nct_id")],
        frequencies=FREQUENCIES, severities=SEVERITIES,
    )  # fmt: skip


def _about(app: App, given: QueryParams, error: str) -> tuple[dict[str, str] | None, str]:
    """Say what is subscribed to; None, and why, where nothing can be."""
    pairs = [(name, text) for name, text in given.multi_items() if name not in _OWN]
    try:
        subscription = parse_form(app, QueryParams(pairs))
    except UsageError as exc:
        return None, error or str(exc)
    return about(subscription), error


def about(subscription: Subscription) -> dict[str, str]:
    """Return what a subscription is about, in words."""
    return {
        "trials": trials_words(subscription.trials),
        "changes": changes_words(subscription.changes),
        "when": str(subscription.when),
    }


def confirmation(app: App, request: Request) -> Response:
    """Return the page with the button of a mail's link; a POST confirms and leads on."""
    token = str(request.path_params["token"])
    if request.method != "POST":
        return _confirmation(app, request, token)

    def run_confirm() -> Response:
        url = root_of(request) + confirm(app, token)
        return RedirectResponse(url, 303, headers=dict(PRIVATE))

    return respond(
        run_confirm, lambda error, status: _confirmation(app, request, token, error, status)
    )


def _confirmation(
    app: App, request: Request, token: str, error: str = "", status: int = 200
) -> Response:
    found = find_request(app, token)
    subscription = found.subscription
    values: dict[str, Any] = {
        "error": error,
        "about": about(subscription) if subscription else None,
    }
    return page(
        request, "subscribe_confirm.html", status=status, headers=PRIVATE,
        title="Confirm your subscription", **values,
    )  # fmt: skip
