"""Where the pages are."""

from starlette.routing import Route

from monitor.web.pages.about import about
from monitor.web.pages.answering import page_route
from monitor.web.pages.comparison import changes, chosen, compare
from monitor.web.pages.csv_files import events_csv, trials_csv
from monitor.web.pages.layout import style_route
from monitor.web.pages.lists import lately, trials
from monitor.web.pages.messages import message
from monitor.web.pages.record import version
from monitor.web.pages.trial import trial
from monitor.web.store_calls import StoreCalls


def open_routes(calls: StoreCalls) -> list[Route]:
    """Return the routes that messages link to, and the state they need."""
    return [
        style_route(),
        page_route(calls, "/trials/{nct_id}/changes/{version}", changes),
        page_route(calls, "/messages/{uid}/{token}", message),
    ]


def page_routes(calls: StoreCalls) -> list[Route]:
    """Return all other pages."""
    return [
        page_route(calls, "/", lately),
        page_route(calls, "/events.csv", events_csv),
        page_route(calls, "/trials", trials),
        page_route(calls, "/trials.csv", trials_csv),
        page_route(calls, "/trials/{nct_id}", trial),
        page_route(calls, "/trials/{nct_id}/versions/{version}", version),
        page_route(calls, "/trials/{nct_id}/compare", chosen),
        page_route(calls, "/trials/{nct_id}/compare/{versions}", compare),
        page_route(calls, "/about", about),
    ]
