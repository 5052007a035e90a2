"""What a pass over a source did, for its caller and for the log."""

from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Literal

from monitor.app.logs import get_logger
from monitor.ingest import IngestReport

Outcome = Literal["ok", "failed", "stopped"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PassReport:
    """What a pass over a source did; ``reason``: why it failed or was stopped.

    ``again_at``: from when on it may be tried again, where another process was at it.
    """

    source: str
    outcome: Outcome
    reason: str | None = None
    report: IngestReport = field(default_factory=IngestReport)
    pages: int = 0
    requests: int = 0
    again_at: datetime | None = None


def log_pass(report: PassReport, seconds: float) -> None:
    """Log how a pass went."""
    log = get_logger()
    facts: dict[str, object] = {
        "seconds": round(seconds, 3),
        "pages": report.pages,
        "requests": report.requests,
        **asdict(report.report),
    }
    if report.outcome == "ok":
        log.info("pass finished", **facts)
    elif report.outcome == "stopped":
        log.info("pass stopped", reason=report.reason, **facts)
    else:
        log.warning("pass failed", reason=report.reason, **facts)
