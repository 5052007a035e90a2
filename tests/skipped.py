"""Which tests were skipped, told by reason at the end of a run."""

from collections import Counter, defaultdict
from collections.abc import Iterable

import pytest


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Write each reason, how many tests it skipped, and where they stand."""
    reports = terminalreporter.getreports("skipped")
    if reports:
        terminalreporter.section("what was skipped, and why")
        for line in skip_lines(reports):
            terminalreporter.line(line)


def skip_lines(reports: Iterable[pytest.TestReport | pytest.CollectReport]) -> list[str]:
    """Return the lines: the reasons that skipped most come first."""
    places: dict[str, Counter[str]] = defaultdict(Counter)
    for report in reports:
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        places[reason.removeprefix("Skipped: ")][report.nodeid.partition("[")[0]] += 1
    lines = []
    for reason, tests in sorted(places.items(), key=lambda one: (-one[1].total(), one[0])):
        number = tests.total()
        lines.append(f"{number} test{'' if number == 1 else 's'}: {reason}")
        lines += [f"    {test}{f' ({n} of it)' if n > 1 else ''}" for test, n in tests.items()]
    return lines
