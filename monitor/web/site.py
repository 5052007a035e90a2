"""All that readers and programs may ask for; the operator's answers stand in ``routes``."""

from collections.abc import Sequence

from starlette.routing import BaseRoute

from monitor.web import message_routes
from monitor.web.pages.routes import page_routes
from monitor.web.reader_pages import ReaderPages
from monitor.web.store_calls import StoreCalls

Site = Sequence[BaseRoute]


def site_routes(calls: StoreCalls) -> Site:
    """Return where everything for readers is; each part adds its routes here."""
    return [*page_routes(calls), *message_routes.routes(ReaderPages(calls).pages)]
