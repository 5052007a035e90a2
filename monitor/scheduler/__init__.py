"""When things run, and nothing of what they do."""

from monitor.scheduler.cron import Cron
from monitor.scheduler.scheduler import Job, Scheduler, Trouble
from monitor.scheduler.triggers import (
    Every,
    Trigger,
    due_at_start,
    latest_due,
    next_due,
    trigger_of,
)

__all__ = [
    "Cron",
    "Every",
    "Job",
    "Scheduler",
    "Trigger",
    "Trouble",
    "due_at_start",
    "latest_due",
    "next_due",
    "trigger_of",
]
