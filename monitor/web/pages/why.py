"""The page that says why a message came."""

from starlette.requests import Request
from starlette.responses import Response

from monitor.app import App
from monitor.app.why import WhyVersion, why
from monitor.model.public_ids import public_version_id
from monitor.render.alerts import reasons
from monitor.render.values import moment
from monitor.web.pages.events import list_events
from monitor.web.pages.layout import PRIVATE, page

_KINDS = {
    "alert": "An alert: a change, as soon as it was stored.",
    "group": "Several changes that were due at once, in one message.",
    "digest": "A digest: what a time brought, at its end.",
    "welcome": "It said what new subscriptions cover.",
    "notice": "A notice to the operator.",
    "confirmation": "It asked for a confirmation.",
}
_OUTCOMES = {
    "sent": "taken by the mail server or service",
    "transient": "not taken; it is tried again",
    "refused": "refused; it is tried again for some time",
    "permanent": "refused for good",
    "dropped": "not sent: all that it would have reported was paused or silenced",
}


def why_page(app: App, request: Request) -> Response:
    """Return the page of a link."""
    about = request.path_params
    found = why(app, str(about["uid"]), str(about["token"]))
    message = found.message
    return page(
        request, "why.html", headers=PRIVATE, title="Why this message came",
        kind=_KINDS[message.kind], state=message.state.value,
        until=moment(message.cutoff) if message.cutoff else "",
        versions=[_version(one) for one in found.versions],
        attempts=[
            {"at": moment(one.at), "outcome": _OUTCOMES.get(one.outcome, one.outcome)}
            for one in found.attempts
        ],
    )  # fmt: skip


def _version(one: WhyVersion) -> dict[str, object]:
    return {
        "nct_id": one.nct_id,
        "date": f"{one.version.version_date}",
        "address": public_version_id(one.version.identity),
        "subscription": one.subscription,
        "reason": reasons.why(one.reason),
        "sent": list_events(one.sent),
        "omitted": [(list_events([event]), reason) for event, reason in one.omitted],
    }
