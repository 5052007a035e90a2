"""``python -m tests.web.beside_ingest``: readers of the pages while the daemon ingests."""

import argparse
import http.client
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from statistics import median, quantiles

from tests.daemon.processes import Running, Started, configure
from tests.forked import REPO
from tests.registry.process import ReplicaProcess
from tests.registry.synthetic import Population

MOST_SLOWER = 1.15
_CONNECTIONS = 50
_EACH_S = 5.0  # ten pages a second together
_TRIALS = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadPlan:
    """A registry of ``records``, ``changed`` of which change on a day; ``days``: with readers.

    As many more are ingested without, in turns.
    """

    records: int = 10_000
    changed: int = 5_000
    days: int = 4
    url: str | None = None


@dataclass
class Answers:
    """What readers got: by status (0: no answer), and how long each waited, in seconds."""

    statuses: Counter[int] = field(default_factory=Counter)
    waited_s: list[float] = field(default_factory=list)


class Web(Running):
    """``monitor web``, started as a user does it."""

    def _start(self) -> "subprocess.Popen[str]":
        options = ("--config", str(self._config), "web", "--listen", "127.0.0.1:0")
        with self._log.open("wb") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "monitor", *options], cwd=REPO, stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL, stderr=log, text=True,
            )  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> int:
    """Ingest day after day, print the figures, and return 0 when readers cost no more than asked.

    Every answer has to be good as well.
    """
    plan = LoadPlan()
    parser = argparse.ArgumentParser(prog="./run soak --only readers", description=__doc__)
    parser.add_argument("--records", type=int, default=plan.records)
    parser.add_argument("--changed", type=int, default=plan.changed)
    parser.add_argument("--days", type=int, default=plan.days)
    parser.add_argument("--store", help="a URL of an empty store  [a new file]")
    given = parser.parse_args(arguments)
    plan = LoadPlan(records=given.records, changed=given.changed, days=given.days, url=given.store)
    with tempfile.TemporaryDirectory(prefix="monitor-readers-") as folder:
        without, beside, answers = follow(plan, Path(folder))
    slower = median(beside) / median(without)
    failed = answers.statuses.total() - answers.statuses[HTTPStatus.OK]
    figures = {
        "pass_s_without_readers": without,
        "pass_s_beside_readers": beside,
        "slower": round(slower, 3),
        "connections": _CONNECTIONS,
        "requests": answers.statuses.total(),
        "failed": failed,
        "waited_ms_p50_p95": [
            round(1_000 * one) for one in (median(answers.waited_s), _p95(answers.waited_s))
        ],
    }
    sys.stdout.write(json.dumps(figures, indent=2) + "\n")
    return 1 if failed or slower > MOST_SLOWER else 0


def follow(plan: LoadPlan, folder: Path) -> tuple[list[float], list[float], Answers]:
    """Return the seconds of passes without readers and beside them, and what readers got."""
    seconds: dict[bool, list[float]] = {False: [], True: []}
    answers = Answers()
    population = ("--whole", str(plan.records), "--daily", str(plan.changed), "--ahead")
    with ReplicaProcess(*population) as replica:
        config = _write_config(plan, folder, replica.base_url)
        with ExitStack() as stack:
            daemon = stack.enter_context(Started(config))
            daemon.wait_for("pass finished", stored=plan.records)
            web = stack.enter_context(Web(config, name="web"))
            paths = _paths(plan)
            for number in range(2 * plan.days):
                is_beside = bool(number % 2)
                with _reading(web, paths, answers) if is_beside else _nobody():
                    replica.tell("advance")
                    line = daemon.wait_for("pass finished", times=number + 1, stored=plan.changed)
                seconds[is_beside].append(line["seconds"])
            assert daemon.stop() == 0
            assert web.stop() == 0
    return seconds[False], seconds[True], answers


def _write_config(plan: LoadPlan, folder: Path, base_url: str) -> Path:
    source = (
        f'name = "registry"\ntype = "ctgov"\nbase_url = "{base_url}"\nall = true\nevery = "1s"\n'
        'reread_every = "365d"'
    )
    url = plan.url or f"sqlite:///{folder / 'monitor.db'}"
    return configure(folder, url, source)


def _paths(plan: LoadPlan) -> list[str]:
    population = Population(size=plan.records, daily=plan.changed)
    step = max(1, plan.records // _TRIALS)
    trials = [f"/trials/{population.nct_id(at)}" for at in range(0, plan.records, step)]
    lists = ["/", "/?min_severity=high", "/trials", "/trials?text=study&status=RECRUITING",
             "/events/feed.atom", "/api/v1/events?limit=50", "/about"]  # fmt: skip
    return [path for pair in zip(trials, lists * _TRIALS, strict=False) for path in pair]


@contextmanager
def _nobody() -> Iterator[None]:
    yield


@contextmanager
def _reading(web: Running, paths: Sequence[str], answers: Answers) -> Iterator[None]:
    """Let the connections ask, each again and again, until the block ends."""
    host, port = web.wait_for("listening")["listen"].removeprefix("http://").split(":")
    over = threading.Event()

    def read(number: int) -> None:
        connection = http.client.HTTPConnection(host, int(port), timeout=30)
        due = time.monotonic() + number * _EACH_S / _CONNECTIONS
        for at in range(number, 1_000_000):
            if over.wait(max(0.0, due - time.monotonic())):
                break
            due += _EACH_S
            began = time.monotonic()
            answers.statuses[_status(connection, paths[at % len(paths)])] += 1
            answers.waited_s.append(time.monotonic() - began)
        connection.close()

    readers = [threading.Thread(target=read, args=(number,)) for number in range(_CONNECTIONS)]
    for one in readers:
        one.start()
    try:
        yield
    finally:
        over.set()
        for one in readers:
            one.join()


def _status(connection: http.client.HTTPConnection, path: str) -> int:
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        response.read()
    except (OSError, http.client.HTTPException):
        connection.close()  # the next request opens it anew
        return 0
    return response.status


def _p95(values: Sequence[float]) -> float:
    return quantiles(values, n=20)[-1]


if __name__ == "__main__":
    sys.exit(main())
