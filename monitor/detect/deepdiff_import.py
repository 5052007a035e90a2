"""DeepDiff without numpy, pandas, polars, pydantic, which it loads wherever they are installed.

None of a record's values is theirs; they take half a second of every start and 60 MB of memory. Who
imports them elsewhere gets them.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

_NOT_NEEDED = ("numpy", "pandas", "polars", "pydantic")


@contextmanager
def _hide_modules(*names: str) -> Iterator[None]:
    before = {name: sys.modules[name] for name in names if name in sys.modules}
    # What is None there raises ImportError, which DeepDiff expects.
    sys.modules.update(dict.fromkeys(names))  # type: ignore[arg-type]
    try:
        yield
    finally:
        for name in names:
            del sys.modules[name]
        sys.modules.update(before)


with _hide_modules(*_NOT_NEEDED):
    from deepdiff import DeepDiff
    from deepdiff.model import DiffLevel
    from deepdiff.operator import BaseOperator

__all__ = ["BaseOperator", "DeepDiff", "DiffLevel"]
