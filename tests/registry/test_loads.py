"""Data loads: the version, the stamp, entity tags; and the states a record passes through."""

from datetime import date

import pytest

from tests.registry.calling import ask
from tests.registry.days import data_days, next_data_day
from tests.registry.examples import ids_in, nct, records_of, replica_of, study
from tests.registry.records import Records
from tests.registry.replica import Replica
from tests.registry.world import World

VERSION, STUDIES = "/api/v2/version", "/api/v2/studies"
NOT_FOUND = "NCT number {} not found"


def stamp_of(replica: Replica, number: int) -> str:
    answer = ask(replica, f"{STUDIES}/{nct(number)}", {"fields": "VersionHolder"}).json()
    return str(answer["derivedSection"]["miscInfoModule"]["versionHolder"])


def test_the_version_and_every_stamp_move_from_weekday_to_weekday() -> None:
    replica = replica_of(study(1))
    seen = []
    for _ in range(7):
        version = ask(replica, VERSION).json()
        day = version["dataTimestamp"][:10]
        assert version == {"apiVersion": "2.0.5", "dataTimestamp": f"{day}T09:00:05"}
        assert stamp_of(replica, 1) == day
        assert f'"versionHolder":"{day}"' in ask(replica, STUDIES).text
        seen.append(day)
        replica.world.advance()
    assert seen == ["2026-03-02", "2026-03-03", "2026-03-04", "2026-03-05", "2026-03-06",
                    "2026-03-09", "2026-03-10"]  # fmt: skip


def test_a_second_load_of_a_day_moves_the_timestamp_only() -> None:
    replica = replica_of(study(1))
    first = ask(replica, f"{STUDIES}/{nct(1)}")
    replica.world.reload()
    assert ask(replica, VERSION).json()["dataTimestamp"] == "2026-03-02T09:03:05"
    again = ask(replica, f"{STUDIES}/{nct(1)}")
    assert again.body == first.body
    assert again.headers["etag"] != first.headers["etag"]


def test_data_days_skip_weekends() -> None:
    assert next_data_day(date(2026, 3, 6)) == date(2026, 3, 9)
    assert list(data_days(date(2026, 3, 7), 2)) == [date(2026, 3, 9), date(2026, 3, 10)]
    with pytest.raises(ValueError, match="Saturday"):
        World(Records(), day="2026-03-07")


def test_a_study_reads_as_of_the_day_and_a_silent_edit_moves_no_date() -> None:
    records = records_of(study(1))
    records.put(study(1, sites=[("University Hospital", "Lyons", "France", 45.7, 4.8)]),
                on="2026-03-04")  # fmt: skip
    records.put(study(1, "2026-03-05", status="COMPLETED"), on="2026-03-05")
    world = World(records, day="2026-03-02")
    replica = Replica(world)
    updated = {"filter.advanced": "AREA[LastUpdatePostDate]RANGE[2026-03-02,MAX]"}
    states = []
    for _ in range(4):
        document = ask(replica, f"{STUDIES}/{nct(1)}").json()["protocolSection"]
        city = document["contactsLocationsModule"]["locations"][0]["city"]
        posted = document["statusModule"]["lastUpdatePostDateStruct"]["date"]
        states.append((city, posted, len(ask(replica, STUDIES, updated).json()["studies"])))
        world.advance()
    assert states == [
        ("Lyon", "2026-02-27", 0), ("Lyon", "2026-02-27", 0),
        ("Lyons", "2026-02-27", 0), ("Lyon", "2026-03-05", 1),
    ]  # fmt: skip


def test_a_record_vanishes_and_comes_back() -> None:
    records = records_of(study(1), study(2))
    records.remove(nct(1), on="2026-03-03")
    records.put(study(1), on="2026-03-05")
    replica = Replica(World(records, day="2026-03-02"))
    seen = []
    for _ in range(4):
        answer = ask(replica, f"{STUDIES}/{nct(1)}")
        listed = ids_in(ask(replica, STUDIES, {"filter.ids": f"{nct(1)}|{nct(2)}"}).json())
        seen.append((answer.status, sorted(listed)))
        if answer.status == 404:
            assert answer.text == NOT_FOUND.format(nct(1))
        replica.world.advance()
    both, one = [nct(1), nct(2)], [nct(2)]
    assert seen == [(200, both), (404, one), (404, one), (200, both)]


def test_an_alias_redirects_without_the_query_and_ids_find_the_other_record() -> None:
    records = records_of(study(1), study(2))
    records.merge(nct(1), into=nct(2), on="2026-03-03")
    replica = Replica(World(records, day="2026-03-03"))
    answer = ask(replica, f"{STUDIES}/{nct(1)}", {"fields": "NCTId"})
    assert (answer.status, answer.body) == (301, b"")
    assert answer.headers["location"] == f"/api/v2/studies/{nct(2)}"
    (other,) = ask(replica, STUDIES, {"filter.ids": nct(1)}).json()["studies"]
    names = other["protocolSection"]["identificationModule"]
    assert (names["nctId"], names["nctIdAliases"]) == (nct(2), [nct(1)])
    both = ask(replica, STUDIES, {"filter.ids": f"{nct(1)}|{nct(2)}"}).json()
    assert ids_in(both) == [nct(2)]
    replica.world.go_to("2026-03-02")
    assert ask(replica, f"{STUDIES}/{nct(1)}").status == 200


def test_a_withheld_record_shows_little_else() -> None:
    records = records_of(study(1))
    records.withhold(nct(1), on="2026-03-03")
    replica = Replica(World(records, day="2026-03-03"))
    document = ask(replica, f"{STUDIES}/{nct(1)}").json()
    assert set(document) == {"protocolSection", "hasResults", "derivedSection"}
    assert set(document["protocolSection"]) == {"identificationModule", "statusModule"}
    assert document["protocolSection"]["statusModule"]["overallStatus"] == "WITHHELD"


def test_a_single_study_is_asked_for_by_a_well_formed_id() -> None:
    replica = replica_of(study(1))
    assert ask(replica, f"{STUDIES}/nct{int(nct(1)[3:])}").status == 200
    for wrong in ("ABC123", "NCT00000000", "NCT123456789", "metadata"):
        answer = ask(replica, f"{STUDIES}/{wrong}")
        assert (answer.status, answer.text) == (400, "Parameter `nctId` has incorrect format")
    answer = ask(replica, f"{STUDIES}/{nct(2)}")
    assert (answer.status, answer.headers["content-type"]) == (404, "text/plain; charset=UTF-8")
    assert ask(replica, f"{STUDIES}/{nct(1)}", {"sort": "StartDate"}).status == 400


def test_a_wrong_path_is_an_edge_page_not_the_registrys_words() -> None:
    replica = replica_of(study(1))
    for path in (f"{STUDIES}/{nct(1)}/history", "/api/v3/version", "/"):
        answer = ask(replica, path)
        assert (answer.status, answer.headers["content-type"]) == (404, "text/html; charset=utf-8")
        assert "NCT number" not in answer.text
    assert ask(replica, VERSION, method="POST").status == 405
    assert ask(replica, VERSION, {"x": "1"}).status == 400


def test_the_entity_tag_is_the_data_sets() -> None:
    replica = replica_of(study(1))
    tag = ask(replica, VERSION).headers["etag"]
    for path in (VERSION, STUDIES, f"{STUDIES}/{nct(1)}"):
        answer = ask(replica, path, if_none_match=tag)
        assert (answer.status, answer.body, answer.headers["etag"]) == (304, b"", tag)
        packed = ask(replica, path, if_none_match=tag, accept_encoding="gzip")
        assert (packed.status, packed.headers["etag"]) == (304, f'{tag[:-1]}-gzip"')
    assert ask(replica, VERSION, if_none_match='"other", W/"another"').status == 200
    replica.world.advance()
    assert ask(replica, VERSION, if_none_match=tag).status == 200


def test_answers_are_compressed_when_the_request_takes_it() -> None:
    replica = replica_of(study(1))
    path = f"{STUDIES}/{nct(1)}"
    plain = ask(replica, path)
    assert "content-encoding" not in plain.headers
    for accepted in ("gzip", "br;q=1.0, gzip;q=0.8", "deflate,gzip"):
        packed = ask(replica, path, accept_encoding=accepted)
        assert packed.headers["content-encoding"] == "gzip"
        assert packed.content == plain.body
    for refused in ("identity", "br", "gzip;q=0"):
        assert "content-encoding" not in ask(replica, path, accept_encoding=refused).headers


def test_markup_comes_with_or_without_escapes() -> None:
    replica = replica_of(study(1))
    texts = [
        ask(replica, f"{STUDIES}/{nct(1)}", {"markupFormat": form, "fields": "BriefSummary"})
        .json()["protocolSection"]["descriptionModule"]["briefSummary"]
        for form in ("markdown", "legacy")
    ]  # fmt: skip
    assert texts == ["A \\> B \\[sic\\].", "A > B [sic]."]


def test_a_state_given_twice_for_a_day_is_the_later_one() -> None:
    records = records_of(study(1))
    replica = Replica(World(records, day="2026-03-02"))
    assert ask(replica, f"{STUDIES}/{nct(1)}").status == 200
    records.put(study(1, status="SUSPENDED"), on="2026-03-02")
    document = ask(replica, f"{STUDIES}/{nct(1)}").json()
    assert document["protocolSection"]["statusModule"]["overallStatus"] == "SUSPENDED"
    for wrong in (lambda: records.put({"protocolSection": {}}, on="2026-03-02"),
                  lambda: records.withhold(nct(1), on="2026-02-01"),
                  lambda: records.merge(nct(2), into=nct(1), on="2026-02-01")):  # fmt: skip
        with pytest.raises(ValueError, match="NCT"):
            wrong()
