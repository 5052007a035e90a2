"""The long-running monitor: one schedules, others stand by; signals, health, and the end of it.

``process`` is its life, ``term`` one time of holding the lease, ``once`` a single round.
"""

SCHEDULER = "scheduler"
"""The name of the lease that lets one process schedule at a time."""
