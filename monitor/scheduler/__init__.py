"""When jobs run, and nothing of what they do."""

from monitor.scheduler.cron import Cron
from monitor.scheduler.scheduler import Job, JobProblem, Scheduler
from monitor.scheduler.triggers import (
    Every,
    Trigger,
    latest_due,
    next_due,
    next_run_after_restart,
    trigger_of,
)

__all__ = [
    "Cron",
    "Every",
    "Job",
    "JobProblem",
    "Scheduler",
    "Trigger",
    "latest_due",
    "next_due",
    "next_run_after_restart",
    "trigger_of",
]
