"""The doctor's patience: a check that comes to no end is a finding, and the next one begins."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from typing import TypeVar

from monitor.deadlines.threads import AbandonedError, AbandonedThreads, BoundedThread, run_bounded
from monitor.model.checks import CheckStatus, Finding

PATIENCE_S = 30.0
"""How long a check may take that has no shorter limit of its own."""

Result = TypeVar("Result")


class CheckTimeoutError(Exception):
    """A check did not come to an end."""


def run_checks(
    about: str, findings: Callable[[], Iterable[Finding]], *, within_s: float | None = None
) -> Iterator[Finding]:
    """Yield findings as they come; where one takes longer than that, say so and end."""
    patience_s = PATIENCE_S if within_s is None else within_s
    thread = BoundedThread(
        # Made and advanced in one thread: a connection of SQLite belongs to its thread.
        lambda: nullcontext(iter(findings())),
        name=f"try {about}",
        abandoned=AbandonedThreads(1),
    )
    try:
        while (finding := thread.run(_next, within_s=patience_s)) is not None:
            yield finding
    except AbandonedError:
        yield timeout_finding(about, f"no end within {patience_s:g} s: it hangs")
    finally:
        thread.stop()


def run_check(work: Callable[[], Result], *, about: str, within_s: float | None = None) -> Result:
    """Return what the work returns, or raise what it raises.

    CheckTimeoutError when it takes longer.
    """
    # A count of its own: what one check left hanging must not keep the next from beginning.
    name, abandoned = f"try {about}", AbandonedThreads(1)
    patience_s = PATIENCE_S if within_s is None else within_s
    try:
        return run_bounded(work, name=name, within_s=patience_s, abandoned=abandoned)
    except AbandonedError:
        raise CheckTimeoutError(f"no end within {patience_s:g} s: it hangs") from None


def timeout_finding(about: str, detail: str) -> Finding:
    """Return the finding that something hangs."""
    return Finding(
        about=about,
        verdict=CheckStatus.FAILED,
        detail=detail,
        fix="check what it waits for: a server, the name service, a file or folder on a network",
    )


def _next(findings: Iterator[Finding]) -> Finding | None:
    return next(findings, None)
