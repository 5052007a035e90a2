"""Whole processes: memory of a large ingest, and looking up a history in its store."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import orjson
import zstandard

from tests.bench.edits import later_version
from tests.bench.plan import Bench
from tests.bench.rows import Measurement, against
from tests.bench.timing import Sample

PROJECT = Path(__file__).parents[2]
_MEGABYTE = 1 << 20
_BARE = ("-c", "import sqlalchemy, click, orjson, msgspec")
_TRIAL = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What a command took, and what it wrote to standard output."""

    wall_s: float
    cpu_s: float
    peak_bytes: int
    answer: bytes


def measure(bench: Bench) -> list[Measurement]:
    """Ingest many and few versions, then look one trial up in both stores."""
    plan = bench.plan
    large, small = bench.folder / "large.db", bench.folder / "small.db"
    ingested = _ingest(bench, large, plan.stored_trials)
    _ingest(bench, small, plan.few_trials)
    runs: dict[Path, list[Run]] = {large: [], small: []}
    bare: list[Run] = []
    command = ("history", nct_id_of(_TRIAL), "--json")
    for number in range(plan.history_runs + 1):
        bench.say(f"history: run {number} of {plan.history_runs}")
        for store in (large, small) if number % 2 else (small, large):
            run = monitor(bench, store, *command)
            if number:  # the first one fills the caches
                runs[store].append(run)
        bare.append(python(bench, small, *_BARE))
    reported = [_history(run) for store in runs for run in runs[store]]
    assert len(reported[0]) == plan.stored_versions, reported[0]
    assert all(history == reported[0] for history in reported), "both stores tell one history"
    many = plan.stored_trials * plan.stored_versions
    few = plan.few_trials * plan.stored_versions
    return [
        *_history_rows(runs[large], runs[small], bare[1:], many, few),
        _memory_row(bench, ingested, many),
    ]


def _history(run: Run) -> list[dict[str, Any]]:
    """Return the versions that a run told of, but for when they were read."""
    versions: list[dict[str, Any]] = orjson.loads(run.answer)["versions"]
    return [{**version, "retrieved_at": None} for version in versions]


def _history_rows(
    large: list[Run], small: list[Run], bare: list[Run], many: int, few: int
) -> list[Measurement]:
    ours, theirs, start = map(_middle, (large, small, bare))
    note = (
        f"`monitor history {nct_id_of(_TRIAL)} --json` as a whole process, the median of "
        f"{len(large)} runs on each store, in turns, after one that fills the caches. Baseline: "
        f"`python {_BARE[0]} '{_BARE[1]}'`, as often."
    )
    same = "The same runs; the trial and its history are the same in both stores."
    what = f"monitor history, {many:,}"
    return [
        against("history", f"{what} versions", ours, start, "bare start", target=1.5, note=note),
        against(
            "history", f"{what} against {few:,} versions", ours, theirs, f"with {few:,} versions",
            target=1.2, note=same,
        ),
    ]  # fmt: skip


def _middle(runs: list[Run]) -> Sample:
    return Sample(
        wall_s=median(run.wall_s for run in runs), cpu_s=median(run.cpu_s for run in runs)
    )


def _memory_row(bench: Bench, run: Run, versions: int) -> Measurement:
    return peak_row(
        "memory", f"ingest of {versions:,} versions", run, megabytes=300,
        note=f"`monitor ingest` of one JSON-lines file (zstandard): {bench.plan.stored_trials:,} "
        f"trials, {bench.plan.stored_versions} versions each, all trials' first versions before "
        "any second, made from the series' records with edits; the process's own peak "
        f"(ru_maxrss). It took {run.wall_s:.0f} s, {versions / run.wall_s:,.0f} versions/s "
        "as a whole process.",
    )  # fmt: skip


def peak_row(name: str, what: str, run: Run, *, megabytes: int, note: str) -> Measurement:
    """Return the row of a process's peak memory, and how much of it is allowed."""
    return Measurement(
        name=name,
        what=f"peak memory, {what}",
        ours=f"{run.peak_bytes / _MEGABYTE:.0f} MB",
        baseline=f"{megabytes} MB asked",
        ratio=run.peak_bytes / _MEGABYTE / megabytes,
        target=1.0,
        note=note,
    )


def nct_id_of(trial: int) -> str:
    """Return the ID of one of the made-up trials."""
    return f"NCT{80_000_000 + trial}"


def _ingest(bench: Bench, store: Path, trials: int) -> Run:
    plan = bench.plan
    versions = trials * plan.stored_versions
    bench.say(f"memory: writing {versions:,} versions")
    file = store.with_suffix(".jsonl.zst")
    with zstandard.open(file, "wb", cctx=zstandard.ZstdCompressor(level=1)) as target:
        for line in _lines(bench, trials):
            target.write(line + b"\n")
    bench.say(f"memory: ingest of {versions:,} versions, {file.stat().st_size / 1e6:.0f} MB packed")
    run = monitor(bench, store, "ingest", str(file), "--json")
    file.unlink()
    report = orjson.loads(run.answer)
    assert (report["read"], report["stored"]) == (versions, versions), report
    return run


def _lines(bench: Bench, trials: int) -> Iterator[bytes]:
    firsts = [content.content for content in bench.corpus.latest()]
    for version in range(bench.plan.stored_versions):
        for trial in range(trials):
            first = firsts[trial % len(firsts)]
            yield later_version(first, trial=trial, version=version, nct_id=nct_id_of(trial))


def monitor(bench: Bench, store: Path, *arguments: str) -> Run:
    """Run ``monitor`` on a store as its user does; AssertionError when it fails."""
    return python(bench, store, "-m", "monitor", *arguments)


def python(bench: Bench, store: Path, *arguments: str) -> Run:
    """Run the interpreter, with a store to use; AssertionError when it fails."""
    result = bench.folder / "took.json"
    command = [sys.executable, *arguments]
    launch = [sys.executable, "-m", "tests.bench.launch", str(result), *command]
    environ = {
        name: value
        for name, value in os.environ.items()
        # Without bytecode every start would compile the program and its libraries anew.
        if name != "PYTHONDONTWRITEBYTECODE" and not name.startswith("MONITOR_")
    }
    environ["MONITOR_DATABASE_URL"] = f"sqlite:///{store}"
    done = subprocess.run(launch, cwd=PROJECT, env=environ, capture_output=True, check=True)
    took = json.loads(result.read_bytes())
    assert took.pop("code") == 0, done.stderr.decode(errors="replace")
    return Run(answer=done.stdout, **took)
