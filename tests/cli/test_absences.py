"""A record that is gone, merged or back, as the commands show it."""

import json
from datetime import UTC, datetime

import pytest

from tests.cli.calls import Monitor
from tests.cli.studies import NCT, OTHER, study
from tests.ingest.world import World, absence

SAID = f"NCT number {NCT} not found"
BACK = datetime(2026, 3, 12, 15, tzinfo=UTC)


@pytest.fixture
def gone(monitor: Monitor) -> Monitor:
    """Return the command line on a store with a trial that is gone since 2026-03-10."""
    monitor.ingest(study("2026-02-02", "2026-03-02"), study(nct_id=OTHER))
    World(monitor.url).take(absence("2026-03-10"), absence("2026-03-11"))
    return monitor


@pytest.fixture
def back(gone: Monitor) -> Monitor:
    """Return the same, with the trial back on 2026-03-12 and its target halved."""
    gone.ingest(study("2026-02-02", "2026-03-12", enrollment=72), at=BACK)
    return gone


def test_the_timeline_tells_of_the_going_in_the_registrys_words(gone: Monitor) -> None:
    lines = gone.answer("history", NCT).splitlines()
    assert lines[1] == (
        "  no longer in the registry · Example Sponsor · 2 versions, 2026-02-02 to 2026-03-10"
    )
    assert lines[-2:] == [
        (
            "Version 2  Registry record changed (in the registry's data of 2026-03-10; "
            "seen between 2026-03-02 12:00 and 2026-03-10 12:00 UTC)"
        ),
        f"  HIGH      Record no longer in the registry ({SAID})",
    ]


def test_the_timeline_tells_of_the_return_and_of_what_changed_meanwhile(back: Monitor) -> None:
    lines = back.answer("history", NCT).splitlines()
    assert lines[1].startswith("  recruiting · Example Sponsor · 3 versions")
    assert lines[-3:] == [
        (
            "Version 3  Registry record changed (in the registry's data of 2026-03-12; "
            "seen between 2026-03-11 12:00 and 2026-03-12 15:00 UTC)"
        ),
        "  HIGH      Record in the registry again",
        "  HIGH      Enrollment target: 144 → 72 (−50%)",
    ]


def test_a_merger_names_the_other_record(gone: Monitor) -> None:
    World(gone.url).take(absence("2026-03-12", into=OTHER, said=""))
    lines = gone.answer("history", NCT).splitlines()
    assert lines[1].startswith("  merged into another record · ")
    assert lines[-1] == f"  HIGH      Record merged into {OTHER}"
    assert f"the registry no longer shows this record: it was merged into {OTHER}; " in gone.answer(
        "show", NCT
    )


def test_json_has_the_facts(gone: Monitor) -> None:
    found = gone.json("history", NCT)
    assert found["overall_status"] == "GONE"
    [event] = found["versions"][-1]["events"]
    assert (event["kind"], event["severity"]) == ("record_vanished", "high")
    assert (event["before"], event["after"]) == (None, "GONE")
    assert event["facts"] == {
        "reason": "not found", "said": SAID, "life_phase": "recruiting",
    }  # fmt: skip


def test_a_record_that_is_gone_is_shown_as_it_stood_last_and_said_to_be_gone(
    gone: Monitor,
) -> None:
    shown = gone.answer("show", NCT)
    filled = "the registry no longer shows this record"
    assert f"{filled} ({SAID}); what follows is what it showed last" in shown
    assert "Overall status          recruiting" in shown
    assert filled not in gone.answer("show", NCT, "--version", "1")
    assert filled not in gone.answer("show", NCT, "--at", "2026-03-09")
    assert filled in gone.answer("show", NCT, "--at", "2026-03-10")
    assert gone.answer("show", NCT, "--field", "registryRecord.presence") == "GONE\n"


def test_a_trial_that_is_gone_is_listed_under_that_status_alone(gone: Monitor) -> None:
    def listed(*options: str) -> list[str]:
        return [one["nct_id"] for one in gone.json("trials", *options)]

    assert listed("--status", "gone") == [NCT]
    assert listed("--status", "gone", "--condition", "lupus", "--sort", "changed") == [NCT]
    assert listed("--status", "gone", "--condition", "gout") == []
    assert listed("--status", "recruiting") == [OTHER]
    assert listed("--not-status", "recruiting") == [NCT]
    assert listed("--not-status", "gone") == [OTHER]
    assert listed("--status", "recruiting", "--status", "gone", "--not-status", "gone") == [OTHER]


def test_dates_find_the_absence_and_the_return(back: Monitor) -> None:
    def version(day: str) -> int:
        return int(back.json("show", NCT, "--at", day)["version"])

    days = ("2026-03-09", "2026-03-10", "2026-03-11", "2026-03-12", "2026-12-31")
    assert [version(day) for day in days] == [1, 2, 2, 3, 3]
    assert back.json("history", NCT, "--since", "2026-03-12")["versions"][0]["version"] == 3


def test_two_versions_are_compared_across_an_absence(back: Monitor) -> None:
    assert "Record no longer in the registry" in back.answer("diff", NCT, "1", "2")
    assert "Record in the registry again" in back.answer("diff", NCT, "2", "3")
    around = back.answer("diff", NCT, "1", "3")
    assert "in the registry" not in around
    kinds = [event["kind"] for event in back.json("diff", NCT, "2", "1")["events"]]
    assert kinds == ["record_restored"]


def test_the_list_of_trials_does_not_call_a_trial_recruiting_that_is_gone(gone: Monitor) -> None:
    rows = gone.answer("trials").splitlines()
    assert rows[1].startswith(f"{NCT}  no longer in the registry  2026-03-10")
    assert [trial["nct_id"] for trial in gone.json("trials", "--status", "gone")] == [NCT]
    assert [trial["nct_id"] for trial in gone.json("trials", "--status", "recruiting")] == [OTHER]


def test_what_the_monitor_says_of_a_record_is_not_taken_for_the_registrys_word(
    gone: Monitor,
) -> None:
    shown = gone.json("show", NCT)
    assert shown["study"]["registryRecord"] == {"presence": "GONE", "said": SAID}
    for document in (shown, shown["study"]):
        report = json.loads(gone.ingest(document).stdout)
        assert (report["stored"], report["quarantined"]) == (0, 0)
    assert [v["version"] for v in gone.json("history", NCT)["versions"]] == [1, 2]


def test_the_registrys_words_cannot_draw_on_the_terminal(monitor: Monitor) -> None:
    monitor.ingest(study())
    hostile = "not \x1b[31mfound\x1b[0m \u202e[bold]x[/bold]"
    World(monitor.url).take(absence("2026-03-10", said=hostile))
    for command in ("history", "show", "diff"):
        answer = monitor.answer(command, NCT)
        assert "found" in answer
        assert "\x1b" not in answer
        assert "\u202e" not in answer


def test_a_series_of_the_status_tells_when_the_record_was_gone(back: Monitor) -> None:
    [found] = back.json("series", NCT, "--field", "status")
    [status] = found["series"]
    assert [(one["date"], one["value"]) for one in status["points"]] == [
        ("2026-02-02", "RECRUITING"),
        ("2026-03-10", "GONE"),
        ("2026-03-12", "RECRUITING"),
    ]
