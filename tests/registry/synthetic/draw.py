"""Choices that depend on nothing but numbers: the same at every call, in every process."""

from collections.abc import Sequence
from typing import TypeVar

_T = TypeVar("_T")


def mix(*parts: int) -> int:
    """Return 64 well mixed bits of some numbers."""
    bits = hash(parts) % 2**64  # a tuple's of integers is the same in every process
    return bits ^ (bits >> 29)


def pick(choices: Sequence[_T], *parts: int) -> _T:
    """Return one of the choices, by some numbers."""
    return choices[mix(*parts) % len(choices)]


def share(*parts: int) -> float:
    """Return a number from 0 up to 1, by some numbers."""
    return mix(*parts) / 2**64
