"""How large a scripted year is, and the configuration that the monitor gets for it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.year import masses
from tests.year.spells import DAMAGES

SOURCE, PASTS = "year", "pasts"
SOURCES = (SOURCE, PASTS)


@dataclass(frozen=True, slots=True, kw_only=True)
class YearPlan:
    """One year: its registry, its faults and its kills all follow from ``seed``.

    ``chance``: of a request to meet a fault; ``least``: how often each kind has to come.
    ``outages``: on how many days the registry's name or port is not there at all. ``spells``: how
    many records are broken for some days, in each of the ways ``kinds``. ``histories``: of how
    many records the past is asked for too. ``drips``: how often the registry, and as often the
    receiver, answers a byte at a time. ``excursions``: how often the clock of the monitor stands
    days ahead for a while. ``restores``: how often a backup is put back. ``mass_days``: for how
    long each thing lasts that befalls many records at once; 0: none does. ``total_timeout_s``:
    what a dripping answer costs, ``read_timeout_s``: a stalled one. ``answer_limit_mb``: small
    enough for lists to come in several pages. ``rare_every``: after so many requests a day ends
    while it is being read, or not. ``patience_s``: how long a single data day may take.
    """

    trials: int = 2_000
    days: int = 250
    kills: int = 100
    seed: int = 1
    chance: float = 0.06
    least: int = 3
    rare_every: int = 300
    outages: int = 6
    spells: int = 3
    kinds: tuple[str, ...] = tuple(DAMAGES)
    histories: int = 20
    drips: int = 6
    excursions: int = 4
    restores: int = 3
    mass_days: int = 3
    reread_every: str = "1d"
    read_timeout_s: float = 1.0
    total_timeout_s: float = 10.0
    answer_limit_mb: int = 5
    patience_s: float = 300.0

    @property
    def daily(self) -> bool:
        """Whether all records are read on every data day."""
        return self.reread_every == "1d"

    @property
    def masses(self) -> tuple[str, ...]:
        """What befalls many records at once."""
        return masses.KINDS if self.mass_days else ()

    def starts(self) -> Mapping[str, Sequence[int]]:
        """Return the numbers of the days on which what takes several days begins, one by one."""
        wanted = {"backup": self.restores, "excursion": self.excursions}
        wanted |= dict.fromkeys(self.masses, 1)
        places = sorted(
            ((at + 0.5) / times, name) for name, times in wanted.items() for at in range(times)
        )
        found: dict[str, list[int]] = {name: [] for name in wanted}
        for number, (_, name) in enumerate(places):
            found[name].append(2 + number * (self.days - 8) // len(places))
        return found


def configuration(
    plan: YearPlan,
    folder: Path,
    base_url: str,
    hook: str,
    watched: Sequence[str],
    pasts: Sequence[str],
) -> str:
    """Return the text of a configuration.

    The whole registry, some records by their IDs, the pasts of some more; and one who is told of
    everything.
    """
    source = f"""
[[source]]
name = "{PASTS}"
type = "ctgov"
base_url = "{base_url}"
nct_ids = {json.dumps(pasts)}
backfill = true
every = "1s"
"""
    return f"""
[store]
url = "sqlite:///{folder / "year.db"}"
busy_timeout_s = 30

[log]
format = "json"

[web]
listen = ""

[http]
requests_per_minute = 6000
connect_timeout_s = 2.0
read_timeout_s = {plan.read_timeout_s}
total_timeout_s = {plan.total_timeout_s}
answer_limit_mb = {plan.answer_limit_mb}
retry_attempts = 3
retry_wait_initial_s = 0.02
retry_wait_max_s = 0.1
retry_wait_jitter_s = 0.02

[daemon]
lease_s = 3.0
shutdown_grace_s = 5.0

[delivery]
welcome = false
attempts = 1000
backoff_initial_s = 0.1
backoff_max_s = 0.4
retry_after_max_s = 1
breaker_failures = 6
breaker_rest_s = 1
timeout_s = 1
total_timeout_s = 2
lease_s = 3

[[channel]]
name = "hook"
type = "webhook"
url = "{hook}"
allow_private = true

[[subscription]]
name = "everything"
subscriber = "ana"
all = true
channels = ["hook"]

[[source]]
name = "{SOURCE}"
type = "ctgov"
base_url = "{base_url}"
all = true
nct_ids = {json.dumps(watched)}
every = "1s"
reread_every = "{plan.reread_every}"
{source if pasts else ""}"""
