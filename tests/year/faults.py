"""Which faults the registry of a scripted year has, and how often."""

import random
from collections.abc import Container, Sequence
from datetime import date, timedelta

from tests.registry import Asked, Fault, Replica
from tests.registry.misbehaviour import ANOTHER_SHAPE
from tests.year.plan import YearPlan

# An answer without an end is read up to the limit; a pause that is asked for is kept.
_COSTLY = {Fault.HUGE: 0.3, Fault.HUGE_GZIP: 0.3, Fault.RATE_LIMITED: 0.3}
_OF_THEIR_OWN = frozenset(
    {Fault.DAY_PASSES, Fault.MALFORMED_STUDY, Fault.ALIAS_REDIRECT, Fault.DRIP}
)
SPOILT_STUDIES = (b'{"protocolSection":{"identificationModule":[]}}', ANOTHER_SHAPE)
"""A study as faults leave it."""
_OR_NOT = 0.5
_MALFORMED_EVERY = 60
# Only some requests are for a later page or for one study.
_OFTEN = {
    Fault.REPEATED_PAGE: 2.0, Fault.TOKEN_EXPIRED: 2.0, Fault.SHIFTED_ORDER: 2.0,
    Fault.EMPTY_PAGE: 1.5, Fault.DUPLICATE_STUDY: 1.5,
}  # fmt: skip


def inject_faults(replica: Replica, plan: YearPlan, *, last: date, steady: Container[date]) -> None:
    """Let every request meet a fault by chance, each fault that there is now and then.

    No day passes by itself near the end of the script, which ends with ``last``, nor a ``steady``
    one.
    """
    usual = {
        fault: _COSTLY.get(fault, _OFTEN.get(fault, 1.0))
        for fault in Fault
        if fault not in _OF_THEIR_OWN
    }
    faults = replica.faults

    def malformed(asked: Asked) -> bool:
        # Never twice in a row: a page that is read again at once shows what was hidden.
        return asked.number % _MALFORMED_EVERY == 0

    def passes(asked: Asked) -> bool:
        day = replica.world.day
        stays = last - day < timedelta(days=7) or day in steady
        return asked.number % plan.rare_every == 0 and not stays

    faults.at_random(_OR_NOT, [Fault.MALFORMED_STUDY], seed=plan.seed + 1, when=malformed)
    faults.at_random(_OR_NOT, [Fault.DAY_PASSES], seed=plan.seed + 2, when=passes)
    # The pasts have faults of their own: one that fails rests for ten minutes.
    faults.at_random(plan.chance, usual, seed=plan.seed, when=lambda asked: not asked.is_history)


def mislead(replica: Replica, nct_ids: Sequence[str], draw: random.Random) -> None:
    """Lead the next question for a single study to a study that it is not."""
    replica.faults.add(Fault.ALIAS_REDIRECT, to=draw.choice(nct_ids))
