"""Comparing loads no library of tables, even where one is installed: it costs memory and time."""

import subprocess
import sys

import pytest

CODE = """
import sys
import monitor.detect.diff
loaded = {"numpy", "pandas", "polars", "pydantic"} & sys.modules.keys()
import numpy, pandas
print(sorted(loaded), numpy.__name__, pandas.__name__)
"""


def test_what_compares_loads_no_tables_and_leaves_them_to_others() -> None:
    pytest.importorskip("pandas")
    found = subprocess.run(
        [sys.executable, "-c", CODE], capture_output=True, text=True, timeout=60, check=True
    )
    assert found.stdout.split() == ["[]", "numpy", "pandas"]
