"""Records that state only some fields, between records that state all."""

from typing import Any

from monitor.model.record import RawVersion
from tests.ingest.world import World, raw, study, without

SITE: dict[str, Any] = {
    "facility": "North Clinic",
    "city": "Oslo",
    "country": "Norway",
    "status": "RECRUITING",
}
SITES: dict[str, Any] = {"contactsLocationsModule": {"locations": [{**SITE, "zip": "0001"}]}}


def page(updated: str, **changes: Any) -> RawVersion:
    """Return a record like a saved page: status, enrollment, sites without postcodes."""
    return raw(study(updated, None, contactsLocationsModule={"locations": [SITE]}, **changes))


def test_what_a_source_leaves_out_is_not_removed(world: World) -> None:
    world.take(raw(study("2026-02-02", "2026-02-02", **SITES)))
    report = world.take(page("2026-02-10", enrollment=50))
    second = world.history()[1]
    assert report.stored == 1
    assert second.news == ["enrollment_target_changed"]
    sites = second.document["protocolSection"]["contactsLocationsModule"]["locations"]
    assert sites == SITES["contactsLocationsModule"]["locations"]


def test_alternating_sources_neither_invent_nor_lose_a_change(world: World) -> None:
    world.take(raw(study("2026-02-02", "2026-02-02", **SITES)))
    assert world.take(page("2026-02-02")).stored == 0
    world.take(page("2026-02-10", status="SUSPENDED"))
    world.take(raw(study("2026-02-10", "2026-02-11", status="SUSPENDED", **SITES)))
    world.take(page("2026-02-12", status="SUSPENDED", enrollment=40))
    world.take(raw(study("2026-02-12", "2026-02-13", status="SUSPENDED", enrollment=40, **SITES)))
    news = [kind for seen in world.history()[1:] for kind in seen.news]
    assert news == ["trial_suspended", "enrollment_target_changed"]


def test_fields_stated_for_the_first_time_are_not_additions(world: World) -> None:
    world.take(page("2026-02-02"))
    world.take(raw(study("2026-02-10", "2026-02-10", **SITES, enrollment=120)))
    assert world.history()[1].news == ["enrollment_target_changed"]


def test_a_page_is_compared_with_what_the_page_before_it_left_known(world: World) -> None:
    world.take(raw(study("2026-02-02", "2026-02-02", **SITES)))
    without_sites = without(
        study("2026-02-05", None, status="SUSPENDED"), "protocolSection", "designModule"
    )
    world.take(raw(without_sites))
    world.take(page("2026-02-09", status="SUSPENDED", enrollment=100))
    assert [seen.news for seen in world.history()[1:]] == [["trial_suspended"], []]


def test_a_late_version_below_a_partial_one_is_seen_through_it(world: World) -> None:
    world.take(raw(study("2026-02-02", "2026-02-02", enrollment=100, **SITES)))
    only_status = without(
        study("2026-02-20", None, status="SUSPENDED"), "protocolSection", "designModule"
    )
    world.take(raw(only_status))
    world.take(raw(study("2026-02-10", "2026-02-10", enrollment=60, **SITES)))
    middle, last = world.history()[1:]
    assert middle.news == ["enrollment_target_changed"]
    assert last.news == ["trial_suspended"]
    assert last.document["protocolSection"]["designModule"]["enrollmentInfo"]["count"] == 60


def test_history_answers_never_remove_what_the_registry_derives(world: World) -> None:
    world.take(raw({"studyVersion": 0, "study": study("2026-01-02", enrollment=90)}))
    world.take(raw({"studyVersion": 1, "study": study("2026-02-02")}))
    world.take(raw(study("2026-02-02", "2026-02-09")))
    assert [seen.news for seen in world.history()[1:]] == [["enrollment_target_changed"], []]
