"""Run a replica by hand, or as a child process: ``python -m tests.registry --help``."""

import json
import signal
import sys
import threading
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import click

from tests.registry.days import is_data_day, next_data_day
from tests.registry.faults import Fault
from tests.registry.loading import load
from tests.registry.replica import Replica
from tests.registry.server import ReplicaServer
from tests.registry.synthetic import Population, Script
from tests.registry.world import World

_FIRST_DAY = "2026-01-05"


def _world(
    files: tuple[Path, ...], day: str | None, whole: int, daily: int, trials: int, seed: int
) -> World:
    if files:
        records = load(files)
        first = date.fromisoformat(day) if day else records.first_day()
        return World(records, day=first if is_data_day(first) else next_data_day(first))
    first_day = day or _FIRST_DAY
    if whole:
        return Population(size=whole, daily=daily, first_day=first_day, seed=seed).world()
    return Script(trials=trials, first_day=first_day, seed=seed).world()


def _commands(replica: Replica) -> dict[str, Callable[..., Any]]:
    """Return what a parent process can ask for, a line each; every answer is a line of JSON."""
    world, log = replica.world, replica.log
    return {
        "advance": lambda days="1": world.advance(int(days)).isoformat(),
        "day": lambda: str(world.day),
        "reload": world.reload,
        "fault": lambda name, times="1": bool(replica.faults.add(Fault(name), times=int(times))),
        "behave": replica.faults.clear,
        "forget": log.clear,
        "log": lambda: {
            "requests": len(log),
            "statuses": {str(status): count for status, count in log.statuses().items()},
            "sent": sum(line.sent for line in log),
            "max_in_flight": dict(log.max_in_flight),
        },
    }


def _obey(replica: Replica, stop: threading.Event) -> None:
    commands = _commands(replica)
    for line in sys.stdin:
        name, *arguments = line.split() or [""]
        try:
            answer = {"ok": commands[name](*arguments)}
        except (KeyError, TypeError, ValueError) as exc:
            answer = {"error": f"{type(exc).__name__}: {exc}"}
        click.echo(json.dumps(answer))
    stop.set()  # the parent has gone


@click.command()
@click.option("--port", default=0, show_default="any free one")
@click.option(
    "--files",
    multiple=True,
    type=click.Path(exists=True, path_type=Path),
    help="JSON or JSON lines of studies; else synthetic trials.",
)
@click.option("--day", help="First data date.")
@click.option("--trials", default=200, show_default=True, help="Synthetic trials that evolve.")
@click.option("--whole", default=0, help="A whole registry of so many records instead.")
@click.option("--daily", default=5_000, show_default=True, help="Of these, updated each day.")
@click.option("--seed", default=1, show_default=True)
@click.option("--tick", default=0.0, help="Seconds after which the next data date begins.")
@click.option(
    "--fault",
    "faults",
    multiple=True,
    type=click.Choice([str(f) for f in Fault]),
    help="Meet requests with this fault, by chance.",
)
@click.option("--chance", default=0.05, show_default=True, help="Of a request to meet a fault.")
@click.option("--ahead", is_flag=True, help="Make pages before they are asked for.")
@click.option("--commands", is_flag=True, help="Obey lines on standard input; end with it.")
def main(
    port: int,
    files: tuple[Path, ...],
    day: str | None,
    trials: int,
    whole: int,
    daily: int,
    seed: int,
    tick: float,
    faults: tuple[str, ...],
    chance: float,
    *,
    ahead: bool,
    commands: bool,
) -> None:
    """Serve a replica of the registry on a loopback port until interrupted."""
    replica = Replica(_world(files, day, whole, daily, trials, seed), ahead=ahead)
    if faults:
        replica.faults.at_random(chance, [Fault(name) for name in faults], seed=seed)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with ReplicaServer(replica, port=port) as server:
        click.echo(json.dumps({"base_url": server.base_url, "day": str(replica.world.day)}))
        if commands:
            threading.Thread(target=_obey, args=(replica, stop), daemon=True).start()
        while not stop.wait(tick or None):
            click.echo(json.dumps({"day": replica.world.advance().isoformat()}))


if __name__ == "__main__":
    main()
