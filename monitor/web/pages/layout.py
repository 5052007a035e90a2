"""What all pages share: their templates, the style sheet, headers, and how an error is shown."""

import re
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from monitor.render.page_templates import PageTemplates
from monitor.web.conditional import conditional

_FOLDER = Path(__file__).parent.parent / "templates"
_TEMPLATES = PageTemplates(_FOLDER)
# Without line ends between rules, and read once: the style sheet is sent with every first visit.
_STYLE = re.sub(r"\n(?=[^ ])", "", (_FOLDER / "style.css").read_text("utf-8"))
_STYLE_PATH = f"style.css?v={sha256(_STYLE.encode()).hexdigest()[:12]}"
_SECTIONS = (
    {"path": "", "text": "Changes"},
    {"path": "trials", "text": "Trials"},
    {"path": "about", "text": "About"},
)
_FEEDS = (
    ("application/atom+xml", "Atom", "atom"),
    ("application/feed+json", "JSON Feed", "json"),
)
_SAFE = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none';"
        " base-uri 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
PUBLIC: Mapping[str, str] = {"Cache-Control": "private, no-cache"}
"""Headers of a page that is the same for all: kept, and asked for again each time."""
PRIVATE: Mapping[str, str] = {
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex",
    # Not "no-referrer": browsers would send a form's origin as "null".
    "Referrer-Policy": "same-origin",
}
"""Headers of a page that one reader alone may see; it may have forms."""

_TITLES = {
    400: "This address asks for something impossible",
    401: "Who are you?",
    403: "This is not allowed",
    404: "There is no such page",
    405: "This cannot be done here",
    413: "That was too long",
    429: "Too many requests",
    503: "Not just now",
}


def page(
    request: Request,
    template: str,
    *,
    status: int = 200,
    headers: Mapping[str, str] = PUBLIC,
    section: str | None = None,
    feeds: tuple[Mapping[str, str], ...] = (),
    **values: Any,
) -> Response:
    """Return a template as a page; 304 where the reader has it already.

    ``values``: what the template names, ``title`` among them. ``section``: the path of the part
    of the site that it is of. ``feeds``: type, title and path of what a feed reader may follow.
    Links of a template begin with ``root``, which leads to the site's top wherever a proxy has it.
    """
    body = _TEMPLATES.render(
        template,
        root=root_of(request),
        style=_STYLE_PATH,
        sections=_SECTIONS,
        section=section,
        feeds=feeds,
        **values,
    ).encode()
    all_headers = {**_SAFE, **headers}
    if status == 200 and headers is PUBLIC:
        return conditional(request, body, media_type="text/html", headers=all_headers)
    return Response(body, status, headers=all_headers, media_type="text/html")


def root_of(request: Request) -> str:
    """Return the relative way from the address that was asked for to the site's top."""
    path = request.scope.get("raw_path") or request.scope["path"].encode()
    return "../" * (path.count(b"/") - 1) or "./"


def error(request: Request, status: int, reason: str, *, headers: Mapping[str, str]) -> Response:
    """Return an error, a page for people and JSON for programs."""
    if not is_for_people(request):
        body = orjson.dumps(
            {"status": "refused", "reason": reason}, option=orjson.OPT_APPEND_NEWLINE
        )
        found = {"Cache-Control": "no-store", **headers}
        return Response(body, status, headers=found, media_type="application/json")
    title = _TITLES.get(status, "This did not work")
    reason = reason[:1].upper() + reason[1:].rstrip(".") + "."
    return page(
        request, "error.html", status=status, headers={**PRIVATE, **headers},
        title=title, reason=reason,
    )  # fmt: skip


def is_for_people(request: Request) -> bool:
    """Return whether the request is a browser's, which asks for HTML by name."""
    return "text/html" in request.headers.get("Accept", "")


def feeds_of(path: str, query: str = "") -> tuple[Mapping[str, str], ...]:
    """Return the feeds below a path of the site, for ``page``."""
    tail = f"?{query}" if query else ""
    return tuple(
        {"type": media_type, "title": title, "path": f"{path}/feed.{name}{tail}"}
        for media_type, title, name in _FEEDS
    )


def style_route() -> Route:
    """Return where the style sheet is: its address changes whenever it does."""

    async def style(_: Request) -> Response:
        headers = {**_SAFE, "Cache-Control": "public, max-age=31536000, immutable"}
        return Response(_STYLE, headers=headers, media_type="text/css")

    return Route("/style.css", style, methods=["GET"])
