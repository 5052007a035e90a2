"""One bad record stops nothing, a transaction is whole, two writers make one history."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from monitor.errors import SourceError
from monitor.model.record import RawVersion
from monitor.sources.base import Unreadable
from monitor.store.reader import open_reader
from tests.ingest.world import NOON, World, raw, study
from tests.parsers.raws import SEED_PAGES


def test_a_bad_record_is_quarantined_and_the_rest_goes_on(world: World) -> None:
    good, late = study("2026-02-02", "2026-02-02"), study("2026-02-09", "2026-02-09", enrollment=5)
    wrong = study("2026-02-05", "2026-02-05")
    wrong["protocolSection"]["designModule"]["enrollmentInfo"] = "many"
    cut = Unreadable(
        content=b"{", size=1, source="files", origin="x", retrieved_at=NOON, reason="cut short"
    )
    report = world.take(raw(good), raw(b'{"protocolSection": {'), raw(wrong), cut, raw(late))
    assert (report.read, report.stored, report.quarantined) == (5, 2, 3)
    assert len(world.quarantine()) == 3
    assert len(world.history()) == 2


def test_what_cannot_be_read_is_one_entry_however_often_the_registry_loads_it(
    world: World,
) -> None:
    def wrong(loaded: str, words: str) -> RawVersion:
        document = study("2026-02-05", loaded)
        document["protocolSection"]["designModule"]["enrollmentInfo"] = words
        return raw(document)

    for loaded in ("2026-02-05", "2026-02-06", "2026-02-09"):
        assert world.take(wrong(loaded, "many")).quarantined == 1
    assert len(world.quarantine()) == 1
    world.take(wrong("2026-02-09", "few"))
    assert len(world.quarantine()) == 2


@pytest.mark.parametrize("batch_records", [1, 200])
def test_the_same_unreadable_bytes_are_kept_for_every_place_that_has_them(
    world: World, batch_records: int
) -> None:
    world.batch_records = batch_records
    wrong = study("2026-02-05", "2026-02-05")
    wrong["protocolSection"]["designModule"]["enrollmentInfo"] = "many"
    places = [
        raw(document, origin=origin)
        for document, origin in (
            (b"hello", "a"), (wrong, "b"), (b"hello", "c"), (wrong, "d"), (b"hello", "e"),
        )
    ]  # fmt: skip
    report = world.take(*places, raw(study("2026-02-05", "2026-02-05")))
    assert (report.read, report.stored, report.unchanged, report.quarantined) == (6, 1, 0, 5)
    with open_reader(world.url) as reader:
        assert sorted(entry.origin for entry in reader.quarantine()) == ["a", "b", "c", "d", "e"]


def test_bytes_that_one_place_calls_json_and_another_a_page_are_read_as_either(
    world: World,
) -> None:
    content = SEED_PAGES[0].read_bytes()
    as_json, as_page = raw(content, origin="x.json"), raw(content, origin="x.txt")
    report = world.take(as_json, replace(as_page, media="text"), as_page)
    assert (report.stored, report.unchanged, report.quarantined) == (1, 0, 2)


def test_a_source_that_breaks_off_loses_nothing_of_the_batches_before(world: World) -> None:
    world.batch_records = 2

    def broken() -> Iterator[RawVersion]:
        for day in (2, 3, 4):
            yield raw(study(f"2026-02-0{day}", f"2026-02-0{day}", enrollment=day))
        raise SourceError("the line is dead")

    with pytest.raises(SourceError):
        world.take_all(broken())
    assert len(world.history()) == 2


def test_a_failure_inside_a_batch_leaves_nothing_of_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.take(raw(study("2026-02-02", "2026-02-02")))
    with open_reader(world.url) as reader:
        before = reader.counts()

    def full(*_: object, **__: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("monitor.store.writer.Transaction.put_trial", full)
    with pytest.raises(OSError, match="disk full"):
        world.take(
            raw(study("2026-02-03", "2026-02-03", enrollment=3)),
            raw(b"not a record"),
        )
    monkeypatch.undo()
    with open_reader(world.url) as reader:
        after = reader.counts()
    for name in ("trials", "versions", "events", "quarantine"):
        assert after[name] == before[name], name
    assert world.take(raw(study("2026-02-03", "2026-02-03", enrollment=3))).stored == 1


def test_two_writers_of_the_same_versions_make_one_history(world: World) -> None:
    found = [
        raw(
            study(f"2026-02-{day:02d}", f"2026-02-{day:02d}", enrollment=day, nct_id=nct_id),
            at=NOON + timedelta(days=day),
        )
        for day in range(2, 20)
        for nct_id in ("NCT09000001", "NCT09000002", "NCT09000003")
    ]
    world.batch_records = 5
    world.take(found[0])
    failures: list[BaseException] = []

    def write(part: list[RawVersion]) -> None:
        try:
            world.take_all(part)
        except BaseException as exc:  # noqa: BLE001 - told to the test's own thread
            failures.append(exc)

    threads = [
        threading.Thread(target=write, args=(part,))
        for part in (found, found[::-1], found[::2] + found[1::2])
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    for nct_id in ("NCT09000001", "NCT09000002", "NCT09000003"):
        history = world.history(nct_id)
        assert [
            seen.document["protocolSection"]["designModule"]["enrollmentInfo"]["count"]
            for seen in history
        ] == list(range(2, 20))
        assert all(seen.news == ["enrollment_target_changed"] for seen in history[1:])
        assert history[0].kinds == ["trial_registered"]
