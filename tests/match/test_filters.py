"""What a filter matches, and which filters are refused."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.match.filter_fields import FilterFields
from monitor.match.filters import KNOWN_VALUES, Hits, compile_filter, require_usable
from monitor.model.record import TrialRecord
from monitor.model.subscriptions import FILTER_KEYS, Filter
from tests.match.examples import NCT, record
from tests.records import sample

HERE = FilterFields(record(), sources=["lupus trials"])


def hit(wanted: dict[str, list[str]], excluded: dict[str, list[str]] | None = None) -> str | None:
    one = compile_filter(made(wanted, excluded or {}))
    found = one.hit(Hits(HERE))
    assert (one.miss(Hits(HERE)) == "") == (found is not None) or not one.satisfiable
    return found


def made(wanted: dict[str, list[str]], excluded: dict[str, list[str]]) -> Filter:
    return Filter(
        wanted={key: tuple(values) for key, values in wanted.items()},
        excluded={key: tuple(values) for key, values in excluded.items()},
    )


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("condition", "lupus"),
        ("condition", "SJOGREN"),
        ("condition", "connective tissue"),
        ("intervention", "anifrolumab"),
        ("intervention", "saphnelo"),
        ("intervention", "antibodies, monoclonal"),
        ("sponsor", "societe de l’etoile"),
        ("sponsor", "Malmo"),
        ("phase", "PHASE1"),
        ("phase", "phase 2"),
        ("status", "not yet recruiting"),
        ("status", "NOT_YET_RECRUITING"),
        ("study_type", "Interventional"),
        ("country", "turkey"),
        ("country", "Papua New Guinea"),
        ("title", "early disease"),
        ("title", "randomized study"),
        ("title", "TULIP-9"),
        ("title", "disease anifrolumab"),
        ("condition", "erythematosus systemic"),
        ("condition", '"systemic lupus"'),
        ("condition", "autoimmune diseases"),
        ("intervention", "biological immunoglobulins"),
        ("keyword", "keyword only"),
        ("facility", "Karolinska hospital"),
        ("city", "Malmo"),
        ("text", "TULIP-9"),
        ("text", "connective tissue"),
        ("text", "autoimmune diseases"),
        ("text", "keyword-only"),
        ("text", "saphnelo"),
        ("text", "interferon blocked"),
        ("text", "Karolinska"),
        ("text", "university Malmö"),
        ("text", NCT),
        ("source", "Lupus trials"),
    ],
)
def test_a_value_is_found_under_its_key(key: str, value: str) -> None:
    assert hit({key: [value]}) == f"{key}: {value}"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("condition", "keyword-only"),
        ("condition", "lupus syndrome"),
        ("condition", '"lupus systemic"'),
        ("text", "lupus syndrome"),
        ("text", "interferon placebo"),
        ("text", "Karolinska Ankara"),
        ("text", "Guinea"),
        ("text", "recruiting"),
        ("facility", "Karolinska Ankara"),
        ("city", "Karolinska"),
        ("keyword", "lupus"),
        ("source", "lupus"),
        ("condition", "anifrolumab"),
        ("condition", "lup"),
        ("title", "lupus"),
        ("status", "recruiting"),
        ("phase", "phase"),
        ("phase", "1"),
        ("study_type", "intervention"),
        ("country", "Niger"),
        ("intervention", "drug"),
    ],
)
def test_a_value_is_not_found_elsewhere_or_in_part(key: str, value: str) -> None:
    assert hit({key: [value]}) is None


@pytest.mark.parametrize("wanted", ["Korea, Republic of", "South Korea", "republic of korea"])
@pytest.mark.parametrize("version", ["v1.json", "v2.json", "v3.json"])
def test_a_country_is_found_under_each_of_its_names(
    shared_data: Path, wanted: str, version: str
) -> None:
    content = (shared_data / "cases" / "06-country-renamed" / version).read_bytes()
    attributes = FilterFields(TrialRecord(nct_id=NCT, document=json.loads(content)))
    one = compile_filter(made({"country": [wanted]}, {}))
    assert one.hit(Hits(attributes)) == f"country: {wanted}"
    assert compile_filter(made({}, {"country": [wanted]})).hit(Hits(attributes)) is None
    assert compile_filter(made({"country": ["North Korea"]}, {})).hit(Hits(attributes)) is None


def test_any_value_of_every_key_is_enough_and_the_first_is_told() -> None:
    wanted = {"condition": ["gout", "lupus", "Sjögren"], "phase": ["PHASE3", "PHASE2", "PHASE1"]}
    assert hit(wanted) == "condition: lupus; phase: PHASE2"
    assert hit(wanted | {"country": ["China"]}) is None


def test_one_excluded_value_is_enough_to_be_left_out() -> None:
    assert hit({"condition": ["lupus"]}, {"country": ["China"]}) == "condition: lupus"
    assert hit({"condition": ["lupus"]}, {"country": ["China", "Turkey"]}) is None
    assert hit({"condition": ["lupus"]}, {"title": ["anifrolumab"], "phase": ["NA"]}) is None


def test_a_filter_that_wants_nothing_matches_nothing() -> None:
    assert hit({}) is None
    assert hit({}, {"country": ["…"]}) is None


def test_a_filter_that_only_excludes_matches_all_other_trials() -> None:
    others = {"country": ["China", "Niger"], "phase": ["NA"]}
    assert hit({}, others) == "not country: China, Niger; not phase: NA"
    assert hit({}, {"country": ["China", "Turkey"]}) is None
    assert hit({}, {"country": ["…"], "title": ["gout"]}) == "not title: gout"
    require_usable(made({}, others))


@pytest.mark.parametrize(
    ("wanted", "excluded", "missed"),
    [
        ({"condition": ["gout", "asthma"], "phase": ["NA"]}, {}, "condition: gout, asthma"),
        ({"condition": ["lupus"], "phase": ["NA"]}, {}, "phase: NA"),
        ({"condition": ["lupus"]}, {"country": ["China", "turkey"]}, "not country: turkey"),
        ({}, {"country": ["China", "turkey"]}, "not country: turkey"),
    ],
)
def test_what_kept_a_filter_from_matching_is_told_in_its_words(
    wanted: dict[str, list[str]], excluded: dict[str, list[str]], missed: str
) -> None:
    assert compile_filter(made(wanted, excluded)).miss(Hits(HERE)) == missed


@pytest.mark.parametrize("key", FILTER_KEYS)
@pytest.mark.parametrize("value", ["", " ", "...", "*", ".*", "%", "\\", "\n", "™", "()", "\u0301"])
def test_a_value_without_a_word_matches_nothing_and_is_refused(key: str, value: str) -> None:
    assert hit({key: [value]}) is None
    assert hit(
        {"condition": ["lupus"], key: [value]} if key != "condition" else {key: [value]}
    ) is (None)
    assert hit({"condition": ["lupus"]}, {key: [value]}) == "condition: lupus"
    for wanted, excluded in (({key: [value]}, {}), ({"title": ["x"]}, {key: [value]})):
        with pytest.raises(ValueError, match=rf"{key}: .* has no letter and no digit"):
            require_usable(made(wanted, excluded))


@pytest.mark.parametrize("value", ["(lupus", "[lupus", "lupus)*", "lupus\\", "^lupus$", "+lupus?"])
def test_signs_of_patterns_are_no_more_than_space(value: str) -> None:
    assert hit({"condition": [value]}) == f"condition: {value}"
    require_usable(made({"condition": [value]}, {}))


@pytest.mark.parametrize(
    ("wanted", "excluded", "said"),
    [
        ({}, {}, "a filter needs one of condition, intervention, "),
        ({"conditions": ["x"]}, {}, "no key 'conditions'; did you mean condition?"),
        ({"title": ["x"]}, {"county": ["x"]}, "no key not 'county'; did you mean country?"),
        ({"zzz": ["x"]}, {}, "no key 'zzz'; there are condition, "),
        ({"condition": []}, {}, "condition: name at least one value"),
        ({"condition": ["x" * 201]}, {}, "longer than 200 characters"),
        ({"phase": ["PHASE5"]}, {}, "the registry has no value 'PHASE5'; did you mean PHASE"),
        ({"status": ["recruting"]}, {}, "did you mean RECRUITING?"),
        ({"title": ["x"]}, {"status": ["qqq"]}, "not status: the registry has no value 'qqq'; the"),
        ({"country": ["U.S.A."]}, {}, "for 'U.S.A.' the registry writes 'United States'"),
    ],
)
def test_a_filter_that_cannot_do_what_was_meant_is_refused_with_the_fix(
    wanted: dict[str, list[str]], excluded: dict[str, list[str]], said: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(said)) as caught:
        require_usable(made(wanted, excluded))
    assert len(str(caught.value)) < 400


def test_what_the_web_site_calls_the_registrys_values_is_usable() -> None:
    require_usable(made({"phase": ["Not Applicable", "n/a", "Early Phase 1", "phase4"]}, {}))
    require_usable(made({"status": ["Active, not recruiting", "Unknown status", "unknown"]}, {}))


def test_all_values_of_real_records_are_known(shared_data: Any) -> None:
    for study in sample(shared_data, 60):
        attributes = FilterFields(TrialRecord(nct_id=NCT, document=study))
        for key, known in KNOWN_VALUES.items():
            for phrase in filter(None, attributes[key].split("\n")):
                assert compile_filter(made({key: list(known)}, {})).hit(Hits({key: phrase})), phrase


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["term", "name", "otherNames", "country", "x"]), inner, max_size=3
            )
        ),
        max_leaves=12,
    ),
    st.sampled_from([
        ("protocolSection", "conditionsModule", "conditions"),
        ("protocolSection", "armsInterventionsModule", "interventions"),
        ("protocolSection", "sponsorCollaboratorsModule", "leadSponsor"),
        ("protocolSection", "contactsLocationsModule", "locations"),
        ("protocolSection", "designModule"),
        ("derivedSection",),
    ]),
)  # fmt: skip
def test_whatever_a_broken_record_holds_its_attributes_are_texts(
    value: Any, path: tuple[str, ...]
) -> None:
    for name in reversed(path):
        value = {name: value}
    attributes = FilterFields(record(value))
    assert all(isinstance(attributes[key], str) for key in FILTER_KEYS)
