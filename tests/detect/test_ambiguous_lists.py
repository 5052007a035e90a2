"""Lists in which many items bear one name: all that holds for clear ones holds for them."""

import copy
import json
from collections import Counter
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.detect.diff import diff
from tests.detect.edits import shuffle
from tests.detect.examples import assert_accounted_for, compared, of, seeded
from tests.detect.oracle import leaves, normal, told

Item = dict[str, Any]

_SITE: dict[str, tuple[Any, ...]] = {
    "facility": ("Research Site", "North Hospital", "North Hospitals", "Local Institution - 0001"),
    "city": ("Napoli", "Naples", "Rome"),
    "zip": ("1", "2", None),
    "country": ("Italy", "Korea, Republic of", "South Korea"),
    "status": ("RECRUITING", "COMPLETED", None),
    "phone": ("1", "2", "3"),
    "contacts": ([], [{"name": "a", "phone": "1"}], [{"name": "a", "phone": "2"}, {"name": "b"}]),
}
_OUTCOME: dict[str, tuple[Any, ...]] = {
    "measure": ("Overall survival", "Change in ALT at week 12", "Change in AST at week 12"),
    "timeFrame": ("1 year", "2 years"),
    "description": (None, "x", "As measured by the investigator at every visit of the trial"),
}
_THING: dict[str, tuple[Any, ...]] = {
    "id": ("1", "2", None), "title": ("a", "b"), "value": (1, 2), "other": ("x", "y", None),
}  # fmt: skip


def _item(pool: dict[str, tuple[Any, ...]], random: Random) -> Item:
    chosen = {name: copy.deepcopy(random.choice(values)) for name, values in pool.items()}
    return {name: value for name, value in chosen.items() if value is not None}


def _list(pool: dict[str, tuple[Any, ...]], random: Random, longest: int = 6) -> list[Item]:
    return [_item(pool, random) for _ in range(random.randrange(longest + 1))]


def ambiguous(random: Random) -> dict[str, Any]:
    """Return a document of lists whose items can hardly be told apart."""
    return {
        "protocolSection": {
            "contactsLocationsModule": {"locations": _list(_SITE, random)},
            "outcomesModule": {
                "primaryOutcomes": _list(_OUTCOME, random, 3),
                "secondaryOutcomes": _list(_OUTCOME, random, 3),
            },
        },
        "resultsSection": {"someModule": {"things": _list(_THING, random)}},
    }


documents = st.integers(0, 2**32 - 1).map(seeded).map(ambiguous)
randoms = st.integers(0, 2**32 - 1).map(seeded)


@settings(max_examples=250)
@given(old=documents, new=documents, random=randoms)
def test_what_is_told_does_not_depend_on_the_order_of_either_list(
    old: Any, new: Any, random: Random
) -> None:
    changes, events = compared(of(old), of(new))
    assert_accounted_for(changes, events)
    shuffle(old, random)
    shuffle(new, random)
    again, same_events = compared(of(old), of(new))
    assert Counter(map(_said, again)) == Counter(map(_said, changes))
    assert Counter((e.kind, e.severity, len(e.fields)) for e in same_events) == Counter(
        (e.kind, e.severity, len(e.fields)) for e in events
    )


def _said(change: Any) -> str:
    values = json.dumps([normal(change.before), normal(change.after)], sort_keys=True)
    return f"{change.field} {change.op} {values}"


@settings(max_examples=250)
@given(old=documents, new=documents)
def test_nothing_is_missed_and_nothing_invented(old: Any, new: Any) -> None:
    changes = diff(of(old), of(new))
    gone, come = told(changes)
    assert leaves(new) - leaves(old) == come - gone
    assert leaves(old) - leaves(new) == gone - come
    assert len({change.path for change in changes}) == len(changes)
    assert bool(changes) is (normal(old) != normal(new))


@settings(max_examples=250)
@given(old=documents, random=randoms)
def test_one_item_that_changed_is_one_change(old: Any, random: Random) -> None:
    sites = old["protocolSection"]["contactsLocationsModule"]["locations"]
    if not sites:
        return
    new = copy.deepcopy(old)
    site = random.choice(new["protocolSection"]["contactsLocationsModule"]["locations"])
    site["status"] = "A_STATUS_OF_ITS_OWN"
    shuffle(new, random)
    (change,) = diff(of(old), of(new))
    assert change.after == "A_STATUS_OF_ITS_OWN"
