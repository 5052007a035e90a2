"""Passes over the source of a scripted year, one after the other, until the process is killed."""

import sys
import threading
import time
from pathlib import Path

from monitor.app import App
from monitor.app.passes import Passes
from tests.year.plan import SOURCE

_PAUSE_S = 0.05


def main(config: str) -> None:
    """Make passes by a configuration, without end."""
    passes = Passes(app=App.configured(Path(config), environ={}))
    while True:
        passes.pass_over(SOURCE, stop=threading.Event())
        time.sleep(_PAUSE_S)


if __name__ == "__main__":
    main(sys.argv[1])
