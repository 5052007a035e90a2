"""Made-up records of the real sizes, for where the real ones are not at hand."""

from collections.abc import Iterator
from random import Random
from typing import Any

import orjson

from tests.bench.edits import later_version
from tests.registry.synthetic import Population

# How many of 1,155 real trials have how many contents.
_LENGTHS = ((6, 1), (4, 2), (3, 5), (2, 19))
_SEED = 10  # of which the largest of 1,155 records has more than a megabyte, as of the real ones


def made_up_series(trials: int) -> Iterator[tuple[str, str, bytes]]:
    """Yield (NCT ID, data date, bytes) of distinct contents, by data date."""
    population = Population(size=trials, daily=0, seed=_SEED)
    lengths = [length for length, count in _LENGTHS for _ in range(count)]
    lengths += [1] * (trials - len(lengths))
    firsts = [_record(population, number) for number in range(trials)]
    for version in range(lengths[0]):
        for number, first in enumerate(firsts):
            if version < lengths[number]:
                content = later_version(first, trial=number, version=version)
                info = orjson.loads(content)["derivedSection"]["miscInfoModule"]
                yield population.nct_id(number), info["versionHolder"], content


def _record(population: Population, number: int) -> bytes:
    study = population.find(population.nct_id(number), population.first_day)
    assert study is not None
    document = study.document()
    document["derivedSection"]["miscInfoModule"] = {"versionHolder": "2026-02-02"}
    return orjson.dumps(document)


def made_up_site(random: Random, number: int) -> dict[str, Any]:
    return {
        "facility": f"Research Site {number}",
        "status": "RECRUITING",
        "city": f"City {random.randint(1, 400)}",
        "zip": f"{random.randint(0, 99_999):05}",
        "country": random.choice(("United States", "France", "Japan", "Spain")),
        "geoPoint": {
            "lat": round(random.uniform(-60, 70), 5),
            "lon": round(random.uniform(-180, 180), 5),
        },
    }
