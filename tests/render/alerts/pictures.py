"""Take the pictures of docs/alerts.md anew: ``python -m tests.render.alerts.pictures FOLDER``."""

import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import time_machine

from tests.cli.calls import Monitor
from tests.render.alerts.browser import CHROMIUM, Browser

SEEDS = Path(__file__).parents[3] / "seeds"
NCT = "NCT06733935"
VIEWS = {"phone": (390, 556), "desktop": (1024, 490)}


def alert(folder: Path) -> str:
    """Return the HTML of a seed trial's real change, its versions read a day apart."""
    monitor = Monitor(f"sqlite:///{folder / 'monitor.db'}", folder)
    for at, file in (
        (datetime(2026, 6, 4, 8, tzinfo=UTC), SEEDS / f"{NCT}_2025-11-12.txt"),
        (datetime(2026, 6, 5, 8, tzinfo=UTC), SEEDS / "2026-07" / f"{NCT}.json"),
    ):
        with time_machine.travel(at, tick=False):
            monitor.answer("ingest", str(file))
    return monitor.answer("preview", NCT, "--format", "html")


def take(to: Path) -> None:
    """Write ``alert-phone-light.png`` and the other three."""
    if CHROMIUM is None:
        sys.exit("there is no chromium here (./run browser installs it)")
    to.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        html = alert(folder)
        browser = Browser(program=CHROMIUM, folder=folder)
        for view, (width, height) in VIEWS.items():
            for scheme in ("light", "dark"):
                picture = to / f"alert-{view}-{scheme}.png"
                browser.shoot(html, picture, width=width, height=height, scheme=scheme)


if __name__ == "__main__":
    take(Path(sys.argv[1]).resolve())
