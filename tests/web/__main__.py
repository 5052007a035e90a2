"""``python -m tests.web``: what requests cost, then very many: as described, and at random."""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.web.api.calls import serving
from tests.web.api.cost import at_once, cpu_ms
from tests.web.api.drawn import ask_as_described
from tests.web.random_forms import acting
from tests.web.random_requests import ask_at_random, paths_of

_SHOWN = 40


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the requests, print the figures, and return 0 when none failed."""
    parser = argparse.ArgumentParser(prog="./run soak --only requests", description=__doc__)
    parser.add_argument("--examples", type=int, default=200, help="drawn for each address")
    parser.add_argument("--requests", type=int, default=10_000, help="made at random")
    parser.add_argument("--seed", type=int, default=1, help="what these follow from")
    parser.add_argument("--store", help="a URL; a few trials are added  [a new file]")
    given = parser.parse_args(arguments)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="monitor-requests-") as name:
        folder = Path(name)
        url = given.store or f"sqlite:///{folder / 'monitor.db'}"
        with serving(url, folder) as api:
            costs, together = cpu_ms(api), at_once(api)
            drawn = ask_as_described(api, examples=given.examples)
            statuses, failed = ask_at_random(
                api.address, paths_of(api.site), count=given.requests, seed=given.seed
            )
        with acting(folder, f"sqlite:///{folder / 'people.db'}") as pages:
            acted, wrong = pages.ask(count=given.requests, seed=given.seed)
            failed += wrong
    figures = {
        "cpu_ms_p50_p95": costs,
        "at_once": together,
        "drawn": dict(sorted(drawn.items())),
        "at_random": dict(sorted(statuses.items())),
        "forms_at_random": dict(sorted(acted.items())),
        "failed": len(failed),
        "wall_s": round(time.monotonic() - began),
    }
    sys.stdout.write(json.dumps(figures, indent=2) + "\n")
    sys.stderr.writelines(f"{line}\n" for line in failed[:_SHOWN])
    return 1 if failed or together["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
