"""A scripted year's monitor until the process is killed: pass after pass, and deliveries."""

import sys
import threading
from datetime import timedelta
from pathlib import Path

from tests.year.followers import Work

_PAUSE_S = 0.05


def main(config: str, ahead_s: str) -> None:
    """Follow by a configuration, without end; the clock is so many seconds ahead."""
    work = Work(Path(config), ahead=lambda: timedelta(seconds=float(ahead_s)))
    pause = threading.Event()
    while not pause.wait(_PAUSE_S):
        work.step()


if __name__ == "__main__":
    main(*sys.argv[1:])
