"""Record pairs with the event that each must make, by theme."""

from tests.detect.cases import (
    numbers,
    other,
    outcomes,
    places,
    population,
    presence,
    results,
    status,
)
from tests.detect.cases.base import Case

CASES: tuple[Case, ...] = (
    *status.CASES,
    *numbers.CASES,
    *outcomes.CASES,
    *population.CASES,
    *places.CASES,
    *results.CASES,
    *other.CASES,
    *presence.CASES,
)
