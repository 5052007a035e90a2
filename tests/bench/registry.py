"""A whole registry, simulated: the first load, a day's update, and a day without news."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from tests.bench.plan import Bench
from tests.bench.process import Run, monitor, peak_row
from tests.bench.rows import Measurement
from tests.registry.process import ReplicaProcess

_SOURCE = "registry"
_MEGABYTE = 1 << 20
# As bulk ingest in the same page: versions a second.
_RECORDS_PER_S = 500.0
_PATIENCE_S = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """One pass of the program as its user runs it, and what the registry saw of it."""

    run: Run
    counts: dict[str, Any]
    requests: int
    sent_bytes: int
    store_bytes: int


def measure(bench: Bench) -> list[Measurement]:
    """Load a registry of so many records, let a day pass, and look again without news."""
    plan = bench.plan
    size, daily = plan.registry_records, plan.registry_daily
    options = ("--whole", str(size), "--daily", str(daily), "--ahead")
    with ReplicaProcess(*options) as replica:
        config = _config(bench.folder, replica.base_url)
        bench.say(f"registry: first load of {size:,} records")
        first = _pass(bench, replica, config)
        assert (first.counts["read"], first.counts["stored"]) == (size, size), first.counts
        bench.say(f"registry: loaded in {first.run.wall_s:,.0f} s; a day passes")
        replica.tell("advance")
        update = _pass(bench, replica, config)
        assert update.counts["stored"] == min(daily, size), update.counts
        bench.say("registry: a poll on a day without news")
        quiet = _pass(bench, replica, config)
        assert quiet.counts["read"] == 0, quiet.counts
    return [
        *_load_rows(first, size),
        *_update_rows(update, size),
        _quiet_row(quiet),
    ]


def _config(folder: Path, base_url: str) -> Path:
    config = folder / "monitor.toml"
    config.write_text(
        "[http]\nrequests_per_minute = 6000\n"
        f'[[source]]\nname = "{_SOURCE}"\ntype = "ctgov"\nall = true\nevery = "1s"\n'
        f'base_url = "{base_url}"\n',
        encoding="utf-8",
    )
    return config


def _pass(bench: Bench, replica: ReplicaProcess, config: Path) -> Pass:
    """Run the program once; again while nothing is due yet, a second after the last pass."""
    store = bench.folder / "registry.db"
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        replica.tell("forget")
        run = monitor(bench, store, "--config", str(config), "run", "--once", "--json")
        if reports := orjson.loads(run.answer):
            break
        assert time.monotonic() < deadline, "the source never fell due"
    [counts] = reports
    assert counts["outcome"] == "ok", counts
    log = replica.tell("log")
    assert log["statuses"] == {"200": log["requests"]}, log
    assert counts["requests"] == log["requests"], (counts, log)
    return Pass(
        run=run,
        counts=counts,
        requests=log["requests"],
        sent_bytes=log["sent"],
        store_bytes=sum(file.stat().st_size for file in bench.folder.glob("registry.db*")),
    )


def _load_rows(first: Pass, size: int) -> list[Measurement]:
    rate, cpu_rate = size / first.run.wall_s, size / first.run.cpu_s
    mean = first.store_bytes / size
    note = (
        f"`monitor run --once` over a replica of the registry with {size:,} records (sizes spread "
        f"as in the real one), into an empty SQLite file: {first.requests:,} requests, "
        f"{first.sent_bytes / 1e6:,.0f} MB of gzip. The whole process took "
        f"{first.run.wall_s:,.0f} s of clock and {first.run.cpu_s:,.0f} s of CPU time; the replica "
        "is another process."
    )
    return [
        Measurement(
            name="registry",
            what=f"whole registry, first load of {size:,} records",
            ours=f"{rate:,.0f} records/s, {first.run.cpu_s:,.0f} CPU s",
            baseline=f"{_RECORDS_PER_S:.0f} records/s",
            ratio=rate / _RECORDS_PER_S,
            cpu_ratio=cpu_rate / _RECORDS_PER_S,
            target=None,
            at_least=True,
            note=note,
        ),
        _memory_row(f"whole registry, first load of {size:,} records", first),
        Measurement(
            name="registry",
            what=f"whole registry, size of the store after {size:,} records",
            ours=f"{first.store_bytes / 1e6:,.0f} MB, {mean:,.0f} B a record",
            baseline=f"{first.sent_bytes / 1e6:,.0f} MB of gzip answers",
            ratio=first.store_bytes / first.sent_bytes,
            target=None,
            note="The SQLite file with everything that belongs to it, against what the same "
            "records took as compressed answers.",
        ),
    ]


def _update_rows(update: Pass, size: int) -> list[Measurement]:
    changed, read = update.counts["stored"], update.counts["read"]
    per_record = update.run.cpu_s / read
    what = f"whole registry, a day's update ({changed:,} of {size:,} changed)"
    return [
        Measurement(
            name="registry",
            what=what,
            ours=f"{update.run.wall_s:,.1f} s, {update.run.cpu_s:,.1f} CPU s",
            baseline=f"{changed / _RECORDS_PER_S:,.1f} s at {_RECORDS_PER_S:.0f} versions/s",
            ratio=update.run.wall_s * _RECORDS_PER_S / changed,
            cpu_ratio=update.run.cpu_s * _RECORDS_PER_S / changed,
            target=None,
            note=f"The next data load: {read:,} records read in {update.requests:,} requests, "
            f"{changed:,} of them changed, {per_record * 1000:.1f} ms of CPU time for each that "
            "was read, start of the program included.",
        ),
        _memory_row(what, update),
    ]


def _memory_row(what: str, done: Pass) -> Measurement:
    note = "The process's own peak (ru_maxrss)."
    return peak_row("registry", what, done.run, megabytes=500, note=note)


def _quiet_row(quiet: Pass) -> Measurement:
    return Measurement(
        name="registry",
        what="whole registry, a poll on a day without news",
        ours=f"{quiet.requests} request, {quiet.run.wall_s * 1000:.0f} ms",
        baseline="1 request asked",
        ratio=quiet.requests,
        target=1.0,
        note="`monitor run --once` as a whole process, requests as the replica counted them: "
        f"{quiet.run.cpu_s * 1000:.0f} ms of CPU time, "
        f"{quiet.run.peak_bytes / _MEGABYTE:.0f} MB at its peak.",
    )
