"""What a case says: two versions of the made-up trial and the event between them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, TypeAlias

from monitor.model.changes import ChangeKind, Severity
from tests.detect.examples import VERSION_DATE, Changes

ANY: Any = object()
K: TypeAlias = ChangeKind
S: TypeAlias = Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """``name`` goes on from "a change of kind …:"; ``old`` and ``new`` change the made-up trial.

    ``facts`` are among those of the event; ``alone``: it is the only event above noise.
    ``silent``: the last-update date stays.
    """

    name: str
    kind: ChangeKind
    severity: Severity
    old: Changes = field(default_factory=dict)
    new: Changes
    facts: Mapping[str, Any] = field(default_factory=dict)
    path: str | None = None
    before: Any = ANY
    after: Any = ANY
    at: date = VERSION_DATE
    alone: bool = True
    silent: bool = False
