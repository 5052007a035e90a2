"""Where the pages are that people reach by a link of their own: the link says who they are."""

from starlette.routing import Route

from monitor.web.pages.answering import page_route
from monitor.web.pages.manage import export, manage
from monitor.web.pages.subscribe import confirmation, subscribe
from monitor.web.pages.unsubscribe import unsubscribe_page
from monitor.web.pages.why import why_page
from monitor.web.store_calls import StoreCalls

_FORM = ("GET", "POST")


def people_routes(calls: StoreCalls) -> list[Route]:
    """Return the routes of these pages."""
    return [
        page_route(calls, "/unsubscribe/{of}/{token}", unsubscribe_page, _FORM),
        page_route(calls, "/subscribe/{token}", confirmation, _FORM),
        page_route(calls, "/manage/{token}", manage, _FORM),
        page_route(calls, "/manage/{token}/export", export),
        page_route(calls, "/why/{uid}/{token}", why_page),
    ]


def subscribe_routes(calls: StoreCalls) -> list[Route]:
    """Return where anybody who may read can subscribe."""
    return [page_route(calls, "/subscribe", subscribe, _FORM)]
