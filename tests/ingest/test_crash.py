"""kill -9 at any instant loses nothing and repeats nothing in the store."""

from pathlib import Path
from random import Random

import orjson

from tests.forked import FORKING
from tests.ingest.crash_worker import lines, main
from tests.ingest.world import World, study

KILLS = 12


def write_series(path: Path) -> None:
    """Write 30 trials with eight versions each as JSON lines."""
    documents = [
        study(f"2026-02-{day:02d}", f"2026-02-{day:02d}", enrollment=day * trial,
              nct_id=f"NCT090000{trial:02d}")
        for day in range(1, 9)
        for trial in range(1, 31)
    ]  # fmt: skip
    path.write_bytes(b"\n".join(orjson.dumps(document) for document in documents))


def run_and_kill(url: str, path: Path, random: Random) -> bool:
    """Start a pass, kill it somewhere in a batch; False when it had come to its end."""
    ours, theirs = FORKING.Pipe()
    worker = FORKING.Process(target=main, args=(url, str(path), theirs), daemon=True)
    with ours:
        with theirs:
            worker.start()
        try:
            for _ in range(random.randrange(0, 12)):
                ours.recv()
                ours.send(None)
            # Spend a random share of a batch's time, counted in work and not in seconds.
            sum(range(random.randrange(200_000)))
        except EOFError:
            pass  # it has come to its end
        else:
            worker.kill()
        worker.join()
    return worker.exitcode != 0


def test_a_killed_pass_loses_nothing_and_repeats_nothing(
    world: World, sqlite_url: str, tmp_path: Path
) -> None:
    path = tmp_path / "series.jsonl"
    write_series(path)
    random = Random(26)  # noqa: S311 - a fixed series of instants
    killed = sum(run_and_kill(world.url, path, random) for _ in range(KILLS))
    assert killed >= KILLS // 2
    world.take_all(lines(str(path)))
    assert world.take_all(lines(str(path))).stored == 0
    undisturbed = World(sqlite_url.replace("monitor.db", "undisturbed.db"))
    undisturbed.take_all(lines(str(path)))
    assert world.summary() == undisturbed.summary()
