"""Long things on several pages: as much on each as a reader can load at once."""

from collections.abc import Callable, Iterable
from typing import TypeVar

Piece = TypeVar("Piece")


def split(pieces: Iterable[Piece], size: Callable[[Piece], int], *, room: int) -> list[list[Piece]]:
    """Return the pieces in their order, page by page; a page holds one piece at least."""
    pages: list[list[Piece]] = [[]]
    left = room
    for piece in pieces:
        needed = size(piece)
        if pages[-1] and needed > left:
            pages.append([])
            left = room
        pages[-1].append(piece)
        left -= needed
    return pages
