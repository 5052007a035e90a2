"""The long-running monitor: one schedules, others stand by; signals, health, and the end of it.

``process`` is its life, ``leader_session`` what it runs under the lease, ``run_once`` one round.
"""

SCHEDULER = "scheduler"
"""The name of the lease that lets one process schedule at a time."""
