"""A request as faults, counters and tests look at it, and the log of all requests."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Condition
from urllib.parse import parse_qsl

V2, INT = "/api/v2", "/api/int"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request. ``number`` counts all requests of a replica from 1."""

    number: int
    method: str
    path: str
    pairs: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def params(self) -> dict[str, str]:
        """The parameters by name (the last one of each)."""
        return dict(self.pairs)

    @property
    def is_version(self) -> bool:
        """The version of the data is asked for."""
        return self.path == f"{V2}/version"

    @property
    def is_list(self) -> bool:
        """A page of studies is asked for."""
        return self.path == f"{V2}/studies"

    @property
    def is_later_page(self) -> bool:
        """A page after the first one is asked for."""
        return self.is_list and bool(self.params.get("pageToken"))

    @property
    def is_study(self) -> bool:
        """One study is asked for by its NCT ID."""
        return self.path.startswith(f"{V2}/studies/") and self.path.count("/") == 4

    @property
    def is_history(self) -> bool:
        """The undocumented API is asked."""
        return self.path.startswith(f"{INT}/")


def asked(number: int, scope: Mapping[str, object]) -> Asked:
    """Return the request of an ASGI scope."""
    query = bytes(scope.get("query_string") or b"")  # type: ignore[call-overload]
    headers: Sequence[tuple[bytes, bytes]] = scope.get("headers") or ()  # type: ignore[assignment]
    return Asked(
        number=number,
        method=str(scope["method"]),
        path=str(scope["path"]),
        pairs=tuple(parse_qsl(query.decode("latin-1"), keep_blank_values=True)),
        headers={name.decode("latin-1"): value.decode("latin-1") for name, value in headers},
    )


@dataclass(slots=True, kw_only=True)
class Logged:
    """One line of the request log.

    ``status`` None: no answer was begun (a stall, a closed connection). ``fault``: what was
    done to the answer on purpose. ``in_flight``: requests under way when this one came, with
    it; ``in_flight_here``: the same among those to its API. Times: seconds of a monotonic clock.
    """

    asked: Asked
    began: float
    in_flight: int
    in_flight_here: int
    fault: str | None = None
    status: int | None = None
    sent: int = 0
    ended: float | None = None

    @property
    def seconds(self) -> float | None:
        """How long the request took; None while it is under way."""
        return None if self.ended is None else self.ended - self.began


class RequestLog:
    """All requests of a replica, in the order in which they came; safe to read from tests."""

    def __init__(self) -> None:
        self._lines: list[Logged] = []
        self._changed = Condition()
        self._under_way: Counter[str] = Counter()
        self._numbers = 0
        self.max_in_flight: Counter[str] = Counter()

    def __iter__(self) -> Iterator[Logged]:
        with self._changed:
            return iter(list(self._lines))

    def __len__(self) -> int:
        return len(self._lines)

    def next_number(self) -> int:
        """Return the number of the request that comes now."""
        with self._changed:
            self._numbers += 1
            return self._numbers

    def begin(self, request: Asked) -> Logged:
        """Note that a request has come."""
        api = _api(request)
        with self._changed:
            self._under_way[api] += 1
            both = self._under_way.total()
            self.max_in_flight[api] = max(self.max_in_flight[api], self._under_way[api])
            self.max_in_flight["all"] = max(self.max_in_flight["all"], both)
            line = Logged(
                asked=request,
                began=time.monotonic(),
                in_flight=both,
                in_flight_here=self._under_way[api],
            )
            self._lines.append(line)
        return line

    def end(self, line: Logged) -> None:
        """Note that a request is over."""
        with self._changed:
            line.ended = time.monotonic()
            self._under_way[_api(line.asked)] -= 1
            self._changed.notify_all()

    def settled(self, patience_s: float = 10.0) -> bool:
        """Wait until no request is under way; False when one still is.

        A client can have an answer a moment before the log has its end.
        """
        with self._changed:
            return self._changed.wait_for(lambda: not self._under_way.total(), patience_s)

    def select(self, when: Callable[[Asked], object]) -> list[Logged]:
        """Return the lines of the requests that the condition holds for."""
        return [line for line in self if when(line.asked)]

    def statuses(self) -> Counter[int | None]:
        """Count the answers by status."""
        return Counter(line.status for line in self)

    def paths(self) -> list[str]:
        """Return the path of every request."""
        return [line.asked.path for line in self]

    def clear(self) -> None:
        """Forget all lines and maxima; numbers go on."""
        with self._changed:
            self._lines.clear()
            self.max_in_flight.clear()


def _api(request: Asked) -> str:
    return "int" if request.is_history else "v2"
