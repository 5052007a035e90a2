"""The description of the API is one, and says all that may be asked."""

import openapi_spec_validator

from monitor.web.api.openapi import document
from monitor.web.api.questions import QUESTIONS
from tests.web.api.calls import Api


def test_the_document_is_openapi_and_describes_every_question(api: Api) -> None:
    openapi_spec_validator.validate(api.document)
    described = api.document["paths"]
    assert list(described) == [question.path for question in QUESTIONS]
    for question in QUESTIONS:
        operation = described[question.path]["get"]
        named = [one["name"] for one in operation["parameters"] if one["in"] == "query"]
        assert named == list(question.parameters)
        assert all(one["description"] for one in operation["parameters"])


def test_the_schemas_are_those_of_the_types() -> None:
    event = document()["components"]["schemas"]["Event"]
    assert event["properties"]["learned_at"] == {"type": "string", "format": "date-time"}
    assert {"nct_id", "version_id", "event_id", "facts"} <= set(event["required"])
