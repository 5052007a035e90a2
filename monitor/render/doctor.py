"""What `monitor doctor` checked: one line each, and JSON."""

from collections.abc import Iterable
from typing import Any

from monitor.model.checks import CheckStatus, Finding
from monitor.render.lines import Line, Span, TextRole, line
from monitor.render.values import one_line

_SIGNS: dict[CheckStatus, tuple[str, TextRole]] = {
    CheckStatus.FINE: ("✓", "good"),
    CheckStatus.WARNING: ("!", "medium"),
    CheckStatus.FAILED: ("✗", "high"),
    CheckStatus.SKIPPED: ("–", "dim"),
}
_WIDTH = 22  # of most names; each line comes before the next is known
_GAP = "  "


def finding_line(finding: Finding) -> Line:
    """Return how a try ended, what was seen, and behind an arrow what to do."""
    sign, role = _SIGNS[finding.verdict]
    detail = one_line(finding.detail, longest=None)
    fix = f" → {one_line(finding.fix, longest=None)}" if finding.fix else ""
    about = Span(finding.about.ljust(_WIDTH) + _GAP, "label")
    return line(Span(sign, role), " ", about, detail, fix, hang=2 + _WIDTH + len(_GAP))


def findings_to_json(findings: Iterable[Finding]) -> dict[str, Any]:
    """Return the same for ``--json``; ``ok`` is false when something failed."""
    shapes = [
        {
            "about": finding.about,
            "verdict": finding.verdict.value,
            "detail": finding.detail,
            "fix": finding.fix or None,
        }
        for finding in findings
    ]
    return {"ok": all(one["verdict"] != CheckStatus.FAILED for one in shapes), "findings": shapes}
