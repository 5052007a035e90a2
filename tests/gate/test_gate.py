"""What a pass brings and what of it is held, told, and let through."""

from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.errors import NotFoundError, UsageError
from monitor.ingest import page_storage
from monitor.ingest.gate import Gate
from monitor.model import fields
from monitor.model.gate import GONE, missing_value, unknown_value
from tests.gate.hall import (
    MONDAY,
    THURSDAY,
    TUESDAY,
    WEDNESDAY,
    hall,
    records,
    rename,
    revalue,
)
from tests.registry import Records
from tests.registry.examples import nct, study

COUNT = 40
EVERYBODY = range(1, COUNT + 1)


def withdrawn_on(day: str, *numbers: int, found: Records | None = None) -> Records:
    """Return the usual records, some of which are withdrawn on a day."""
    found = found or records(COUNT)
    for number in numbers:
        found.put(study(number, day, status="WITHDRAWN"), on=day)
    return found


def once(*numbers: int) -> Counter[str]:
    """Return one message of each trial."""
    return Counter(nct(number) for number in numbers)


RENAMED = {
    "conditionsModule": ("conditionsModule", fields.CONDITIONS),
    "statusModule": ("statusModule", fields.OVERALL_STATUS),
    "designModule": ("designModule", fields.ENROLLMENT_COUNT),
    "contactsLocationsModule": ("contactsLocationsModule", fields.LOCATIONS),
    "derivedSection": ("derivedSection", fields.VERSION_HOLDER),
    "countries of the sites": ("country", fields.LOCATION_COUNTRY),
    "minimum age": ("minimumAge", fields.MINIMUM_AGE),
}


@pytest.mark.parametrize("case", RENAMED)
def test_a_module_renamed_in_all_records_is_held_and_ends_when_they_come_whole(
    tmp_path: Path, sqlite_url: str, case: str
) -> None:
    module, path = RENAMED[case]
    with hall(tmp_path, sqlite_url, withdrawn_on(TUESDAY, 7)) as one:
        one.poison(EVERYBODY, rename(module, "anotherModule"))
        report = one.next_day()
        assert report.outcome == "failed"
        assert one.count_alerts() == {}
        assert one.quarantined() == []
        state = one.gate().state
        assert (state.records, state.judged) == (COUNT, COUNT)
        held = {found.cause: (found.count, found.first) for found in state.causes}
        assert held[missing_value(path)] == (COUNT, (nct(1), nct(2), nct(3)))
        assert one.row().data_timestamp == f"{MONDAY}T09:00:05", "the cursor stays"
        assert (one.row().last_reason or "").startswith("held: 40 of 40 known records are held: 40")
        assert one.poll().outcome == "failed", "they are asked for again"
        one.heal(EVERYBODY)
        assert one.poll().outcome == "ok"
        assert one.count_alerts() == once(7), "the true change is told, once it is let through"
        assert one.gate().state.reason == ""
        assert one.row().failures == 0


def test_the_reason_names_a_few_causes_and_the_command_that_shows_all(
    tmp_path: Path, sqlite_url: str
) -> None:
    with hall(tmp_path, sqlite_url, records(COUNT)) as one:
        one.poison(EVERYBODY, rename("statusModule", "stateModule"))
        one.next_day()
        assert len(one.gate().state.causes) > 3
        reason = one.row().last_reason or ""
        assert len([part for part in reason.split("; ") if "such as NCT" in part]) == 2
        assert reason.endswith('more causes; see `monitor source show "trials"`')


def test_an_enumeration_renamed_is_held(tmp_path: Path, sqlite_url: str) -> None:
    with hall(tmp_path, sqlite_url, records(COUNT)) as one:
        one.poison(EVERYBODY, revalue("RECRUITING", "OPEN_FOR_RECRUITMENT"))
        assert one.next_day().outcome == "failed"
        assert [found.cause for found in one.gate().state.causes] == [
            unknown_value(fields.OVERALL_STATUS)
        ]
        assert one.count_alerts() == {}


def test_a_value_that_the_registry_adds_for_a_few_is_told(tmp_path: Path, sqlite_url: str) -> None:
    with hall(tmp_path, sqlite_url, records(COUNT)) as one:
        one.poison((1, 2), revalue("RECRUITING", "OPEN"))
        assert one.next_day().outcome == "ok"
        assert one.count_alerts() == once(1, 2)


def test_the_true_changes_of_the_others_are_told_at_once(tmp_path: Path, sqlite_url: str) -> None:
    found = withdrawn_on(TUESDAY, 3, 11, 12)
    with hall(tmp_path, sqlite_url, found) as one:
        one.poison(range(1, 11), rename("conditionsModule", "topicsModule"))
        assert one.next_day().outcome == "failed"
        assert one.count_alerts() == once(11, 12)
        assert one.gate().state.records == 10
        withdrawn_on(WEDNESDAY, 13, found=found)
        assert one.next_day().outcome == "failed"
        assert one.count_alerts() == once(11, 12, 13)
        one.heal(range(1, 11))
        assert one.poll().outcome == "ok"
        assert one.count_alerts() == once(3, 11, 12, 13)


def test_what_is_held_of_a_page_that_is_stored_in_parts_is_held_of_all_of_them(
    tmp_path: Path, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_storage, "_LONGEST_S", 0.0)  # each batch is a transaction of its own
    with hall(tmp_path, sqlite_url, withdrawn_on(TUESDAY, 3, 11, 12)) as one:
        one.edit("[http]\n", "[ingest]\nbatch_records = 3\n[http]\n")
        one.poison(range(1, 11), rename("conditionsModule", "topicsModule"))
        assert one.next_day().outcome == "failed"
        assert one.count_alerts() == once(11, 12)
        assert (one.gate().state.records, one.gate().state.judged) == (10, COUNT)
        assert one.row().data_timestamp == f"{MONDAY}T09:00:05", "the cursor stays"
        one.heal(range(1, 11))
        assert one.poll().outcome == "ok"
        assert one.count_alerts() == once(3, 11, 12)
        assert {one.versions(number) for number in (1, 2, 4)} == {1}


@pytest.mark.parametrize(
    ("count", "affected", "is_held"),
    [(40, 8, False), (40, 9, True), (19, 19, False), (20, 5, True), (20, 4, False)],
    ids=["exactly 20 %", "more than 20 %", "too few known", "just enough", "20 % of just enough"],
)
def test_more_than_a_fifth_of_at_least_twenty_known_records_are_held(
    tmp_path: Path, sqlite_url: str, count: int, affected: int, is_held: bool
) -> None:
    with hall(tmp_path, sqlite_url, records(count)) as one:
        one.poison(range(1, affected + 1), rename("phases", "phase"))
        assert (one.next_day().outcome == "failed") is is_held
        assert {one.versions(number) for number in range(1, affected + 1)} == {1 if is_held else 2}


def test_what_is_held_is_held_until_no_record_has_it_however_few_are_left(
    tmp_path: Path, sqlite_url: str
) -> None:
    with hall(tmp_path, sqlite_url, records(COUNT)) as one:
        one.poison(range(1, 11), rename("phases", "phase"))
        assert one.next_day().outcome == "failed"
        one.heal(range(3, 11))
        assert one.next_day().outcome == "failed"
        assert (one.gate().state.records, one.versions(1)) == (2, 1)
        one.heal((1, 2))
        assert one.poll().outcome == "ok"
        assert one.count_alerts() == {}


def test_few_records_without_what_all_have_go_to_the_quarantine(
    tmp_path: Path, sqlite_url: str
) -> None:
    with hall(tmp_path, sqlite_url, withdrawn_on(TUESDAY, 1, 2, 3)) as one:
        one.poison((1, 2), rename("conditionsModule", "topicsModule"))
        for _ in range(2):
            one.next_day()
            assert one.count_alerts() == once(3)
            assert {origin[-11:] for origin in one.quarantined()} == {nct(1), nct(2)}
            (reported,) = one.operator()
            assert "2 followed records of the source trials cannot be read" in reported["subject"]
        one.heal((1, 2))
        assert one.poll().outcome == "ok"
        one.world.reload()
        assert one.poll().outcome == "ok"
        assert one.count_alerts() == once(1, 2, 3)
        assert one.operator()[-1]["over"] == [
            "All followed records of the source trials can be read again"
        ]


@pytest.mark.parametrize("lost", ["conditionsModule", "country"])
def test_a_new_trial_without_what_the_others_lost_waits_with_them(
    tmp_path: Path, sqlite_url: str, lost: str
) -> None:
    found = records(COUNT)
    found.put(study(77, TUESDAY), on=TUESDAY)
    with hall(tmp_path, sqlite_url, found) as one:
        one.poison([*EVERYBODY, 77], rename(lost, "another"))
        one.next_day()
        assert one.count_alerts() == {}
        assert one.gate().state.records == COUNT + 1
        one.heal([*EVERYBODY, 77])
        assert one.poll().outcome == "ok"
        assert one.count_alerts() == once(77)


# --- absences -------------------------------------------------------------------------------
WATCHED = f"nct_ids = {[nct(number) for number in EVERYBODY]}".replace("'", '"')


@pytest.mark.parametrize("follows", ["all = true", WATCHED], ids=["all", "watched"])
def test_a_mass_disappearance_and_its_return_tell_nobody(
    tmp_path: Path, sqlite_url: str, follows: str
) -> None:
    found = withdrawn_on(TUESDAY, COUNT)
    for number in range(1, COUNT):
        found.remove(nct(number), on=TUESDAY)
        found.put(study(number), on=THURSDAY)
    with hall(tmp_path, sqlite_url, found, follows) as one:
        for _ in range(2):
            assert one.next_day().outcome == "failed"
            (held,) = one.gate().state.causes
            assert (held.cause, held.count) == (GONE, COUNT - 1)
            assert one.count_alerts() == once(COUNT)
        assert one.next_day().outcome == "ok"
        assert one.count_alerts() == once(COUNT)
        assert one.versions(1) == 1


@pytest.mark.parametrize("follows", ["all = true", WATCHED], ids=["all", "watched"])
def test_a_record_is_gone_when_it_is_missed_again_dated_by_the_first_miss(
    tmp_path: Path, sqlite_url: str, follows: str
) -> None:
    found = records(COUNT)
    found.remove(nct(5), on=TUESDAY)
    with hall(tmp_path, sqlite_url, found, follows) as one:
        assert one.next_day().outcome == "ok"
        assert one.poll().outcome == "ok"
        assert one.count_alerts() == {}, (
            "kept unsaid at first, however often it is asked for that day"
        )
        assert one.next_day().outcome == "ok"
        assert one.count_alerts() == once(5)
        assert one.kinds(5) == ["record_vanished"]
        with one.app.reader() as reader:
            version = reader.versions(nct(5))[-1]
        assert (str(version.version_date), str(version.data_date)) == (TUESDAY, TUESDAY)
        assert one.next_day().outcome == "ok"
        assert one.count_alerts() == once(5)


def test_to_be_missed_twice_in_one_load_proves_nothing(
    tmp_path: Path, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As in a process that was killed and goes on with the pass: it asks for suspects again.
    monkeypatch.setattr(Gate, "mark_fetched", lambda *_: None)
    found = records(COUNT)
    found.remove(nct(5), on=TUESDAY)
    with hall(tmp_path, sqlite_url, found, WATCHED) as one:
        assert one.next_day().outcome == "ok"
        assert one.count_alerts() == {}
        assert one.next_day().outcome == "ok"
        assert one.count_alerts() == once(5)


def test_a_record_that_comes_back_in_between_was_never_gone(
    tmp_path: Path, sqlite_url: str
) -> None:
    found = records(COUNT)
    for day, back in ((TUESDAY, WEDNESDAY), (THURSDAY, "2026-03-06")):
        found.remove(nct(5), on=day)
        found.put(study(5), on=back)
    with hall(tmp_path, sqlite_url, found, WATCHED) as one:
        for _ in range(4):
            assert one.next_day().outcome == "ok"
        assert one.count_alerts() == {}
        assert one.versions(5) == 1


def test_a_merger_counts_at_once(tmp_path: Path, sqlite_url: str) -> None:
    found = records(COUNT)
    found.merge(nct(5), into=nct(6), on=TUESDAY)
    with hall(tmp_path, sqlite_url, found, WATCHED) as one:
        one.next_day()
        assert one.kinds(5) == ["record_merged"]


# --- accepting ------------------------------------------------------------------------------
@pytest.mark.parametrize("silent", [False, True], ids=["told", "silent"])
def test_what_is_accepted_is_stored_with_the_next_pass(
    tmp_path: Path, sqlite_url: str, silent: bool
) -> None:
    with hall(tmp_path, sqlite_url, withdrawn_on(TUESDAY, COUNT)) as one:
        one.poison(range(1, COUNT), rename("statusModule", "stateModule"))
        one.next_day()
        one.accept(silent=silent)
        assert one.gate().accepted[missing_value(fields.OVERALL_STATUS)] is silent
        assert one.poll().outcome == "ok"
        assert one.count_alerts() == (once(COUNT) if silent else once(*EVERYBODY))
        assert one.versions(1) == 2
        assert (one.gate().state.reason, one.gate().accepted) == ("", {})
        assert one.quarantined() == []
        # From now on they are known without; another loss is another cause.
        one.heal(range(1, COUNT))
        one.poison(EVERYBODY, rename("designModule", "planModule"))
        assert one.next_day().outcome == "failed"


def test_what_is_accepted_goes_through_with_what_few_records_lost_besides(
    tmp_path: Path, sqlite_url: str
) -> None:
    with hall(tmp_path, sqlite_url, records(COUNT)) as one:
        one.poison(EVERYBODY, rename("conditionsModule", "topicsModule"))
        renamed = rename("conditionsModule", "topicsModule")
        for damaged, lost in ((1, "phases"), (2, "overallStatus")):
            one.heal([damaged])
            lose = rename(lost, "lost")
            one.poison([damaged], lambda body, lose=lose: lose(renamed(body)))  # type: ignore[misc]
        one.next_day()
        one.accept(silent=True)
        assert one.poll().outcome == "ok"
        assert one.count_alerts() == {}
        assert {one.versions(number) for number in EVERYBODY if number != 2} == {2}
        assert [origin[-11:] for origin in one.quarantined()] == [nct(2)], "it has no status"


def test_another_cause_than_the_accepted_one_is_held(tmp_path: Path, sqlite_url: str) -> None:
    with hall(tmp_path, sqlite_url, records(COUNT)) as one:
        one.poison(EVERYBODY, rename("conditionsModule", "topicsModule"))
        one.next_day()
        one.accept()
        one.poison(EVERYBODY, rename("eligibilityModule", "whoModule"))
        one.poison(EVERYBODY, rename("statusModule", "stateModule"))
        assert one.next_day().outcome == "failed"
        assert missing_value(fields.CONDITIONS) not in {
            held.cause for held in one.gate().state.causes
        }
        assert one.count_alerts() == {}


def test_a_mass_disappearance_can_be_accepted(tmp_path: Path, sqlite_url: str) -> None:
    found = records(COUNT)
    for number in range(1, 31):
        found.remove(nct(number), on=TUESDAY)
    with hall(tmp_path, sqlite_url, found) as one:
        one.next_day()
        one.accept()
        assert one.poll().outcome == "ok"
        assert one.count_alerts() == once(*range(1, 31))


def test_nothing_is_accepted_where_nothing_is_held(tmp_path: Path, sqlite_url: str) -> None:
    with (
        hall(tmp_path, sqlite_url, records(2)) as one,
        pytest.raises(NotFoundError, match="nothing of the source 'trials' is held"),
    ):
        one.accept()


# --- stamps ahead ---------------------------------------------------------------------------
def test_a_load_stamped_far_ahead_is_not_read_and_silences_nobody(
    tmp_path: Path, sqlite_url: str
) -> None:
    found = withdrawn_on(TUESDAY, 7)
    found.remove(nct(5), on=TUESDAY)
    with hall(tmp_path, sqlite_url, found) as one:
        one.world.go_to("2027-01-04")
        for _ in range(2):
            assert one.poll().outcome == "failed"
            assert one.count_alerts() == {}
        assert one.row().failures == 2
        assert "stamped 2027-01-04T09:00:05, more than 2 days ahead" in one.gate().state.reason
        with pytest.raises(UsageError, match="cannot be accepted"):
            one.accept()
        assert one.operator()[0]["subject"].startswith(
            "Trial monitor: The source trials is held as implausible"
        )
        one.world.go_to(MONDAY)
        for _ in range(2):
            assert one.next_day().outcome == "ok"
        assert one.count_alerts() == once(5, 7)
        assert one.gate().state.reason == ""
        assert one.operator()[-1]["over"] == ["Nothing of the source trials is held any more"]


def test_one_record_stamped_far_ahead_waits_alone(tmp_path: Path, sqlite_url: str) -> None:
    with hall(tmp_path, sqlite_url, withdrawn_on(TUESDAY, 7, 8)) as one:
        one.poison((7,), lambda body: body.replace(b'Holder":"2026', b'Holder":"2027'))
        one.next_day()
        assert one.count_alerts() == once(8)
        one.heal((7,))
        one.next_day()
        assert one.count_alerts() == once(7, 8)
        assert "trial_withdrawn" in one.kinds(7)


# --- the operator ---------------------------------------------------------------------------
def test_the_operator_hears_at_once_daily_and_when_it_is_over(
    tmp_path: Path, sqlite_url: str
) -> None:
    with hall(tmp_path, sqlite_url, records(COUNT)) as one:
        one.poison(EVERYBODY, rename("conditionsModule", "topicsModule"))
        one.next_day()
        (reported,) = one.operator()
        assert (
            reported["subject"]
            == "Trial monitor: Records of the source trials are held as implausible"
        )
        (began,) = reported["began"]
        assert "40 of 40 known records are held: 40 without Conditions" in began["why"]
        assert "`monitor source accept trials`" in began["why"]
        for _ in range(5):
            one.poll()
        assert len(one.operator()) == 1, "one incident, however often the pass fails"
        one.clock[0] += timedelta(days=1)
        assert "held as implausible since 2026-03-03" in one.operator()[1]["subject"]
        assert len(one.operator()) == 2
        one.clock[0] += timedelta(days=1)
        assert len(one.operator()) == 3
        one.heal(EVERYBODY)
        assert one.next_day().outcome == "ok"
        (*_, over) = one.operator()
        assert (over["began"], over["over"]) == (
            [], ["Nothing of the source trials is held any more"],
        )  # fmt: skip
        assert len(one.operator()) == 4


# --- what is not judged ---------------------------------------------------------------------
def test_a_first_look_is_not_judged(tmp_path: Path, sqlite_url: str) -> None:
    with hall(tmp_path, sqlite_url, records(2)) as one:
        found = one.world.catalogue
        assert isinstance(found, Records)
        for number in range(3, COUNT):
            found.put(study(number), on=TUESDAY)
        one.poison(range(3, COUNT), rename("phases", "phase"))
        assert one.next_day().outcome == "ok"
        assert one.count_alerts() == once(*range(3, COUNT))


def test_a_hold_outlasts_an_edit_of_the_source(tmp_path: Path, sqlite_url: str) -> None:
    with hall(tmp_path, sqlite_url, records(COUNT), 'query = { cond = "asthma" }') as one:
        one.poison(EVERYBODY, rename("designModule", "planModule"))
        assert one.next_day().outcome == "failed"
        one.edit("asthma", "asthma OR lupus")
        assert one.next_day().outcome == "failed"
        assert one.count_alerts() == {}


def test_what_is_missed_when_an_edit_lets_it_go_is_told_once_it_is_certain(
    tmp_path: Path, sqlite_url: str
) -> None:
    found = records(COUNT)
    found.remove(nct(5), on=TUESDAY)
    found.remove(nct(6), on=TUESDAY)
    found.put(study(6), on=WEDNESDAY)
    with hall(
        tmp_path, sqlite_url, found, f'nct_ids = ["{nct(5)}", "{nct(6)}", "{nct(7)}"]'
    ) as one:
        one.edit(f'"{nct(5)}", "{nct(6)}", ', "")
        assert one.next_day().outcome == "ok"
        assert one.count_alerts() == {}
        assert one.next_day().outcome == "ok"
        assert one.count_alerts() == once(5)
        with one.app.reader() as reader:
            rows = reader.sources.tracked_records("trials")
        assert [row.nct_id for row in rows] == [nct(7)]
        assert one.next_day().outcome == "ok"
        assert one.count_alerts() == once(5)
