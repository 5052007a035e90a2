"""Where the pages are that people reach by a link of their own: the link says who they are."""

from starlette.routing import Route

from monitor.web.pages.answering import page_route
from monitor.web.pages.unsubscribe import unsubscribing
from monitor.web.store_calls import StoreCalls


def people_routes(calls: StoreCalls) -> list[Route]:
    """Return the routes of these pages."""
    return [page_route(calls, "/unsubscribe/{of}/{token}", unsubscribing, methods=("GET", "POST"))]
