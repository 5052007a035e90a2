"""Answers that a client may have already: ETag and Last-Modified (RFC 9110, section 13)."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from hashlib import sha256

from starlette.requests import Request
from starlette.responses import Response


def conditional(
    request: Request,
    body: bytes,
    *,
    media_type: str,
    headers: Mapping[str, str],
    modified_at: datetime | None = None,
) -> Response:
    """Return an answer, or 304 without a body where the client has just this one.

    ``modified_at``: when it last changed (aware), for clients that know no ETag. Their date has to
    be that very one: what a feed tells can also become older, where it is asked for less.
    """
    tag = f'W/"{sha256(body).hexdigest()[:32]}"'  # weak: it may be sent compressed
    all_headers = {**headers, "ETag": tag}
    if modified_at is not None:
        all_headers["Last-Modified"] = format_datetime(modified_at.astimezone(UTC), usegmt=True)
    if _is_known(request, tag, all_headers.get("Last-Modified")):
        return Response(status_code=304, headers=all_headers)
    return Response(body, headers=all_headers, media_type=media_type)


def _is_known(request: Request, tag: str, modified: str | None) -> bool:
    tags = request.headers.getlist("if-none-match")
    # RFC 9110, 13.2.2: If-Modified-Since counts only where there is no If-None-Match.
    if tags:
        given = {one.strip().removeprefix("W/") for line in tags for one in line.split(",")}
        return not given.isdisjoint({tag.removeprefix("W/"), "*"})
    return modified is not None and request.headers.get("if-modified-since") == modified
