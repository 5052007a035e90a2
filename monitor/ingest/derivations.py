"""Derive events that take long before the transaction that stores them.

To compare two versions takes a millisecond, of a huge or hostile record seconds. No other writer
should wait for that, and no lease run out meanwhile. So a transaction that meets large versions to
compare, or has compared for long, only learns what is to be compared and is rolled back; that is
compared while none is open, and the transaction runs again, with what came of it::

    transaction ─ rolled back: what is to be compared ─▶ diff, classify ─▶ transaction ─ committed

Should the store have changed meanwhile, other versions are met and compared likewise. Why not all
are compared before: docs/decisions/2026-11-30-long-comparisons-before.md
"""

from collections.abc import Callable
from time import thread_time
from typing import NamedTuple, TypeVar

from monitor.detect.classify import classify
from monitor.detect.diff import diff
from monitor.detect.rules.base import Context
from monitor.model.changes import Events
from monitor.model.coverage import Coverage
from monitor.store.writer import StoreWriter, Transaction

# Both versions together; no text of this size can be made to take longer than seconds.
LARGE_BYTES = 1024 * 1024
# Of the processor's time, not the wall's: on a busy machine a thread may wait longer than it works.
_INSIDE_S = 2.0
# Two parsed records each; more are compared in several rounds.
_MOST_HELD = 64
_MOST_HELD_BYTES = 2 * 1024 * 1024
# A store that changes between any two looks is not waited for longer.
_MOST_ROUNDS = 100

Result = TypeVar("Result")


# The key under which events are kept from one run of the transaction to the next: it names all that
# they depend on, so that a store that has changed meanwhile does not get old events.
class Compared(NamedTuple):
    """What two versions' events depend on, beside the thresholds: equal ones have equal events.

    ``old_number``/``new_number``: the registry's, where known.
    """

    old_sha256: bytes
    old_coverage: Coverage
    old_number: int | None
    new_sha256: bytes
    new_coverage: Coverage
    new_number: int | None
    version_date: str
    first_start_date: str | None


class DeriveFirstError(Exception):
    """The transaction has to run again once what it met has been compared."""


class Derivations:
    """The events of pairs of versions: known, or wanted before the transaction can be committed."""

    def __init__(self) -> None:
        self._inside_s = 0.0
        self._settled = False
        self._known: dict[Compared, Events] = {}
        self._wanted: dict[Compared, Context] = {}
        self._bytes = 0

    @property
    def is_rehearsal(self) -> bool:
        """True once something is wanted: the transaction will not be committed."""
        return bool(self._wanted)

    def events(self, compared: Compared, context: Context, *, size: int) -> Events:
        """Return the events of a new version; () where they are wanted first.

        ``size``: bytes of both versions. DeriveFirstError when enough is wanted to go on.
        """
        known = self._known.get(compared)
        if known is not None:
            return known
        # Most pairs are small and take a millisecond: to roll back for these would cost more than
        # it saves.
        if self._settled or (size <= LARGE_BYTES and self._inside_s < _INSIDE_S):
            began = thread_time()
            events = self._known[compared] = _derive_events(context)
            self._inside_s += thread_time() - began
            return events
        self._wanted[compared] = context
        self._bytes += size
        if len(self._wanted) >= _MOST_HELD or self._bytes >= _MOST_HELD_BYTES:
            raise DeriveFirstError
        # Wrong, and never stored: `require_known` raises before the commit. Going on lets one
        # rehearsal find many pairs instead of one.
        return ()

    def require_known(self) -> None:
        """Raise DeriveFirstError where something is wanted."""
        if self._wanted:
            raise DeriveFirstError

    def derive(self) -> None:
        """Compare what is wanted."""
        while self._wanted:
            compared, context = self._wanted.popitem()
            self._known[compared] = _derive_events(context)
        self._bytes, self._inside_s = 0, 0.0

    def settle(self) -> None:
        """From now on compare whatever is not known in the transaction."""
        self._settled = True


def _derive_events(context: Context) -> Events:
    return classify(diff(context.old, context.new), context)


def derive_first(store: StoreWriter, work: Callable[[Transaction, Derivations], Result]) -> Result:
    """Run work in a transaction and return its result; what it derives is derived before.

    ``work`` may run several times, each in a transaction of its own of which the last alone is
    committed: it must change nothing but the store.
    """
    derivations = Derivations()
    # One rehearsal as a rule; more where what is met depends on what came of the comparison before,
    # or where others write the same trials.
    for _ in range(_MOST_ROUNDS):
        try:
            with store.transaction() as tx:
                result = work(tx, derivations)
                derivations.require_known()
            return result
        except DeriveFirstError:
            derivations.derive()
    derivations.settle()
    with store.transaction() as tx:
        return work(tx, derivations)
