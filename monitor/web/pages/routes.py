"""Where the pages are."""

from starlette.routing import Route

from monitor.web.pages.about import about
from monitor.web.pages.answering import page_route
from monitor.web.pages.layout import style_route
from monitor.web.store_calls import StoreCalls


def page_routes(calls: StoreCalls) -> list[Route]:
    """Return the routes of all pages."""
    return [style_route(), page_route(calls, "/about", about)]
