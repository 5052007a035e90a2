"""What programs get when a request fails: problem details (RFC 9457)."""

from collections.abc import Mapping
from http import HTTPStatus

import msgspec
from msgspec import UNSET, Struct, UnsetType
from starlette.exceptions import HTTPException
from starlette.responses import Response

API = "/api/"
"""Below it every error is a problem."""

MEDIA_TYPE = "application/problem+json"

_DETAILS = {
    404: f"there is no such address; {API}v1/openapi.json describes those that there are",
    405: "this is read-only: use GET",
}


class Problem(Struct, frozen=True, kw_only=True):
    """Why a request has no answer; ``parameter``: the one that is wrong, where one is."""

    # The status says it all (RFC 9457, 4.2.1).
    type: str = "about:blank"
    title: str
    status: int
    detail: str
    parameter: str | UnsetType = UNSET


class ProblemError(HTTPException):
    """Why a request gets no answer, in a sentence; ``parameter``: the one that is wrong."""

    def __init__(
        self,
        status: HTTPStatus,
        detail: str,
        *,
        parameter: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(status, detail, headers)
        self.parameter = parameter


def problem_response(error: HTTPException) -> Response:
    """Return an error as a problem, whoever raised it."""
    status = HTTPStatus(error.status_code)
    detail, parameter = _DETAILS.get(status, status.description), None
    if isinstance(error, ProblemError):
        detail, parameter = error.detail, error.parameter
    problem = Problem(
        title=status.phrase, status=status, detail=detail, parameter=parameter or UNSET
    )
    return Response(
        msgspec.json.encode(problem),
        status,
        headers={"Cache-Control": "no-store", **(error.headers or {})},
        media_type=MEDIA_TYPE,
    )
