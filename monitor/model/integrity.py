"""Damage in a store, as `monitor db verify` reports it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class IntegrityProblem:
    """One thing that is damaged or refers to nothing: where, what, and what to do.

    ``check``: what was looked at, "snapshots". ``version``: its number in the trial's history,
    None where it has none.
    """

    check: str
    detail: str
    fix: str
    nct_id: str | None = None
    version: int | None = None
