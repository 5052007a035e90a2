"""Misbehaviour by plan: which faults there are, and which request meets which."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from threading import Lock
from typing import Any

from tests.registry.asked import Asked

When = Callable[[Asked], object]


class Fault(StrEnum):
    """What the replica can do wrong; the options of each stand behind it."""

    # The registry, or the edge before it, refuses.
    RATE_LIMITED = "rate_limited"  # 429 with Retry-After (retry_after=1)
    RATE_LIMITED_BARE = "rate_limited_bare"  # 429 without
    SERVER_ERROR = "server_error"  # 500
    BAD_GATEWAY = "bad_gateway"  # 502
    UNAVAILABLE = "unavailable"  # 503 (retry_after=None)
    FORBIDDEN_HTML = "forbidden_html"  # 403 with an HTML page of 134 bytes
    HTML_OK = "html_ok"  # an HTML page with status 200
    EDGE_NOT_FOUND = "edge_not_found"  # 404 with an HTML page, or a text (words="…")
    # The transfer breaks.
    CUT_SHORT = "cut_short"  # fewer bytes than Content-Length (share=0.5)
    CUT_CHUNKED = "cut_chunked"  # the end of a chunked body is missing (share=0.5)
    STALL_BEFORE_HEADERS = "stall_before_headers"  # the request is taken, nothing is answered
    STALL_AFTER_HEADERS = "stall_after_headers"  # headers, then silence
    STALL_IN_BODY = "stall_in_body"  # a part of the body, then silence (share=0.5)
    CLOSED = "closed"  # the connection is closed without an answer
    SLOW = "slow"  # the right answer, late (seconds=0.05)
    DRIP = "drip"  # a part of the body, then a byte now and then, for ever (seconds=0.1)
    WRONG_GZIP = "wrong_gzip"  # labelled gzip, but plain JSON
    CUT_GZIP = "cut_gzip"  # a gzip stream without its end, well framed (share=0.5)
    HUGE = "huge"  # a JSON answer without an end in sight (size=1 GiB)
    HUGE_GZIP = "huge_gzip"  # the same, 1,000 times smaller on the way (size=1 GiB)
    # The answer is well-formed HTTP and wrong.
    INVALID_JSON = "invalid_json"  # JSON that breaks off
    OTHER_SHAPE = "other_shape"  # JSON of another shape (body=…)
    # Pages of studies.
    REPEATED_PAGE = "repeated_page"  # a later page is the one before it again
    TOKEN_EXPIRED = "token_expired"  # noqa: S105 - 400 to a page token
    SHIFTED_ORDER = "shifted_order"  # a later page of the list in another order
    EMPTY_PAGE = "empty_page"  # no studies, and a token for the page that should have come
    DUPLICATE_STUDY = "duplicate_study"  # the page's first study again at its end
    MALFORMED_STUDY = "malformed_study"  # one study has a wrong shape (index=0, study=…)
    DATA_RELOADED = "data_reloaded"  # the data timestamp moves before the answer
    DAY_PASSES = "day_passes"  # the next data date begins before the answer
    # One study.
    ALIAS_REDIRECT = "alias_redirect"  # 301 to another record (to="NCT…")


_LATER_PAGES = frozenset({Fault.REPEATED_PAGE, Fault.TOKEN_EXPIRED, Fault.SHIFTED_ORDER})
_PAGES = frozenset({Fault.EMPTY_PAGE, Fault.DUPLICATE_STUDY, Fault.MALFORMED_STUDY})


def can_meet(fault: Fault, request: Asked) -> bool:
    """Return whether a fault can happen to a request at all."""
    if fault in _LATER_PAGES:
        return request.is_later_page
    if fault in _PAGES:
        return request.is_list
    return request.is_study if fault is Fault.ALIAS_REDIRECT else True


@dataclass(slots=True, kw_only=True)
class Planned:
    """A fault that waits for its requests.

    ``times`` None: always. ``skip``: so many fitting requests go well first. ``met``: the
    numbers of the requests that it happened to.
    """

    fault: Fault
    when: When
    times: int | None
    skip: int = 0
    options: Mapping[str, Any] = field(default_factory=dict)
    met: list[int] = field(default_factory=list)

    def takes(self, request: Asked) -> bool:
        """Return whether the fault happens to the request, and count it if so."""
        over = self.times is not None and len(self.met) >= self.times
        if over or not can_meet(self.fault, request) or not self.when(request):
            return False
        if self.skip:
            self.skip -= 1
            return False
        self.met.append(request.number)
        return True


@dataclass(slots=True, kw_only=True)
class _Shower:
    chance: float
    of: Mapping[Fault, float]
    when: When
    draw: random.Random
    met: dict[int, Fault]

    def takes(self, request: Asked) -> Planned | None:
        if not self.when(request) or self.draw.random() >= self.chance:
            return None
        fitting = {fault: weight for fault, weight in self.of.items() if can_meet(fault, request)}
        if not fitting:
            return None
        (fault,) = self.draw.choices(list(fitting), list(fitting.values()))
        self.met[request.number] = fault
        return Planned(fault=fault, when=self.when, times=1, met=[request.number])


class Faults:
    """The plan of faults of a replica; a request meets at most one."""

    def __init__(self) -> None:
        self._planned: list[Planned] = []
        self._showers: list[_Shower] = []
        self._lock = Lock()

    def add(
        self,
        fault: Fault,
        *,
        times: int | None = 1,
        when: When | None = None,
        skip: int = 0,
        **options: Any,
    ) -> Planned:
        """Let a fault happen to the next fitting requests; return it, to see when it did."""
        planned = Planned(
            fault=fault, when=when or (lambda _: True), times=times, skip=skip, options=options
        )
        with self._lock:
            self._planned.append(planned)
        return planned

    def at_random(
        self,
        chance: float,
        of: Mapping[Fault, float] | list[Fault],
        *,
        seed: int,
        when: When | None = None,
    ) -> Mapping[int, Fault]:
        """Let each request meet one of the faults with a chance, drawn from a seed.

        ``of``: faults, with weights where they differ. Returns what happened so far, by the
        number of the request; it goes on growing.
        """
        shower = _Shower(
            chance=chance,
            of=dict.fromkeys(of, 1.0) if isinstance(of, list) else dict(of),
            when=when or (lambda _: True),
            draw=random.Random(seed),  # noqa: S311 - a plan, no secret
            met={},
        )
        with self._lock:
            self._showers.append(shower)
        return shower.met

    def take(self, request: Asked) -> Planned | None:
        """Return the fault that happens to a request: the first planned one that fits."""
        with self._lock:
            for planned in self._planned:
                if planned.takes(request):
                    return planned
            drawn = (shower.takes(request) for shower in self._showers)
            return next((one for one in drawn if one), None)

    def waiting(self) -> list[Planned]:
        """Return the planned faults that have not happened as often as they should."""
        with self._lock:
            return [one for one in self._planned if one.times is None or len(one.met) < one.times]

    def clear(self) -> None:
        """Behave from now on."""
        with self._lock:
            self._planned.clear()
            self._showers.clear()
