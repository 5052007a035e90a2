"""Requests drawn from the API's own description, and its answers held against it."""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks

from tests.web.api.calls import HOSTILE, NCT, OTHER, Api

CHECKS = [
    not_a_server_error,
    checks.allow_header_conformance,
    checks.content_type_conformance,
    checks.missing_required_header,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    checks.status_code_conformance,
]
# What of texts alone is drawn hardly ever, so that answers are among the refusals.
_TIMES = ("2026-03-05", "2026-03", "7d", "2026-03-04T10:00+01:00", "9999-12-31", "0001-01-01")
_WHICH = ("1", "2", "3", "0", *_TIMES)
_WORDS = ("lupus", "Spain", "recruiting", "phase 2", '"a phrase"', "\x00", "\x1b[2J", "%", "'")
LIKELY: Mapping[str, tuple[str, ...]] = {
    "nct_id": (NCT, HOSTILE, OTHER, "nct9000001", "NCT00000001"),
    "version": _WHICH,
    "from": _WHICH,
    "to": _WHICH,
    "at": _TIMES,
    "since": _TIMES,
    "until": _TIMES,
    "kind": ("status", "enrollment", "trial_registered", "noise"),
    "cursor": ("/NCT09000001", "2026-03-05/NCT09000001", "2026-03-05T00:00:00+00:00/2/1"),
}


def ask_as_described(api: Api, *, examples: int) -> Counter[int]:
    """Draw so many requests for each address; raise what an answer has that is not described.

    Returns how many answers had each status.
    """
    statuses: Counter[int] = Counter()
    token = api.token("laptop", subscriber="ana")
    described = schemathesis.openapi.from_dict(api.document)
    for path, method in _operations(api.document):
        operation = described[path][method]

        @settings(
            max_examples=examples, deadline=None, database=None, derandomize=True,
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @given(st.sampled_from(list(GenerationMode)).flatmap(operation.as_strategy), st.data())
        def ask(case: Case[Any], data: st.DataObject) -> None:
            _make_likely(case, data.draw)
            response = case.call(base_url=api.url, headers={"Authorization": f"Bearer {token}"})
            statuses[response.status_code] += 1
            case.validate_response(response, checks=CHECKS)

        ask()
    return statuses


def _operations(document: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(path, method) for path, found in document["paths"].items() for method in found]


def _make_likely(case: Case[Any], draw: Callable[[st.SearchStrategy[Any]], Any]) -> None:
    """Put likely values in the place of some of the drawn ones."""
    for parameters in (case.path_parameters, case.query):
        for name in parameters or {}:
            likely = LIKELY.get(name, _WORDS)
            if draw(st.booleans()):
                parameters[name] = draw(st.sampled_from(likely))
