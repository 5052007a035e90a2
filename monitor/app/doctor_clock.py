"""Looking for times in the store that a wrong clock left."""

from collections.abc import Iterator, Sequence

from monitor.app.clock_notes import repaired
from monitor.app.clock_skew import LatestRun, skewed_times
from monitor.app.doctor_store import limited_reader
from monitor.app.wiring import App
from monitor.errors import StoreError
from monitor.model.finding import Finding, Verdict


def time_findings(app: App, latest_run: LatestRun | None) -> Iterator[Finding]:
    """Look for times and leases that a wrong clock left; nothing where the store cannot be read."""
    try:
        with limited_reader(app) as reader:
            now = app.now()
            found = [str(one) for one in skewed_times(app, reader, latest_run=latest_run)]
            leases = [
                f"the lease of {lease.holder}: {lease.fault}"
                for lease in reader.leases.all(now=now)
                if lease.fault is not None
            ]
            before = repaired(reader, now=now)
    except StoreError:  # told among the findings of the store
        return
    if found or leases:
        fix = "check the clock of this machine; `monitor run` and `monitor deliver` put them right"
        yield Finding(
            about="stored times",
            verdict=Verdict.FAILED,
            said=f"impossible: {_first(leases + found)}",
            fix=fix,
        )
    elif before:
        yield Finding(
            about="stored times",
            verdict=Verdict.WARNING,
            said=f"were impossible within the last day, and were put right: {_first(before)}",
            fix="check the clock of this machine",
        )
    else:
        yield Finding(about="stored times", verdict=Verdict.FINE, said="none is impossible")


def _first(sentences: Sequence[str], most: int = 5) -> str:
    more = len(sentences) - most
    return "; ".join([*sentences[:most], *([f"and {more} more"] if more > 0 else [])])
