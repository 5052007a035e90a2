"""What programs are told when they get no answer: problem details (RFC 9457)."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import orjson
from starlette.exceptions import HTTPException
from starlette.responses import Response

API = "/api/"
"""Below it every error is a problem."""

_DETAILS = {
    404: f"there is no such address; {API}v1/openapi.json describes those that there are",
    405: "it can be read alone: use GET",
}


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
    problem: dict[str, Any] = {
        "type": "about:blank",
        "title": status.phrase,
        "status": status.value,
        "detail": _DETAILS.get(status, status.description),
    }
    if isinstance(error, ProblemError):
        problem["detail"] = error.detail
        if error.parameter is not None:
            problem["parameter"] = error.parameter
    return Response(
        orjson.dumps(problem, option=orjson.OPT_APPEND_NEWLINE),
        status,
        headers={"Cache-Control": "no-store", **(error.headers or {})},
        media_type="application/problem+json",
    )
