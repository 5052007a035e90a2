"""The faults, where each happens, and the words in which it is told."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.registry import Asked, Fault

STALLS = frozenset({Fault.STALL_BEFORE_HEADERS, Fault.STALL_AFTER_HEADERS, Fault.STALL_IN_BODY})
STALLED_S = 0.5
When = Callable[[Asked], object]
OTHER = "NCT09000001"
"""A record that no other one was merged into."""


def later_page(asked: Asked) -> bool:
    """Return whether it is the second page of a list, or one behind it."""
    return asked.is_later_page


def study(asked: Asked) -> bool:
    """Return whether it is one study by its ID, which the search did not bring any more."""
    return asked.is_study and not asked.path.endswith(OTHER)


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultCase:
    """A fault; ``when``: which requests meet it.

    ``reason``: why a pass fails while the fault lasts; None: it does not fail. ``reported``: what
    else is logged then. ``overcome``: met once, it does not fail the pass.
    """

    fault: Fault
    reason: str | None
    overcome: bool
    when: When = later_page
    reported: tuple[str, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def timeouts(self) -> Mapping[str, float]:
        """How long is waited where that is what the case is about, by settings of ``[http]``."""
        if self.fault is Fault.DRIP:
            return {"total_timeout_s": STALLED_S}
        return {"read_timeout_s": STALLED_S} if self.fault in STALLS else {}


PAGE = "/api/v2/studies"
UNREAD = "could not be read whole in 4 tries"
SPOILT = "the answer of .* to /api/v2/studies is "

CASES: dict[str, FaultCase] = {
    "429 with Retry-After": FaultCase(
        fault=Fault.RATE_LIMITED, reason=f"answered 429 to {PAGE}", overcome=True,
    ),
    "429 with a Retry-After of hours": FaultCase(
        fault=Fault.RATE_LIMITED, options={"retry_after": 7_200}, overcome=False,
        reason=rf"answered 429 to {PAGE} and asks for no request before 20..-..-.. ..:..:.. UTC",
    ),
    "429 without Retry-After": FaultCase(
        fault=Fault.RATE_LIMITED_BARE, reason=f"answered 429 to {PAGE}", overcome=True,
    ),
    "500": FaultCase(
        fault=Fault.SERVER_ERROR, overcome=True,
        reason=rf"answered 500 to {PAGE}: Internal server error \(2 requests in",
    ),
    "502": FaultCase(fault=Fault.BAD_GATEWAY, reason=f"answered 502 to {PAGE}", overcome=True),
    "503": FaultCase(fault=Fault.UNAVAILABLE, reason=f"answered 503 to {PAGE}", overcome=True),
    "403 with HTML": FaultCase(
        fault=Fault.FORBIDDEN_HTML, overcome=True,
        reason=r"refused by the edge \(403\): .* this says nothing about the record",
    ),
    "HTML with status 200": FaultCase(
        fault=Fault.HTML_OK, overcome=False,
        reason=f"answered {PAGE} with an HTML page and status 200 instead of data",
    ),
    "HTML with status 200 in a study's place": FaultCase(
        fault=Fault.HTML_OK, when=study, overcome=False,
        reason=rf"answered {PAGE}/NCT\d+ with an HTML page and status 200 instead of data",
    ),
    "a 404 that is not the registry's": FaultCase(
        fault=Fault.EDGE_NOT_FOUND, when=study, overcome=False,
        reason=rf"{PAGE}/NCT\d+ is a 404 that does not say that the record is unknown",
    ),
    "a body cut short": FaultCase(
        fault=Fault.CUT_SHORT, reason=f"to {PAGE} broke off: ", overcome=True,
    ),
    "chunks without an end": FaultCase(
        fault=Fault.CUT_CHUNKED, reason=f"to {PAGE} broke off: ", overcome=True,
    ),
    "a stall before the headers": FaultCase(
        fault=Fault.STALL_BEFORE_HEADERS, reason="sent nothing for 0.5 s", overcome=True,
    ),
    "a stall after the headers": FaultCase(
        fault=Fault.STALL_AFTER_HEADERS, reason="sent nothing for 0.5 s", overcome=True,
    ),
    "a stall in the body": FaultCase(
        fault=Fault.STALL_IN_BODY, reason="sent nothing for 0.5 s", overcome=True,
    ),
    "a body that drips": FaultCase(
        fault=Fault.DRIP, reason="was not complete within 0.5 s", overcome=True,
    ),
    "a connection closed": FaultCase(
        fault=Fault.CLOSED, reason=f"to {PAGE} broke off: ", overcome=True,
    ),
    "a slow answer": FaultCase(fault=Fault.SLOW, reason=None, overcome=True),
    "wrong gzip": FaultCase(fault=Fault.WRONG_GZIP, reason=f"to {PAGE} .*gzip", overcome=True),
    "gzip without its end": FaultCase(
        fault=Fault.CUT_GZIP, reason=f"to {PAGE} .*gzip", overcome=True,
    ),
    "an answer of 1 GB": FaultCase(
        fault=Fault.HUGE, overcome=False,
        reason=rf"to {PAGE} is larger than 1 MB \(http.answer_limit_mb\)",
    ),
    "an answer of 1 GB, compressed": FaultCase(
        fault=Fault.HUGE_GZIP, overcome=False,
        reason=rf"to {PAGE} is larger than 1 MB \(http.answer_limit_mb\)",
    ),
    "JSON that breaks off": FaultCase(
        fault=Fault.INVALID_JSON, reason=f"{SPOILT}not valid JSON", overcome=False,
    ),
    "JSON of another shape": FaultCase(
        fault=Fault.OTHER_SHAPE, reason=f"{SPOILT}of another shape than known", overcome=False,
    ),
    "a repeated page": FaultCase(
        fault=Fault.REPEATED_PAGE, reason=UNREAD, overcome=True,
        reported=("page token repeated", "search incomplete"),
    ),
    "a token that expires": FaultCase(
        fault=Fault.TOKEN_EXPIRED, reason=UNREAD, overcome=True,
        reported=("page token refused", "search incomplete"),
    ),
    "an empty page": FaultCase(
        fault=Fault.EMPTY_PAGE, reason=UNREAD, overcome=True,
        reported=("page token repeated", "search incomplete"),
    ),
    "a shifting order": FaultCase(fault=Fault.SHIFTED_ORDER, reason=None, overcome=True),
    "a study twice on a page": FaultCase(fault=Fault.DUPLICATE_STUDY, reason=None, overcome=True),
    "data that are loaded again": FaultCase(
        fault=Fault.DATA_RELOADED, overcome=True, reported=("data moved",),
        reason=r"data moved 4 times while they were being read, last to 20..-..-..T09:",
    ),
    "a data day that ends": FaultCase(
        fault=Fault.DAY_PASSES, overcome=True, reported=("data moved",),
        reason=r"data moved 4 times while they were being read, last to 20..-..-..T09:",
    ),
    "a redirect to another record": FaultCase(
        fault=Fault.ALIAS_REDIRECT, when=study, options={"to": OTHER}, overcome=False,
        reason=rf"shows {OTHER} for NCT\d+, and that record does not bear the ID",
    ),
}  # fmt: skip
"""All but a study of a wrong shape, which is a record's fault and no failure of the source."""
