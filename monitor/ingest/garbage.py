"""When Python looks for circular garbage while a pass runs."""

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

# Between two looks; Python's own number is 700, a small record's worth.
_NEW_OBJECTS = 20_000
# A changed record leaves some hundreds, a large one three thousand.
_FEW_OBJECTS = 5_000

_lock = threading.Lock()
_inside: list[tuple[int, int, int]] = []


@contextmanager
def fewer_collections() -> Iterator[None]:
    """Let Python look for circular garbage less often: a sixth of a pass's time goes there.

    A parsed record is thousands of objects, none of them in a circle. What is there before the
    pass is left out of the looks, which makes the one after each batch a short one. Passes may
    run in several threads: the last one out puts things back.
    """
    with _lock:
        before = gc.get_threshold()
        _inside.append(_inside[0] if _inside else before)
        if len(_inside) == 1:
            gc.set_threshold(max(before[0], _NEW_OBJECTS) if before[0] else 0, *before[1:])
            gc.freeze()
    try:
        yield
    finally:
        with _lock:
            put_back = _inside.pop()
            if not _inside:
                gc.unfreeze()
                gc.set_threshold(*put_back)


def clear_circles() -> None:
    """Clear what comparing leaves behind, once there is much: circles that hold whole records.

    The little that one changed record leaves is cleared by Python when the pass is over.
    """
    young, middle, old = gc.get_count()
    if young > _FEW_OBJECTS or middle or old:
        gc.collect()
