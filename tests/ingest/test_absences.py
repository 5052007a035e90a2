"""Records that go from the registry and come back, as they go through the ingest door."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from monitor.model.record import RawVersion
from monitor.store.reader import open_reader
from tests.ingest.world import NCT, Seen, World, absence, raw, study
from tests.whole import as_whole

UPDATED = "2026-01-05"
OTHER = "NCT07280598"
LATER = datetime(2026, 3, 9, 12, tzinfo=UTC)


def shown(loaded: str, updated: str = UPDATED, **about: Any) -> RawVersion:
    """Return the record as the registry showed it in a data load, read at noon of that day."""
    return raw(study(updated, loaded, **about), at=noon(loaded), source="ctgov")


def past(number: int, updated: str, **about: Any) -> RawVersion:
    """Return one version of the record as the registry's history answers it."""
    return raw({"studyVersion": number, "study": as_whole(study(updated, **about))}, at=LATER)


def noon(day: str) -> datetime:
    return datetime.fromisoformat(f"{day}T12:00:00+00:00")


def news(world: World) -> list[list[str]]:
    return [seen.news for seen in world.history()]


def presence(seen: Seen) -> Any:
    return seen.document.get("registryRecord", {}).get("presence")


def test_a_record_that_is_gone_is_a_version_that_keeps_all_that_was_known(world: World) -> None:
    world.take(shown("2026-02-09"))
    report = world.take(absence("2026-02-10"))
    assert (report.stored, report.events) == (1, 1)
    first, gone = world.history()
    assert gone.news == ["record_vanished"]
    [stored] = gone.events
    assert stored.event.severity == "high"
    assert stored.event.summary == f"Record no longer in the registry (NCT number {NCT} not found)"
    assert stored.event.facts["reason"] == "not found"
    assert not stored.backfilled
    assert gone.version.version_date == gone.version.data_date == date(2026, 2, 10)
    text = {"presence": "GONE", "said": f"NCT number {NCT} not found"}
    assert gone.document == {**first.document, "registryRecord": text}


def test_the_trial_is_listed_as_gone_and_not_under_its_last_status(world: World) -> None:
    def statuses() -> list[str | None]:
        with open_reader(world.url) as reader:
            return [trial.overall_status for trial in reader.trials()]

    world.take(shown("2026-02-09"), absence("2026-02-10"))
    assert statuses() == ["GONE"]
    with open_reader(world.url) as reader:
        assert {trial.overall_status for trial in reader.trials()} == {"GONE"}
        trial = reader.trial(NCT)
    assert trial is not None
    assert trial.last_changed == date(2026, 2, 10)
    world.take(absence("2026-02-11", into=OTHER))
    assert statuses() == ["MERGED"]
    world.take(shown("2026-02-12"))
    assert statuses() == ["RECRUITING"]


def test_the_same_absence_day_after_day_is_one_version_seen_for_longer(world: World) -> None:
    world.take(shown("2026-02-09"), absence("2026-02-10"))
    for day in ("2026-02-11", "2026-02-12"):
        report = world.take(absence(day))
        assert (report.stored, report.unchanged, report.events) == (0, 1, 0)
    report = world.take(absence("2026-02-13", said=f" NCT number\n{NCT}  not found "))
    assert (report.stored, report.unchanged) == (0, 1)
    _, gone = world.history()
    assert (gone.version.data_date, gone.version.last_data_date) == (
        date(2026, 2, 10),
        date(2026, 2, 13),
    )
    assert world.last_seen() == noon("2026-02-13")


def test_other_words_of_the_registry_are_no_news(world: World) -> None:
    world.take(shown("2026-02-09"), absence("2026-02-10"))
    world.take(absence("2026-02-11", said="no such study"))
    assert news(world) == [["trial_registered"], ["record_vanished"], []]


def test_a_record_back_as_it_was_is_one_piece_of_news(world: World) -> None:
    world.take(shown("2026-02-09"), absence("2026-02-10"), absence("2026-02-11"))
    report = world.take(shown("2026-02-12"))
    assert (report.stored, report.events) == (1, 1)
    first, gone, back = world.history()
    assert back.kinds == ["record_restored"]
    assert not back.events[0].backfilled
    assert presence(back) is None
    assert back.version.content_sha256 == first.version.content_sha256
    # Its own date is from before it went: it stands where the registry showed it again.
    assert back.version.version_date == date(2026, 2, 12)
    assert gone.version.last_data_date == date(2026, 2, 11)
    for day in ("2026-02-13", "2026-02-16", "2026-02-17"):
        report = world.take(shown(day))
        assert (report.stored, report.unchanged) == (0, 1)
    assert len(world.history()) == 3
    assert world.history()[-1].version.last_data_date == date(2026, 2, 17)


@pytest.mark.parametrize("updated", [UPDATED, "2026-02-11", "2026-02-12"])
def test_what_changed_while_it_was_away_is_told_beside_the_return(
    world: World, updated: str
) -> None:
    world.take(shown("2026-02-09"), absence("2026-02-10"), absence("2026-02-11"))
    world.take(shown("2026-02-12", updated, enrollment=150))
    first, gone, back = world.history()
    assert back.news == ["record_restored", "enrollment_target_changed"]
    assert (first.news, gone.news) == (["trial_registered"], ["record_vanished"])
    world.take(shown("2026-02-13", updated, enrollment=160))
    assert len(world.history()) == 4


def test_a_record_can_go_and_come_back_again_and_again(world: World) -> None:
    for day in range(9, 21):
        loaded = f"2026-02-{day:02d}"
        report = world.take(shown(loaded) if day % 2 else absence(loaded))
        assert report.stored == 1, loaded
    reported = [seen.kinds for seen in world.history()]
    assert reported == [["trial_registered"], ["record_vanished"]] + 5 * [
        ["record_restored"],
        ["record_vanished"],
    ]


def test_a_merged_record_names_the_other_and_can_come_back(world: World) -> None:
    world.take(shown("2026-02-09"), absence("2026-02-10"), absence("2026-02-11", into=OTHER))
    world.take(absence("2026-02-12", into=OTHER), absence("2026-02-13"), shown("2026-02-16"))
    _, gone, merged, again, back = world.history()
    assert [seen.news for seen in (gone, merged, again, back)] == [
        ["record_vanished"],
        ["record_merged"],
        ["record_vanished"],
        ["record_restored"],
    ]
    assert merged.events[0].event.facts["merged_into"] == OTHER
    assert merged.events[0].event.summary == f"Record merged into {OTHER}"
    assert "mergedInto" not in again.document["registryRecord"]


def test_a_withheld_record_that_is_gone_and_then_whole_again(world: World) -> None:
    world.take(shown("2026-02-09"), shown("2026-02-10", status="WITHHELD", enrollment=0))
    world.take(absence("2026-02-11"))
    world.take(shown("2026-02-12"))
    _, withheld, gone, back = world.history()
    assert withheld.events[0].event.facts["reason"] == "withheld"
    assert gone.news == ["record_vanished"]
    assert gone.events[0].event.facts["reason"] == "not found"
    assert back.kinds == ["record_restored"]


def test_a_record_that_was_never_seen_cannot_vanish(world: World) -> None:
    for _ in range(2):
        report = world.take(absence("2026-02-10"), absence("2026-02-11", into=OTHER))
        assert (report.read, report.stored, report.unchanged) == (2, 0, 2)
        assert (report.quarantined, report.events) == (0, 0)
    assert world.history() == []
    assert world.summary() == {}
    world.take(shown("2026-02-12"))
    assert news(world) == [["trial_registered"]]


def test_an_absence_from_before_the_record_was_first_seen_says_nothing(world: World) -> None:
    world.take(shown("2026-02-12", "2026-02-12"))
    assert world.take(absence("2026-02-10")).unchanged == 1
    world.take(shown("2026-02-13", "2026-02-12"))
    assert world.take(absence("2026-02-11")).unchanged == 1
    [only] = world.history()
    assert only.kinds == ["trial_registered"]
    # The registry's own date does not count: the load does.
    other = "NCT09000002"
    world.take(shown("2026-02-12", "2025-01-01", nct_id=other))
    assert world.take(absence("2026-02-10", nct_id=other)).stored == 0


def test_the_same_absences_again_store_nothing(world: World) -> None:
    found = [shown("2026-02-09"), absence("2026-02-10"), absence("2026-02-11"),
             shown("2026-02-12"), absence("2026-02-13", into=OTHER)]  # fmt: skip
    world.take(*found)
    before = world.summary()
    for again in (found, found[::-1], [found[1], found[1]]):
        report = world.take(*again)
        assert (report.stored, report.events) == (0, 0)
    assert world.summary() == before


def test_one_batch_or_many_come_to_the_same(tmp_path: Path) -> None:
    found = [shown("2026-02-09"), absence("2026-02-10"), absence("2026-02-11"),
             shown("2026-02-12", enrollment=150), shown("2026-02-13", enrollment=150),
             absence("2026-02-16", into=OTHER), shown("2026-02-17")]  # fmt: skip
    histories = []
    for batch in (1, 2, 200):
        world = World(f"sqlite:///{tmp_path / str(batch)}.db", batch_records=batch)
        report = world.take(*found)
        assert (report.stored, report.unchanged) == (5, 2)
        histories.append(world.summary())
    assert histories[0] == histories[1] == histories[2]


def test_a_record_of_an_earlier_load_stands_before_the_absence(world: World) -> None:
    world.take(shown("2026-02-06"), absence("2026-02-10"))
    report = world.take(shown("2026-02-09", "2026-02-09", enrollment=150))
    assert report.stored == 1
    first, change, gone = world.history()
    assert change.news == ["enrollment_target_changed"]
    assert change.events[0].backfilled
    # What was known when the record went is what it was known to say by then.
    assert gone.kinds == ["record_vanished"]
    assert gone.document["protocolSection"] == change.document["protocolSection"]
    assert world.take(shown("2026-02-07")).stored == 0
    assert world.history()[0].version.last_data_date == date(2026, 2, 7)
    assert first.news == ["trial_registered"]


def test_past_versions_that_come_late_keep_the_absence_and_are_no_news(world: World) -> None:
    world.take(shown("2026-02-09"), absence("2026-02-10"))
    world.take(past(0, "2025-06-01", enrollment=50), past(2, UPDATED))
    world.take(past(1, "2025-09-01", enrollment=80))
    history = world.history()
    assert [presence(seen) for seen in history] == [None, None, None, "GONE"]
    assert history[-1].kinds == ["record_vanished"]
    assert not history[-1].events[0].backfilled
    assert all(stored.backfilled for seen in history[:3] for stored in seen.events)
    # One that lay between what was seen and the absence is what went.
    world.take(past(3, "2026-02-09", enrollment=90))
    *_, change, gone = world.history()
    assert change.news == ["enrollment_target_changed"]
    assert all(stored.backfilled for stored in (*change.events, *gone.events))
    assert gone.kinds == ["record_vanished"]
    assert gone.document["protocolSection"] == change.document["protocolSection"]


def test_past_versions_before_a_return_leave_it_the_return(world: World) -> None:
    world.take(shown("2026-02-09"), absence("2026-02-10"), shown("2026-02-12"))
    world.take(past(0, "2025-06-01", enrollment=50))
    assert [seen.news for seen in world.history()][-2:] == [
        ["record_vanished"],
        ["record_restored"],
    ]


def test_an_absence_within_one_load_goes_by_the_hour(world: World) -> None:
    def at(hour: int) -> datetime:
        return datetime(2026, 2, 10, hour, tzinfo=UTC)

    first = shown("2026-02-10")
    gone = absence("2026-02-10", at=at(14))
    again = raw(study(UPDATED, "2026-02-10", enrollment=150), at=at(16))
    world.take(first, gone)
    assert presence(world.history()[-1]) == "GONE"
    world.take(again)
    assert presence(world.history()[-1]) is None
    assert news(world)[-1] == ["record_restored", "enrollment_target_changed"]


def test_an_absence_that_becomes_known_late_stands_between_what_was_seen_around_it(
    world: World,
) -> None:
    world.take(shown("2026-02-09"), shown("2026-02-10"), shown("2026-02-16"))
    assert len(world.history()) == 1
    report = world.take(absence("2026-02-12"))
    assert report.stored == 1
    before, gone, back = world.history()
    assert [presence(seen) for seen in (before, gone, back)] == [None, "GONE", None]
    assert (gone.kinds, back.kinds) == (["record_vanished"], ["record_restored"])
    assert all(stored.backfilled for seen in (gone, back) for stored in seen.events)
    assert back.version.version_date == date(2026, 2, 16)
    assert world.take(absence("2026-02-12"), shown("2026-02-16")).stored == 0


def test_all_that_came_after_an_absence_known_late_is_judged_by_its_new_date(
    world: World,
) -> None:
    def loaded(day: str, enrollment: int) -> RawVersion:
        document = study(UPDATED, day, enrollment=enrollment)
        status = document["protocolSection"]["statusModule"]
        status["primaryCompletionDateStruct"] = {"date": "2026-02-10", "type": "ESTIMATED"}
        return raw(document, at=noon(day))

    world.take(loaded("2026-02-09", 100))
    world.take(loaded("2026-02-12", 110), loaded("2026-02-13", 120))
    world.take(absence("2026-02-11"))
    phases = [[s.event.facts.get("life_phase") for s in v.events] for v in world.history()]
    past_completion = "after_primary_completion"
    assert phases == [[None], [past_completion], [past_completion] * 2, [past_completion]]


def test_a_page_after_the_absence_does_not_bring_the_record_back(world: World) -> None:
    world.take(shown("2026-02-09"), absence("2026-02-10"))
    world.take(raw(study("2026-02-20", status="COMPLETED"), at=LATER))
    _, _, last = world.history()
    assert presence(last) == "GONE"
    assert last.news == ["trial_completed"]
    world.take(shown("2026-03-02", "2026-02-20", status="COMPLETED"))
    assert world.history()[-1].news == ["record_restored"]


def test_an_absence_that_cannot_be_read_is_quarantined(world: World) -> None:
    world.take(shown("2026-02-09"))
    bad = RawVersion(content=b'{"nctId":"NCT09000001","presence":"lost","said":""}',
                     media="absence", source="ctgov", origin="here",
                     retrieved_at=LATER)  # fmt: skip
    report = world.take(bad, absence("2026-02-10", nct_id="NCT09000001"))
    assert (report.quarantined, report.stored) == (1, 1)
    [reason] = world.quarantine()
    assert "the presence 'lost' is not one of an absent record" in reason


def test_an_absence_without_a_load_is_of_the_day_on_which_it_was_read(world: World) -> None:
    def undated(day: str) -> RawVersion:
        dated = absence(day)
        return RawVersion(content=dated.content, media=dated.media, source=dated.source,
                          origin=dated.origin, retrieved_at=dated.retrieved_at)  # fmt: skip

    world.take(shown("2026-02-09"), undated("2026-02-10"), shown("2026-02-11"))
    assert world.take(undated("2026-02-12")).stored == 1
    assert [presence(seen) for seen in world.history()] == [None, "GONE", None, "GONE"]


def test_a_record_without_a_stamp_is_of_the_load_that_its_source_saw(world: World) -> None:
    found = raw(study("2026-02-03"))
    world.take(RawVersion(content=found.content, media="json", source="ctgov", origin="here",
                          retrieved_at=found.retrieved_at, data_date=date(2026, 2, 5)))  # fmt: skip
    [seen] = world.history()
    assert seen.version.data_date == date(2026, 2, 5)
    assert seen.version.version_date == date(2026, 2, 3)
