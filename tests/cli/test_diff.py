"""``monitor diff``: two versions against each other."""

from typing import Any

import pytest

from tests.cli.calls import Monitor
from tests.cli.studies import NCT, OTHER, study

TEXT = "Part A takes 4 weeks. " + "A sentence that stays as it is. " * 40 + "Part B takes 9 weeks."


def numbers(found: dict[str, Any]) -> tuple[int, int]:
    """Return the numbers of the versions that were compared."""
    return found["from"]["version"], found["to"]["version"]


@pytest.mark.parametrize(
    ("arguments", "compared"),
    [
        ((), (2, 3)),
        (("1",), (1, 3)),
        (("1", "2"), (1, 2)),
        (("3", "1"), (3, 1)),
        (("2026-02-02", "2026-03-10"), (1, 2)),
        (("2026-02", "3"), (1, 3)),
        (("1", "2026"), (1, 3)),
        (("2026-03-12",), (3, 3)),
    ],
)
def test_versions_are_named_by_number_or_by_a_date(
    filled: Monitor, arguments: tuple[str, ...], compared: tuple[int, int]
) -> None:
    assert numbers(filled.json("diff", NCT, *arguments)) == compared


def test_two_neighbours_differ_by_the_events_of_the_history(filled: Monitor) -> None:
    stored = filled.json("history", NCT, "--noise")["versions"][1]["events"]
    found = filled.json("diff", NCT, "1", "2")
    assert list(found) == ["nct_id", "from", "to", "events"]
    assert found["events"] == stored


def test_versions_further_apart_are_compared_anew(filled: Monitor) -> None:
    kinds = [event["kind"] for event in filled.json("diff", NCT, "1", "3")["events"]]
    assert kinds == [
        "recruitment_closed", "enrollment_target_changed", "site_added", "administrative_update",
    ]  # fmt: skip


def test_changed_words_of_a_long_text_are_marked_with_some_text_around_them(
    monitor: Monitor,
) -> None:
    edited = TEXT.replace("4 weeks", "6 weeks").replace("9 weeks", "8 weeks")
    for day, words in (("2026-02-02", TEXT), ("2026-02-03", edited)):
        monitor.ingest(study(day, modules={"descriptionModule": {"briefSummary": words}}))
    shown = monitor.answer("diff", NCT)
    assert "Part A takes [-4-]{+6+} weeks." in shown
    assert "Part B takes [-9-]{+8+} weeks." in shown
    assert shown.count("A sentence that stays as it is.") < 10
    assert "…" in shown
    colored = monitor.answer("--color", "diff", NCT)
    assert "\x1b[2;9m[-4-]\x1b[0m\x1b[1;4m{+6+}\x1b[0m weeks." in colored
    assert "\x1b[2;9m[-9-]\x1b[0m\x1b[1;4m{+8+}\x1b[0m weeks." in colored


def test_one_version_against_itself_has_no_events(filled: Monitor) -> None:
    assert filled.json("diff", NCT, "2", "2")["events"] == []
    assert "no difference" in filled.answer("diff", NCT, "2", "2")


def test_a_trial_of_one_version_has_nothing_to_compare(filled: Monitor) -> None:
    assert "one version so far" in filled.complaint("diff", OTHER, code=3)


@pytest.mark.parametrize(
    ("named", "code", "says"),
    [
        ("7", 3, "it has 3 versions"),
        ("0", 3, "no version 0"),
        ("1999-01-01", 3, "the earliest is of 2026-02-02"),
        ("1999", 3, "the earliest is of 2026-02-02"),
        ("soon", 2, "no version: write its number (3), its id"),
        ("-1", 2, "No such option"),
    ],
)
def test_a_version_that_is_not_there_is_told_clearly(
    filled: Monitor, named: str, code: int, says: str
) -> None:
    assert says in filled.complaint("diff", NCT, named, code=code)
