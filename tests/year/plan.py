"""How large a scripted year is, and the configuration that the monitor gets for it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

SOURCE = "year"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One year: its registry, its faults and its kills all follow from ``seed``.

    ``chance``: of a request to meet a fault. ``outages``: on how many days the registry's name
    or port is not there at all. ``read_timeout_s``: what a stalled answer costs.
    ``answer_limit_mb``: small enough for lists to come in several pages. ``rare_every``: after
    so many requests a day ends while it is being read, or not. ``patience_s``: how long a
    single data day may take.
    """

    trials: int = 2_000
    days: int = 250
    kills: int = 100
    seed: int = 1
    chance: float = 0.06
    rare_every: int = 300
    outages: int = 6
    reread_every: str = "1d"
    read_timeout_s: float = 1.0
    answer_limit_mb: int = 5
    patience_s: float = 300.0


def configuration(plan: Plan, folder: Path, base_url: str, watched: Sequence[str]) -> str:
    """Return the text of a configuration: the whole registry, and some records by their IDs."""
    return f"""
[store]
url = "sqlite:///{folder / "year.db"}"

[log]
format = "json"

[web]
listen = ""

[http]
requests_per_minute = 6000
connect_timeout_s = 2.0
read_timeout_s = {plan.read_timeout_s}
total_timeout_s = 20.0
answer_limit_mb = {plan.answer_limit_mb}
retry_attempts = 3
retry_wait_initial_s = 0.02
retry_wait_max_s = 0.1
retry_wait_jitter_s = 0.02

[daemon]
lease_s = 3.0
shutdown_grace_s = 5.0

[[source]]
name = "{SOURCE}"
type = "ctgov"
base_url = "{base_url}"
all = true
nct_ids = {json.dumps(watched)}
every = "1s"
reread_every = "{plan.reread_every}"
"""
