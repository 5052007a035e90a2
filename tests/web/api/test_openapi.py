"""The description of the API is one, and says all that may be asked."""

import openapi_spec_validator

from monitor.web.api.openapi import document
from monitor.web.api.operations import OPERATIONS
from tests.web.api.calls import Api


def test_the_document_is_openapi_and_describes_every_operation(api: Api) -> None:
    openapi_spec_validator.validate(api.document)
    described = api.document["paths"]
    assert list(described) == [operation.path for operation in OPERATIONS]
    for operation in OPERATIONS:
        found = described[operation.path]["get"]["parameters"]
        named = [one["name"] for one in found if one["in"] == "query"]
        assert named == list(operation.parameters)
        assert all(one["description"] for one in found)


def test_the_schemas_are_those_of_the_types() -> None:
    event = document()["components"]["schemas"]["Event"]
    assert event["properties"]["learned_at"] == {"type": "string", "format": "date-time"}
    assert {"nct_id", "version_id", "event_id", "facts"} <= set(event["required"])
