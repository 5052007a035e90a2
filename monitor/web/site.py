"""All that readers and programs may ask for; the operator's pages are in ``routes``."""

from collections.abc import Sequence

from starlette.routing import BaseRoute

from monitor.web import feed_routes
from monitor.web.access import Access
from monitor.web.api.routes import api_routes
from monitor.web.pages.people_routes import people_routes, subscribe_routes
from monitor.web.pages.routes import open_routes, page_routes
from monitor.web.store_calls import StoreCalls

Site = Sequence[BaseRoute]


def site_routes(calls: StoreCalls, *, host: str) -> Site:
    """Return where everything for readers is; each part adds its routes here.

    ``host``: of the listener. What messages lead to is open to who has the message, and a
    subscription's feed to who has its address; all else is to be given through ``access.protect``.
    """
    access = Access(calls, host=host)
    return [
        *open_routes(calls),
        *people_routes(calls),
        *feed_routes.secret_routes(calls),
        *access.protect(feed_routes.routes(calls)),
        *access.protect(page_routes(calls)),
        *access.protect(subscribe_routes(calls)),
        *access.protect(api_routes(calls)),
    ]
