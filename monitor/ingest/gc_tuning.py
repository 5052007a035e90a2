"""Tune the cyclic garbage collector while a pass runs, and give free memory back after it.

Put around every pass, and around whatever else goes through a whole store.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

from monitor.memory import give_back

# Between two looks; Python's own number is 700, a small record's worth. A parsed record is
# thousands of objects, none of them in a circle: a sixth of a pass's time would go there.
_NEW_OBJECTS = 20_000


@contextmanager
def fewer_collections() -> Iterator[None]:
    """Let Python look for circular garbage less often, from now on; then give free memory back."""
    gc.set_threshold(_NEW_OBJECTS, *gc.get_threshold()[1:])
    try:
        yield
    finally:
        give_back()
