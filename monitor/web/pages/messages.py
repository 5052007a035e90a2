"""What a message leads to: all that it tells."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from monitor.app import App
from monitor.app.message_pages import alerts_of
from monitor.model.alerts import Alert
from monitor.model.history_filter import HistoryEntry
from monitor.model.public_ids import public_version_id
from monitor.render.alerts.trials import TrialLine, headings, trials_of
from monitor.render.code_words import status_words
from monitor.render.history import sighting
from monitor.render.values import count_text, unescape
from monitor.web.pages.events import list_events
from monitor.web.pages.layout import PRIVATE, page
from monitor.web.pages.trial_parts import status_look


def message(app: App, request: Request) -> Response:
    """Return the page of all trials that a message reports, each with its changes."""
    _require_public(app)
    alerts = alerts_of(app, *_address(request))
    if alerts is None:
        raise HTTPException(404)
    found = trials_of(alerts)
    return page(
        request, "message.html", headers=PRIVATE,
        title=f"Changes in {count_text(len(found), 'trial')}",
        trials=[
            {"heading": heading, **_trial(one)}
            for one, heading in zip(found, headings(found), strict=True)
        ],
    )  # fmt: skip


def _trial(one: TrialLine) -> dict[str, object]:
    facts = one.facts
    return {
        "nct_id": facts.nct_id,
        "title": unescape(facts.title or "(no title stated)"),
        "sponsor": unescape(facts.sponsor or "no sponsor stated"),
        "status": status_words(facts.overall_status),
        "look": status_look(facts.overall_status),
        "versions": [_version(alert) for alert in one.alerts],
    }


def _version(alert: Alert) -> dict[str, object]:
    entry = HistoryEntry(number=alert.number, version=alert.version, previous=alert.previous)
    return {
        "address": public_version_id(alert.version.identity),
        "nct_id": alert.version.nct_id,
        "sighting": sighting(entry),
        "events": list_events(alert.events),
    }


def _address(request: Request) -> tuple[str, str]:
    return str(request.path_params["uid"]), str(request.path_params["token"])


def _require_public(app: App) -> None:
    """HTTPException 404 where messages lead nowhere."""
    if not app.settings.delivery.public_url:
        raise HTTPException(404)
