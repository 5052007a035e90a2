"""``monitor trials``: what is in the store."""

import pytest

from tests.cli.calls import Monitor
from tests.cli.studies import NCT, OTHER, study


def test_every_trial_is_one_row(filled: Monitor) -> None:
    rows = filled.answer("trials").splitlines()
    assert rows[0].split() == ["NCT", "ID", "Status", "Last", "news", "Sponsor", "Title"]
    assert rows[1].startswith(f"{NCT}  active, not recruiting  2026-03-07  Example Sponsor")
    assert rows[2].startswith(f"{OTHER}  completed               -           Example Sponsor")
    assert rows[3] == "2 trials"


def test_json_lists_what_is_known_of_a_trial(filled: Monitor) -> None:
    assert filled.json("trials")[0] == {
        "nct_id": NCT,
        "title": "A study of a thing",
        "overall_status": "ACTIVE_NOT_RECRUITING",
        "lead_sponsor": "Example Sponsor",
        "conditions": ["Systemic Lupus Erythematosus"],
        "last_version_date": "2026-03-07",
        "last_changed": "2026-03-07",
        "last_seen_at": "2026-03-13T08:30:00+00:00",
    }


@pytest.mark.parametrize(
    ("options", "found"),
    [
        (("--status", "completed"), [OTHER]),
        (("--status", "Active, not recruiting"), [NCT]),
        (("--status", "active-not-recruiting"), [NCT]),
        (("--sponsor", "EXAMPLE"), [NCT, OTHER]),
        (("--sponsor", "nobody"), []),
        (("--condition", "lupus"), [NCT, OTHER]),
        (("--changed-since", "2026-03-07"), [NCT]),
        (("--changed-since", "2026-03-08"), []),
        (("--changed-since", "2026-03"), [NCT]),
        (("--changed-since", "2026-04"), []),
        (("--changed-since", "2026"), [NCT]),
        (("--changed-since", "2026", "--status", "COMPLETED"), []),
    ],
)
def test_trials_are_chosen_by_every_given_test(
    filled: Monitor, options: tuple[str, ...], found: list[str]
) -> None:
    assert [trial["nct_id"] for trial in filled.json("trials", *options)] == found


@pytest.mark.parametrize("written", ["suspended", "no longer available", "merged", "Withheld"])
def test_a_status_that_no_stored_trial_has_finds_none(filled: Monitor, written: str) -> None:
    assert filled.json("trials", "--status", written) == []


def test_a_status_that_there_is_not_is_a_wrong_question(filled: Monitor) -> None:
    complaint = filled.complaint("trials", "--status", "foo", code=2)
    assert "there is no status 'FOO'; there are ACTIVE_NOT_RECRUITING, " in complaint
    assert "WITHDRAWN" in complaint


def test_a_status_that_the_registry_made_up_since_is_found(filled: Monitor) -> None:
    filled.ingest(study(nct_id="NCT09000003", status="Paused"))
    assert len(filled.json("trials", "--status", "paused")) == 1
    assert filled.json("trials", "--status", "PAUSED", "--sponsor", "nobody") == []
    assert ", Paused, " in filled.complaint("trials", "--status", "foo", code=2)


def test_a_title_is_whole_in_a_pipe(monitor: Monitor) -> None:
    title = "A very long title " * 20
    monitor.ingest(study(title=title))
    assert title.strip() in monitor.answer("trials")


def test_an_empty_list_is_an_answer(filled: Monitor) -> None:
    found = filled("trials", "--sponsor", "nobody")
    assert (found.exit_code, found.stdout.splitlines()[-1]) == (0, "0 trials")
    assert 'sponsor "nobody": none of the stored trials' in found.stderr


def test_without_a_store_it_says_how_to_make_one(monitor: Monitor) -> None:
    assert "`monitor run` or `monitor ingest` makes one" in monitor.complaint("trials", code=1)


def test_no_word_is_no_status(monitor: Monitor) -> None:
    monitor.ingest(study())
    assert "there is no status ''" in monitor.complaint("trials", "--status", "", code=2)
