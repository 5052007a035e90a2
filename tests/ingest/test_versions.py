"""What makes a version, and where it stands in its trial's history."""

from datetime import UTC, date, datetime, timedelta

from monitor.model.record import RawVersion
from monitor.store.reader import open_reader
from tests.ingest.world import NCT, NOON, World, raw, study


def test_a_first_version_yields_one_event_not_a_thousand_additions(world: World) -> None:
    report = world.take(raw(study("2026-01-05", "2026-02-02")))
    assert (report.read, report.stored, report.events) == (1, 1, 1)
    assert [seen.kinds for seen in world.history()] == [["trial_registered"]]


def test_the_same_bytes_again_store_nothing_from_any_source(world: World) -> None:
    found = raw(study("2026-01-05", "2026-02-02"))
    world.take(found)
    again = world.take(found, raw(found.content, source="other", origin="there"))
    assert (again.read, again.stored, again.unchanged, again.events) == (2, 0, 2, 0)
    assert len(world.history()) == 1


def test_a_moved_data_load_stamp_stores_nothing_but_the_last_sight(world: World) -> None:
    world.take(raw(study("2026-01-05", "2026-02-02")))
    later = NOON + timedelta(days=1)
    report = world.take(raw(study("2026-01-05", "2026-02-03"), at=later))
    [seen] = world.history()
    assert (report.stored, report.unchanged) == (0, 1)
    assert str(seen.version.data_date) == "2026-02-02"
    assert str(seen.version.last_data_date) == "2026-02-03"
    assert seen.version.last_retrieved_at == later


def test_a_content_that_comes_back_is_a_version_again(world: World) -> None:
    for day, status in (("05", "RECRUITING"), ("06", "SUSPENDED"), ("07", "RECRUITING")):
        world.take(raw(study(f"2026-02-{day}", f"2026-02-{day}", status=status)))
    history = world.history()
    assert [seen.status for seen in history] == ["RECRUITING", "SUSPENDED", "RECRUITING"]
    assert [seen.news for seen in history[1:]] == [["trial_suspended"], ["trial_restarted"]]
    assert not any(seen.version.backfilled for seen in history)


def test_a_record_taken_back_to_an_older_date_is_what_the_registry_says_now(world: World) -> None:
    old, new = study("2026-02-05", "2026-02-05"), study("2026-02-09", "2026-02-09", enrollment=7)
    back = study("2026-02-05", "2026-02-10")
    world.take(raw(old), raw(new), raw(back))
    enrollments = [
        seen.document["protocolSection"]["designModule"]["enrollmentInfo"]["count"]
        for seen in world.history()
    ]
    assert enrollments == [100, 7, 100]
    assert world.history()[-1].news == ["enrollment_target_changed"]


def test_a_late_version_finds_its_place_and_its_successor_is_compared_anew(world: World) -> None:
    world.take(raw(study("2026-02-02", "2026-02-02", enrollment=100)))
    world.take(raw(study("2026-02-20", "2026-02-20", enrollment=300, status="SUSPENDED")))
    assert world.history()[1].news == ["trial_suspended", "enrollment_target_changed"]
    report = world.take(raw(study("2026-02-10", "2026-02-10", enrollment=300)))
    history = world.history()
    assert report.stored == 1
    assert [seen.news for seen in history[1:]] == [
        ["enrollment_target_changed"],
        ["trial_suspended"],
    ]
    assert [seen.version.backfilled for seen in history] == [False, True, False]
    assert [[s.backfilled for s in seen.events] for seen in history[1:]] == [[True] * 2, [True] * 2]


def test_a_version_older_than_the_first_takes_over_as_first_seen(world: World) -> None:
    world.take(raw(study("2026-02-20", "2026-02-20", enrollment=300)))
    world.take(raw(study("2026-02-02", "2026-02-02", enrollment=100)))
    first, second = world.history()
    assert first.kinds == ["trial_registered"]
    assert second.news == ["enrollment_target_changed"]


def test_an_earlier_sight_of_a_stored_content_moves_its_beginning(world: World) -> None:
    world.take(raw(study("2026-02-02", "2026-02-12")))
    report = world.take(raw(study("2026-02-02", "2026-02-10")))
    [seen] = world.history()
    assert report.stored == 0
    assert (str(seen.version.data_date), str(seen.version.last_data_date)) == (
        "2026-02-10",
        "2026-02-12",
    )


def test_a_content_inside_another_ones_interval_splits_it(world: World) -> None:
    date = "2026-02-02"
    world.take(raw(study(date, "2026-02-02")), raw(study(date, "2026-02-20")))
    world.take(raw(study(date, "2026-02-10", status="UNKNOWN")))
    history = world.history()
    assert [seen.status for seen in history] == ["RECRUITING", "UNKNOWN", "RECRUITING"]
    assert [seen.news for seen in history[1:]] == [["status_unknown"], ["status_changed"]]
    # What was seen before and after stays what it was, whatever comes again.
    assert world.take(raw(study(date, "2026-02-15"))).stored == 0
    assert len(world.history()) == 3


def test_versions_of_one_day_follow_the_registrys_numbers(world: World) -> None:
    def numbered(number: int, enrollment: int) -> RawVersion:
        return raw({"studyVersion": number, "study": study("2026-02-02", enrollment=enrollment)})

    world.take(numbered(3, 30), numbered(1, 10), numbered(2, 20))
    history = world.history()
    assert [seen.version.registry_version for seen in history] == [1, 2, 3]
    assert [seen.news for seen in history[1:]] == [["enrollment_target_changed"]] * 2


def test_both_times_of_a_version_are_kept(world: World) -> None:
    at = datetime(2026, 4, 1, 8, 30, tzinfo=UTC)
    world.take(raw(study("2026-02-02", "2026-02-03"), at=at))
    [seen] = world.history()
    assert str(seen.version.version_date) == "2026-02-02"
    assert seen.version.retrieved_at == at


def test_a_first_start_date_learnt_late_changes_the_phases_of_life(world: World) -> None:
    early = study("2024-06-01", "2026-02-01")
    early["protocolSection"]["statusModule"]["startDateStruct"]["date"] = "2026-06-01"
    world.take(raw(study("2026-02-02", "2026-02-02")))
    world.take(raw(study("2026-02-03", "2026-02-03", enrollment=300)))
    world.take(raw(study("2026-02-04", "2026-02-04", enrollment=500)))
    assert world.history()[2].events[0].event.facts["life_phase"] == "recruiting"
    world.take(raw(early))
    phases = {seen.events[0].event.facts["life_phase"] for seen in world.history()[1:]}
    assert phases == {"before_recruitment"}


def test_a_record_without_any_date_stands_where_it_was_read(world: World) -> None:
    bare = {"protocolSection": {"identificationModule": {"nctId": "NCT09000001"}}}
    world.take(raw(bare))
    assert world.history()[0].version.version_date == NOON.date()
    assert world.take(raw(bare, at=NOON + timedelta(days=9))).stored == 0


def test_when_a_trial_changed_last_outlives_a_version_without_news(world: World) -> None:
    world.take(raw(study("2026-02-02", "2026-02-02")))
    world.take(raw(study("2026-02-09", "2026-02-09", enrollment=5)))
    world.take(raw(study("2026-02-16", "2026-02-16", enrollment=5)))
    assert world.history()[-1].news == []
    with open_reader(world.url) as reader:
        trial = reader.trial(NCT)
    assert trial is not None
    assert trial.last_changed == date(2026, 2, 9)
