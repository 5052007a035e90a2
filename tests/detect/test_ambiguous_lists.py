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
from tests.detect.examples import assert_accounted_for, compared, of, seeded, study
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


def _results(*classes: Item) -> dict[str, Any]:
    measure = {"title": "Change in FEV1", "classes": list(classes)}
    return {"resultsSection": {"outcomeMeasuresModule": {"outcomeMeasures": [measure]}}}


def _class(*values: str) -> Item:
    measured = [{"groupId": f"OG{group:03}", "value": value} for group, value in enumerate(values)]
    return {"categories": [{"measurements": measured}]}


def _below_the_classes(old: Any, new: Any) -> list[tuple[Any, ...]]:
    return [(c.op, *c.path[5:], c.before, c.after) for c in diff(of(old), of(new))]


def test_one_value_corrected_below_items_without_a_name_is_one_change() -> None:
    assert _below_the_classes(_results(_class("-0.63")), _results(_class("999"))) == [
        ("changed", "(unnamed)", "categories", "(unnamed)", "measurements", "OG000", "value",
         "-0.63", "999")
    ]  # fmt: skip


def test_of_several_items_without_a_name_the_most_alike_pair() -> None:
    old = _results(_class("1", "2"), _class("7", "8"), _class("4", "5"))
    new = _results(_class("4", "6"), _class("9", "2", "3"), _class("1", "2"))
    added = {"groupId": "OG002", "value": "3"}
    assert _below_the_classes(old, new) == [
        ("changed", "(unnamed)", "categories", "(unnamed)", "measurements", "OG001", "value",
         "5", "6"),
        ("changed", "(unnamed) (2)", "categories", "(unnamed)", "measurements", "OG000", "value",
         "7", "9"),
        ("changed", "(unnamed) (2)", "categories", "(unnamed)", "measurements", "OG001", "value",
         "8", "2"),
        ("added", "(unnamed) (2)", "categories", "(unnamed)", "measurements", "OG002", None, added),
    ]  # fmt: skip


def test_items_without_a_name_are_added_and_removed_under_a_readable_one() -> None:
    one, other = _class("1"), _class("2")
    assert _below_the_classes(_results(), _results(one)) == [("added", "(unnamed)", None, one)]
    assert _below_the_classes(_results(other, one), _results(one)) == [
        ("removed", "(unnamed) (2)", other, None)
    ]


def test_a_contact_without_a_name_is_named_so() -> None:
    old, new = (
        study({"contactsLocationsModule.centralContacts": [{"email": email, "role": "CONTACT"}]})
        for email in ("a@example.org", "b@example.org")
    )
    (change,) = diff(of(old), of(new))
    assert change.path[-2:] == ("(unnamed)", "email")
