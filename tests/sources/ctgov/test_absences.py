"""Records that stop coming: gone, merged, unknown, or only left out of a list."""

from typing import Any

import pytest

from monitor.errors import SourceError
from monitor.model.record import RawVersion
from monitor.settings import CtgovSourceSettings
from tests.registry import Fault, Replica, World
from tests.registry.examples import nct, records_of, replica_of, study
from tests.registry.records import Records
from tests.sources.ctgov.conftest import Bench, MakeBench

MONDAY, TUESDAY, WEDNESDAY, THURSDAY = "2026-03-02", "2026-03-03", "2026-03-04", "2026-03-05"
ALL = CtgovSourceSettings(name="lupus", all=True)


def served(records: Records) -> Replica:
    return Replica(World(records, day=MONDAY))


def watching(*numbers: int) -> CtgovSourceSettings:
    return CtgovSourceSettings(name="lupus", nct_ids=tuple(nct(number) for number in numbers))


def singles(one: Bench) -> list[str]:
    """Return the IDs asked for singly since the last call."""
    found = [asked.path[-11:] for asked in one.requests(lambda asked: asked.is_study)]
    one.replica.log.clear()
    return found


def next_day(one: Bench, following: CtgovSourceSettings) -> list[str]:
    one.replica.world.advance()
    return one.poll(following)


def test_a_watched_record_vanishes_and_comes_back(bench: MakeBench) -> None:
    records = records_of(study(1), study(2))
    records.remove(nct(1), on=TUESDAY)
    records.put(study(1), on=THURSDAY)
    one = bench(served(records))
    one.poll(watching(1, 2))
    assert singles(one) == []
    assert next_day(one, watching(1, 2)) == [nct(2)]
    text = f"NCT number {nct(1)} not found"
    assert one.memory.absences() == [{"nctId": nct(1), "presence": "gone", "said": text}]
    (absence,) = [
        version
        for version in one.memory.found
        if isinstance(version, RawVersion) and version.media == "absence"
    ]
    assert absence.origin == f"/api/v2/studies/{nct(1)}"
    assert str(absence.data_date) == TUESDAY
    assert one.memory.presences() == {nct(1): "gone", nct(2): "shown"}
    assert singles(one) == [nct(1)]
    assert next_day(one, watching(1, 2)) == [nct(2)]
    assert singles(one) == [], "what is gone is not asked for every day"
    assert next_day(one, watching(1, 2)) == [nct(1), nct(2)]
    assert one.memory.presences() == {nct(1): "shown", nct(2): "shown"}
    assert len(one.memory.absences()) == 1


def test_what_is_gone_is_asked_for_again_by_a_reread(bench: MakeBench) -> None:
    records = records_of(study(1), study(2))
    records.remove(nct(1), on=TUESDAY)
    one = bench(served(records))
    one.poll(watching(1, 2))
    requested = []
    for _ in range(6):
        next_day(one, watching(1, 2))
        requested.append((str(one.replica.world.day), singles(one)))
    assert requested == [
        (TUESDAY, [nct(1)]), (WEDNESDAY, []), (THURSDAY, []), ("2026-03-06", []),
        ("2026-03-09", [nct(1)]), ("2026-03-10", []),
    ]  # fmt: skip


def test_an_id_that_never_was_is_unknown_until_it_is_registered(bench: MakeBench) -> None:
    records = records_of(study(1))
    records.put(study(2, WEDNESDAY), on=WEDNESDAY)
    one = bench(served(records))
    assert one.poll(watching(1, 2)) == [nct(1)]
    assert one.memory.presences() == {nct(1): "shown", nct(2): "unknown"}
    assert one.memory.absences() == []
    next_day(one, watching(1, 2))
    assert singles(one) == [nct(2)]
    assert next_day(one, watching(1, 2)) == [nct(1), nct(2)]
    assert one.memory.presences() == {nct(1): "shown", nct(2): "shown"}


def test_a_merged_record_is_not_taken_for_the_one_it_became(bench: MakeBench) -> None:
    records = records_of(study(1), study(2), study(3))
    records.merge(nct(1), into=nct(3), on=TUESDAY)
    one = bench(served(records))
    one.poll(watching(1, 2))
    assert set(next_day(one, watching(1, 2))) == {nct(2), nct(3)}
    assert one.memory.presences() == {
        nct(1): f"merged into {nct(3)}", nct(2): "shown", nct(3): "shown",
    }  # fmt: skip
    assert one.memory.absences() == [{"nctId": nct(1), "presence": "merged", "mergedInto": nct(3)}]
    assert singles(one) == [], "the record of now came with the batch, and bears the ID"
    assert set(next_day(one, watching(1, 2))) == {nct(2), nct(3)}, "the new record is followed"
    assert singles(one) == []
    for _ in range(4):
        next_day(one, watching(1, 2))
    assert one.memory.presences()[nct(1)] == f"merged into {nct(3)}"


def test_an_id_that_was_an_alias_from_the_start_has_no_absence(bench: MakeBench) -> None:
    records = records_of(study(1), study(2))
    records.merge(nct(1), into=nct(2), on=MONDAY)
    one = bench(served(records))
    assert set(one.poll(watching(1))) == {nct(2)}
    assert one.memory.presences() == {nct(1): f"merged into {nct(2)}", nct(2): "shown"}
    assert one.memory.absences() == []


def test_an_alias_that_is_watched_beside_its_record_costs_no_request(bench: MakeBench) -> None:
    records = records_of(study(1), study(2), study(3))
    records.merge(nct(1), into=nct(2), on=MONDAY)
    one = bench(served(records))
    found = one.poll(watching(1, 2, 3))
    assert sorted(found) == [nct(2), nct(3)], "once, though asked for by two IDs"
    for _ in range(6):
        next_day(one, watching(1, 2, 3))
    assert singles(one) == []
    assert one.memory.presences() == {
        nct(1): f"merged into {nct(2)}", nct(2): "shown", nct(3): "shown",
    }  # fmt: skip
    assert one.memory.absences() == []


def test_a_chain_of_aliases_leads_to_the_record_that_bears_the_id(bench: MakeBench) -> None:
    both = study(3)
    both["protocolSection"]["identificationModule"]["nctIdAliases"] = [nct(1), nct(2)]
    records = records_of(study(1), study(2), both)
    one = bench(served(records))
    one.poll(watching(1))
    records.merge(nct(1), into=nct(2), on=TUESDAY)
    records.merge(nct(2), into=nct(3), on=TUESDAY)
    next_day(one, watching(1))
    assert one.memory.presences() == {nct(1): f"merged into {nct(3)}", nct(3): "shown"}


def test_a_merged_record_that_is_one_of_its_own_again_is_restored(bench: MakeBench) -> None:
    records = records_of(study(1), study(2))
    records.merge(nct(1), into=nct(2), on=TUESDAY)
    records.put(study(1), on=WEDNESDAY)
    one = bench(served(records))
    one.poll(watching(1))
    next_day(one, watching(1))
    assert nct(1) in next_day(one, watching(1))
    assert one.memory.presences()[nct(1)] == "shown"


def test_a_reread_misses_every_followed_record_that_is_not_there(bench: MakeBench) -> None:
    records = records_of(*(study(number) for number in range(1, 12)))
    records.remove(nct(3), on=TUESDAY)
    records.merge(nct(7), into=nct(8), on=WEDNESDAY)
    records.put(study(3, "2026-02-01"), on="2026-03-12")
    one = bench(served(records))
    following = CtgovSourceSettings(name="lupus", query={"cond": "asthma"})
    history = {}
    for _ in range(11):
        one.poll(following)
        history[str(one.replica.world.day)] = (
            one.memory.presences()[nct(3)],
            one.memory.presences()[nct(7)],
        )
        one.replica.world.advance()
    merged = f"merged into {nct(8)}"
    assert {day: both for day, both in history.items() if day <= "2026-03-06"} == dict.fromkeys(
        [MONDAY, TUESDAY, WEDNESDAY, THURSDAY, "2026-03-06"], ("shown", "shown")
    )
    assert history["2026-03-09"] == history["2026-03-13"] == ("gone", merged)
    assert history["2026-03-16"] == ("shown", merged)
    assert {one["presence"] for one in one.memory.absences()} == {"gone", "merged"}


def test_only_a_reread_asks_for_what_became_another_record(bench: MakeBench) -> None:
    records = records_of(*(study(number) for number in range(1, 4)), study(4, "2026-02-01"))
    records.merge(nct(4), into=nct(3), on=TUESDAY)
    one = bench(served(records))
    following = CtgovSourceSettings(name="lupus", query={"cond": "asthma"})
    one.poll(following)
    batches = []
    for day in ("2026-03-09", "2026-03-10", "2026-03-16"):
        one.replica.world.go_to(day)
        one.replica.log.clear()
        one.poll(following)
        lists = one.requests(lambda asked: "filter.ids" in asked.params)
        batches.append([asked.params["filter.ids"] for asked in lists])
    assert batches == [[nct(4)], [], [nct(4)]]


def test_the_whole_registry_is_reread_without_asking_for_each_record(bench: MakeBench) -> None:
    records = records_of(*(study(number) for number in range(1, 31)))
    records.remove(nct(3), on=TUESDAY)
    one = bench(served(records))
    one.poll(ALL)
    one.replica.world.go_to("2026-03-09")
    one.replica.log.clear()
    one.poll(ALL)
    assert singles(one) == [nct(3)]
    assert one.memory.presences()[nct(3)] == "gone"


def test_a_record_that_a_list_left_out_is_read_by_itself(bench: MakeBench) -> None:
    one = bench(replica_of(study(1), study(2)))
    one.replica.faults.add(
        Fault.OTHER_SHAPE, when=lambda asked: asked.is_list, body=b'{"studies":[]}'
    )
    assert sorted(one.poll(watching(1, 2))) == [nct(1), nct(2)]
    assert set(one.memory.presences().values()) == {"shown"}


WRONG_WORDS: dict[str, tuple[Fault, dict[str, Any], str]] = {
    "a page of the edge": (Fault.EDGE_NOT_FOUND, {}, "a 404 that does not say that the record"),
    "words about another record": (Fault.EDGE_NOT_FOUND,
                                   {"words": f"NCT number {nct(9)} not found"},
                                   "a 404 that does not say that the record"),
    "refused": (Fault.FORBIDDEN_HTML, {}, "refused by the edge (403)"),
    "a page for people": (Fault.HTML_OK, {}, "with an HTML page and status 200"),
    "an alias of a stranger": (Fault.ALIAS_REDIRECT, {"to": nct(2)}, "does not bear the ID"),
    "an alias of nothing": (Fault.ALIAS_REDIRECT, {"to": nct(77)}, "which it does not know"),
    "elsewhere": (Fault.ALIAS_REDIRECT, {"to": "search"}, "leads elsewhere than to a study"),
    "broken": (Fault.OTHER_SHAPE, {"body": b'{"protocolSection":'}, "not valid JSON"),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG_WORDS)
def test_anything_but_the_registrys_own_words_is_a_failure_of_the_source(
    bench: MakeBench, case: str
) -> None:
    records = records_of(study(1), study(2))
    records.remove(nct(1), on=TUESDAY)
    one = bench(served(records))
    one.poll(watching(1, 2))
    one.replica.world.advance()
    fault, options, words = WRONG_WORDS[case]
    # A 403 is tried over the other transport too.
    times = 2 if fault is Fault.FORBIDDEN_HTML else 1
    one.replica.faults.add(fault, when=lambda asked: asked.is_study, times=times, **options)
    with pytest.raises(SourceError) as caught:
        one.poll(watching(1, 2))
    assert words in str(caught.value)
    assert one.memory.presences() == {nct(1): "shown", nct(2): "shown"}
    assert one.memory.absences() == []
    one.replica.log.clear()
    assert one.poll(watching(1, 2)) == [], "the batch before it is stored and not read again"
    assert one.memory.presences() == {nct(1): "gone", nct(2): "shown"}
    assert one.requests(lambda asked: asked.is_list) == []


def test_redirects_without_end_are_given_up(bench: MakeBench) -> None:
    one = bench(replica_of(study(2)))
    one.replica.faults.add(
        Fault.ALIAS_REDIRECT, when=lambda asked: asked.is_study, times=None, to=nct(1)
    )
    with pytest.raises(SourceError, match="from one ID to the next, without end"):
        one.poll(watching(1))
    assert len(singles(one)) == 6


def test_a_record_that_cannot_be_read_is_found_and_not_seen(bench: MakeBench) -> None:
    one = bench(replica_of(study(1), study(2)))
    broken = b'{"protocolSection":{"identificationModule":{"nctId":"NCT00000000"}}}'
    one.replica.faults.add(Fault.OTHER_SHAPE, when=lambda asked: asked.is_list,
                           body=b'{"studies":[]}')  # fmt: skip
    one.replica.faults.add(Fault.OTHER_SHAPE, when=lambda asked: asked.is_study, body=broken)
    assert one.poll(watching(1, 2)) == ["NCT00000000", nct(2)]
    assert one.memory.presences() == {nct(2): "shown"}
    assert "records_without_id" in one.reported_events()
