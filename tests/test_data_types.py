"""Types that several threads meet for the first time at once."""

import subprocess
import sys
from pathlib import Path

import pytest

_ROUNDS = 30
# A type is new once: each round makes it anew with its module.
_MEET = """
import importlib, sys, threading
module, name, method, value, rounds = sys.argv[1:]
sys.setswitchinterval(1e-6)
made = importlib.import_module(module)
for _ in range(int(rounds)):
    made = importlib.reload(made)
    kind = getattr(made, name)
    meet = threading.Barrier(4)

    def use():
        meet.wait()
        try:
            getattr(kind, method)(eval(value))
        except ValueError:
            pass  # another shape, and said so

    threads = [threading.Thread(target=use) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
"""


@pytest.mark.parametrize(
    ("module", "name", "method", "value"),
    [
        ("monitor.sources.ctgov.checkpoint", "_CHECKPOINT", "convert", "{}"),
        (
            "monitor.parsers.study_types",
            "_STUDY",
            "convert",
            "{'protocolSection': {'statusModule': 1}}",
        ),
        (
            "monitor.ingest.suspects",
            "_STORED_SUSPECT",
            "convert",
            "{'pass_number': 1, 'miss': {'load': ''}}",
        ),
        ("monitor.sources.ctgov_history.responses", "_VERSION", "decode", "b'{}'"),
    ],
    ids=["state of a source", "study", "suspect", "version of the history API"],
)
def test_threads_that_meet_a_type_at_once_do_not_end_the_process(
    module: str, name: str, method: str, value: str
) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", _MEET, module, name, method, value, str(_ROUNDS)],
        cwd=Path(__file__).parents[1], capture_output=True, timeout=60, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr.decode()
