"""Take the pictures of docs/alerts.md and docs/pages.md anew: ``./run pictures [FOLDER]``.

Real changes of the seed trials, their versions read a day apart: as mail in a browser, as Slack's
blocks drawn as Slack draws them, and as the monitor's own pages.
"""

import json
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import time_machine

from tests.cli.calls import Monitor
from tests.render.alerts.block_kit import block_kit_page
from tests.render.alerts.browser import CHROMIUM, HeadlessBrowser
from tests.web.pages.pictures import pages

PROJECT = Path(__file__).parents[3]
SEEDS = PROJECT / "seeds"
IMAGES = PROJECT / "docs" / "images"
CHANGED, WITHDRAWN = "NCT06733935", "NCT06377228"
READ = datetime(2026, 6, 4, 8, tzinfo=UTC)
TALLEST = 900
WIDTHS = {"phone": 390, "desktop": 1024, "slack": 640}
SCHEMES = ("light", "dark")
HEIGHT = "<script>parent.found(frameElement, document.body.scrollHeight)</script>"

_CONFIG = """
[delivery]
public_url = "https://monitor.example.org"
[[channel]]
name = "mail"
type = "folder"
path = "{folder}/mail"
formats = ["html", "json"]
[[subscription]]
name = "lupus"
subscriber = "feasibility team"
filter = {{ condition = "lupus" }}
when = "daily 08:00 Europe/Madrid"
channels = "mail"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A page that is to be a picture; ``views``: how wide it is looked at."""

    name: str
    html: str
    views: tuple[str, ...] = ("phone", "desktop")


def pictures(folder: Path) -> Iterator[Picture]:
    """Yield what is to be taken; the store lies in the folder."""
    monitor = _read_seeds(folder)
    ids = sorted(page.name.partition("_")[0] for page in SEEDS.glob("*.txt"))
    messages = {
        "alert": (CHANGED,),
        "first-seen": (WITHDRAWN, "--version", "1"),
        "digest": (*ids, "--as", "digest"),
        "group": (*ids, "--as", "group"),
    }
    for name, run_scripts in messages.items():
        yield Picture(name=name, html=monitor.answer("preview", *run_scripts, "--format", "html"))
    for name, run_scripts in messages.items():
        blocks = json.loads(monitor.answer("preview", *run_scripts, "--format", "slack"))["blocks"]
        yield Picture(name=name, html=block_kit_page(blocks), views=("slack",))
    yield Picture(name="welcome", html=_welcome(monitor, folder))
    for name, html in pages(monitor.url):
        yield Picture(name=f"page-{name}", html=html)


def take(to: Path) -> None:
    """Write the pictures as ``NAME-VIEW-SCHEME.png``."""
    if CHROMIUM is None:
        sys.exit("there is no chromium here (./run browser installs it)")
    to.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        browser = HeadlessBrowser(program=CHROMIUM, folder=folder)
        for picture in pictures(folder):
            for view in picture.views:
                width = WIDTHS[view]
                [height] = browser.run_scripts([(picture.html + HEIGHT, width)], scheme="light")
                height = min(int(height), TALLEST)
                for scheme in SCHEMES:
                    file = to / f"{picture.name}-{view}-{scheme}.png"
                    browser.shoot(picture.html, file, width=width, height=height, scheme=scheme)
                    sys.stdout.write(f"{file}\n")


def _read_seeds(folder: Path) -> Monitor:
    monitor = Monitor(f"sqlite:///{folder / 'monitor.db'}", folder)
    for at, paths in (
        (READ, sorted(SEEDS.glob("*.txt"))),
        (READ + timedelta(days=1), [SEEDS / "2026-07"]),
    ):
        with time_machine.travel(at, tick=False):
            monitor.answer("ingest", *map(str, paths))
    config = folder / "monitor.toml"
    config.write_text(_CONFIG.format(folder=folder), "utf-8")
    monitor.environ["MONITOR_CONFIG"] = str(config)
    return monitor


def _welcome(monitor: Monitor, folder: Path) -> str:
    with time_machine.travel(READ + timedelta(days=1), tick=False):
        monitor("deliver", "--once")
    [file] = (folder / "mail").glob("*.html")
    return file.read_text("utf-8")


if __name__ == "__main__":
    take(Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else IMAGES)
