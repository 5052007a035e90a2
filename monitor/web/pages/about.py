"""The page that says what this is, and how fresh it is."""

from starlette.requests import Request
from starlette.responses import Response

from monitor.app import App
from monitor.web.pages.layout import page


def about(app: App, request: Request) -> Response:
    """Return the page."""
    with app.reader() as reader:
        stored = {row.name: row for row in reader.sources.all()}
        counts = reader.sources.counts()
    enabled = [one.name for one in app.settings.sources if one.enabled]
    rows = [stored[name] for name in enabled if name in stored]
    read = [row.last_success_at for row in rows if row.last_success_at]
    data = [row.data_timestamp for row in rows if row.data_timestamp]
    return page(
        request, "about.html", section="about",
        title="About this monitor", counts=counts, sources=rows,
        last_read=max(read, default=None), last_data=max(data, default=None),
    )  # fmt: skip
