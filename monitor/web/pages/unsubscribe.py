"""The page that ends subscriptions: it asks first, a POST does it, and it can be taken back.

A POST to its address without anything but RFC 8058's body is the one click of mail programs.
"""

from starlette.requests import Request
from starlette.responses import Response

from monitor.app import App
from monitor.app.unsubscribing import Unsubscription, find_linked, resume, unsubscribe
from monitor.errors import NotFoundError
from monitor.web.pages.layout import PRIVATE, page


def unsubscribe_page(app: App, request: Request) -> Response:
    """Return the page; NotFoundError where there are no pages, or the link is none of ours."""
    if not app.settings.delivery.public_url:
        raise NotFoundError("there is no such page")
    of, token = str(request.path_params["of"]), str(request.path_params["token"])
    if request.method != "POST":
        return _page(request, find_linked(app, of, token), "asked")
    undo = request.state.form.get("resume")
    if undo is not None:
        return _page(request, resume(app, undo), "resumed")
    return _page(request, unsubscribe(app, of, token), "paused")


def _page(request: Request, found: Unsubscription, done: str) -> Response:
    title = {"asked": "Unsubscribe", "paused": "Unsubscribed", "resumed": "Subscribed again"}[done]
    if not found.subscriptions and done != "resumed":
        title = "Already unsubscribed"
    return page(
        request, "unsubscribe.html", headers=PRIVATE,
        title=title, done=done, names=[one.name for one in found.subscriptions], undo=found.undo,
    )  # fmt: skip
