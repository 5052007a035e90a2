"""When Python looks for circular garbage while a pass runs."""

import gc
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from monitor.memory import give_back

# Between two looks; Python's own number is 700, a small record's worth.
_NEW_OBJECTS = 20_000
# A changed record leaves some hundreds, a large one three thousand.
_FEW_OBJECTS = 5_000
# A look at everything takes a tenth of a second, and more with many subscriptions.
_EVERYTHING_EVERY_S = 60.0

_lock = threading.Lock()
_inside: list[tuple[int, int, int]] = []
_looked_at = time.monotonic()


@contextmanager
def fewer_collections(clock: Callable[[], float] = time.monotonic) -> Iterator[None]:
    """Let Python look for circular garbage less often: a sixth of a pass's time goes there.

    A parsed record is thousands of objects, none of them in a circle. What is there before the
    pass is left out of the looks, which makes the one after each batch a short one. Passes may
    run in several threads: the last one out clears what they left, and puts things back.

    To leave out is to let garbage that is there already stay, pass after pass, because Python then
    also begins to count anew. So everything is looked at before a pass, once in a while.
    """
    global _looked_at  # noqa: PLW0603 - as the collector, it is the process's
    with _lock:
        before = gc.get_threshold()
        _inside.append(_inside[0] if _inside else before)
        if len(_inside) == 1:
            gc.set_threshold(max(before[0], _NEW_OBJECTS) if before[0] else 0, *before[1:])
            if clock() - _looked_at >= _EVERYTHING_EVERY_S:
                gc.collect()
                _looked_at = clock()
            gc.freeze()
    try:
        yield
    finally:
        with _lock:
            put_back = _inside.pop()
            if not _inside:
                gc.collect()  # what came after the freezing
                gc.unfreeze()
                gc.set_threshold(*put_back)
                give_back()


def clear_circles() -> None:
    """Clear what comparing leaves behind, once there is much: circles that hold whole records.

    The little that one changed record leaves is cleared when the pass is over.
    """
    young, middle, old = gc.get_count()
    if young > _FEW_OBJECTS or middle or old:
        gc.collect()
