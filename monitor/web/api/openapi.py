"""The description of the API as OpenAPI 3.1, made of its operations and the types they return."""

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from monitor import __version__
from monitor.model.changes import Severity
from monitor.model.subscriptions import FILTER_KEYS
from monitor.web.api.operations import LONGEST_PAGE, OPERATIONS, PAGE, Operation
from monitor.web.problems import MEDIA_TYPE, Problem
from monitor.web.words import SORTS

BASE = "/api/v1"

_REFERENCE = "#/components/schemas/{name}"
_PROBLEM = {"content": {MEDIA_TYPE: {"schema": {"$ref": _REFERENCE.format(name="Problem")}}}}
_TEXT = {"type": "string"}
_TEXTS = {"type": "array", "items": _TEXT}
_ANY = "any of the values; given again for several"
_WHICH = "its number, its `version_id`, or what `at` takes"
# Once for all operations: a parameter means the same wherever it is taken.
_PARAMETERS: Mapping[str, tuple[Mapping[str, Any], str]] = {
    **{key: (_TEXTS, f"trials by {key.replace('_', ' ')}: {_ANY}") for key in FILTER_KEYS},
    **{
        f"not_{key}": (_TEXTS, f"no trials with this {key.replace('_', ' ')}; {_ANY}")
        for key in FILTER_KEYS
    },
    "nct_id": (_TEXTS, f"events of this trial: {_ANY}"),
    "kind": (_TEXTS, f"kinds or groups of events: {_ANY}"),
    "min_severity": (
        {"type": "string", "enum": [str(one) for one in Severity]}, "this severity and above",
    ),
    "since": (_TEXT, "learned here then or later: 2026-02-19, 2026-02, 7d, 2026-02-19T14:05Z"),
    "until": (_TEXT, "learned here before; of a date, its end"),
    "backfilled": ({"type": "boolean"}, "versions of the past that were read later, too"),
    "sort": (
        {"type": "string", "enum": list(SORTS), "default": "nct_id"},
        "dates come newest first",
    ),
    "limit": (
        {"type": "integer", "minimum": 1, "maximum": LONGEST_PAGE, "default": PAGE},
        "how many at most",
    ),
    "cursor": (_TEXT, "go on behind the `next` of an earlier page of the same query"),
    "version": (_TEXT, f"a version: {_WHICH}"),
    "at": (
        _TEXT,
        "a day: as the registry's record stood on it; a time (UTC without a zone): as known then",
    ),
    "from": (_TEXT, f"the older version: {_WHICH}"),
    "to": (_TEXT, f"the newer version: {_WHICH}"),
}  # fmt: skip
_PATH_PARAMETERS = {
    "nct_id": "of the trial, also one that it had before",
    "version": f"a version: {_WHICH}",
}
_REFUSALS = {
    "400": "a parameter is invalid or unknown; `parameter` names it",
    "401": "a token is required, or the one that was sent is invalid",
    "429": "too many requests; `Retry-After` says for how many seconds to wait",
    "503": "the store cannot be read now",
}


def document() -> dict[str, Any]:
    """Return the OpenAPI document."""
    results = [*dict.fromkeys(operation.result for operation in OPERATIONS), Problem]
    _, schemas = msgspec.json.schema_components(results, ref_template=_REFERENCE)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Trial monitor",
            "version": __version__,
            "description": "Versions of clinical-trial records, and what changed in them."
            " Read-only. Fields may be added within a version of the API.",
        },
        "servers": [{"url": BASE}],
        # `{}`: without a token, where reading is open.
        "security": [{}, {"token": []}],
        "paths": {operation.path: {"get": _describe(operation)} for operation in OPERATIONS},
        "components": {
            "schemas": schemas,
            "responses": {
                status: {"description": why, **_PROBLEM} for status, why in _REFUSALS.items()
            },
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _describe(operation: Operation) -> dict[str, Any]:
    in_path = re.findall(r"\{(\w+)\}", operation.path)
    result = {"schema": {"$ref": _REFERENCE.format(name=operation.result.__name__)}}
    answers: dict[str, Any] = {
        "200": {
            "description": operation.summary,
            "headers": {"ETag": {"description": "of the answer", "schema": _TEXT}},
            "content": {"application/json": result},
        },
        "304": {"description": "the answer is the one with the ETag of `If-None-Match`"},
        **{status: {"$ref": f"#/components/responses/{status}"} for status in _REFUSALS},
    }
    if in_path:
        answers["404"] = {"description": "there is no such trial or version", **_PROBLEM}
    described: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "parameters": [
            *(_in_path(name) for name in in_path),
            *(_in_query(name, is_required=name in operation.required)
              for name in operation.parameters),
        ],
        "responses": answers,
    }  # fmt: skip
    if operation.is_private:
        described["security"] = [{"token": []}]
        answers["403"] = {"description": "the token belongs to no subscriber", **_PROBLEM}
    return described


def _in_path(name: str) -> dict[str, Any]:
    about = {"name": name, "in": "path", "required": True, "schema": _TEXT}
    return {**about, "description": _PATH_PARAMETERS[name]}


def _in_query(name: str, *, is_required: bool) -> dict[str, Any]:
    schema, description = _PARAMETERS[name]
    return {
        "name": name,
        "in": "query",
        "required": is_required,
        "description": description,
        "schema": schema,
    }
