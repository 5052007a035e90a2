"""The JSON API: addresses, parameters, and the fields of all that it answers."""

import json
from collections.abc import Iterator
from typing import Any

from monitor.web.api.openapi import document
from tests.doors.conftest import Frozen


def test_addresses_and_fields_are_as_frozen(frozen: Frozen) -> None:
    described = document()
    lines: list[str] = []
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            lines += [f"{method.upper()} {path}", *map(str, asked_and_answered(operation))]
    for name, schema in sorted(described["components"]["schemas"].items()):
        lines += [name, *fields_of(schema)]
    frozen("api", "\n".join(lines) + "\n")


def asked_and_answered(operation: dict[str, Any]) -> Iterator[str]:
    """Yield the parameters of an operation, and what it answers."""
    for one in operation["parameters"]:
        needed = "" if one["required"] else "?"
        yield f"  {one['in']} {one['name']}{needed}  {written(one['schema'])}"
    [content] = operation["responses"]["200"]["content"].values()
    yield f"  → {written(content['schema'])}, {', '.join(operation['responses'])}"


def fields_of(schema: dict[str, Any]) -> Iterator[str]:
    """Yield the fields of a type; ``?``: it may be missing."""
    for name, field in schema["properties"].items():
        needed = "" if name in schema["required"] else "?"
        yield f"  .{name}{needed}  {written(field)}"


def written(schema: dict[str, Any]) -> str:
    """Return a schema as one line, without its descriptions."""
    kept = {key: value for key, value in schema.items() if key not in {"description", "title"}}
    return json.dumps(kept, ensure_ascii=False).replace("#/components/schemas/", "")
