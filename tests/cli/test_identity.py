"""What a trial, a country, a whole record is, told by the real command on the shared cases."""

import copy
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.cli.calls import Monitor
from tests.cli.studies import NCT, study

TRIAL = "NCT09900001"


@pytest.fixture(params=["sqlite_url", "postgres_url"], ids=["sqlite", "postgres"])
def monitor(request: pytest.FixtureRequest, tmp_path: Path) -> Monitor:
    return Monitor(request.getfixturevalue(request.param), tmp_path)


def ingest(monitor: Monitor, case: Path, *, config: bool = False) -> None:
    """Ingest the versions of a case, with its people known from the start."""
    if config:
        monitor.environ["MONITOR_CONFIG"] = str(case / "my.toml")
        monitor.answer("subscription", "list")
    for file in sorted(case.glob("v*.json")):
        assert monitor("ingest", str(file)).exit_code == 0


def sent(monitor: Monitor, number: int) -> dict[str, Any]:
    """Return the verdict on each kind of event of a version for the only subscription."""
    found = monitor.json("explain", TRIAL, "--version", str(number))
    (one,) = found["subscriptions"]
    kinds = [event["kind"] for event in found["events"]]
    return dict(zip(kinds, one["verdicts"], strict=True))


def test_what_a_reduced_answer_leaves_out_is_not_stated(
    monitor: Monitor, shared_data: Path
) -> None:
    ingest(monitor, shared_data / "cases" / "02-reduced-with-versionHolder")
    history = monitor.json("history", TRIAL, "--noise")
    assert [[e["kind"] for e in one["events"]] for one in history["versions"]][1:] == [
        ["administrative_update"]
    ], json.dumps(history)[:2_000]


_STAMPS = ("statusModule.lastUpdateSubmitDate", "statusModule.lastUpdatePostDateStruct")
_EACH = ("hasResults", "identificationModule.nctId", "statusModule.overallStatus")
_MODULES = (
    "identificationModule", "statusModule", "sponsorCollaboratorsModule", "descriptionModule",
    "conditionsModule", "designModule", "eligibilityModule",
)  # fmt: skip


@pytest.mark.parametrize(
    "kept",
    [
        ("contactsLocationsModule", "identificationModule.briefTitle"),
        ("sponsorCollaboratorsModule", "conditionsModule", "identificationModule"),
        ("sponsorCollaboratorsModule", "conditionsModule", "designModule", "statusModule"),
        ("identificationModule", "statusModule", "sponsorCollaboratorsModule", "conditionsModule"),
        tuple(name for name in _MODULES if name != "descriptionModule"),
        tuple(name for name in _MODULES if name != "eligibilityModule"),
        _MODULES,
    ],
    ids=lambda kept: f"{len(kept)}-{kept[0]}",
)
@pytest.mark.parametrize("holder", [True, False], ids=["stamped", "unstamped"])
def test_whatever_fields_are_asked_for_the_others_stay(
    sqlite_url: str, shared_data: Path, tmp_path: Path, kept: tuple[str, ...], *, holder: bool
) -> None:
    monitor = Monitor(sqlite_url, tmp_path)
    whole = json.loads((shared_data / "cases/02-reduced-with-versionHolder/v1.json").read_text())
    reduced = _reduced(whole, (*kept, *_EACH, *_STAMPS), holder="2026-03-10" if holder else None)
    status = reduced["protocolSection"]["statusModule"]
    status["lastUpdateSubmitDate"] = status["lastUpdatePostDateStruct"]["date"] = "2026-03-09"
    for name, one in (("v1", whole), ("v2", reduced)):
        (tmp_path / f"{name}.json").write_text(json.dumps(one))
        assert monitor("ingest", str(tmp_path / f"{name}.json")).exit_code == 0
    last = monitor.json("history", TRIAL, "--noise")["versions"][-1]
    assert [event["kind"] for event in last["events"]] == ["administrative_update"], last
    outcomes = monitor.json("show", TRIAL, "--field", "primaryOutcomes.measure")
    assert outcomes["value"] == ["SRI-4 response"]


def _reduced(whole: dict[str, Any], kept: tuple[str, ...], *, holder: str | None) -> dict[str, Any]:
    """Return the answer of ``?fields=`` with these modules and fields of a study."""
    source = copy.deepcopy(whole)
    found: dict[str, Any] = {"protocolSection": {}}
    for dotted in kept:
        module, *names = dotted.split(".")
        if module == "hasResults":
            found[module] = source[module]
        elif not names:
            found["protocolSection"][module] = source["protocolSection"][module]
        elif names[0] in source["protocolSection"][module]:
            below = found["protocolSection"].setdefault(module, {})
            below[names[0]] = source["protocolSection"][module][names[0]]
    if holder:
        found["derivedSection"] = {"miscInfoModule": {"versionHolder": holder}}
    return found


def test_a_filter_finds_a_country_under_its_earlier_name(
    monitor: Monitor, shared_data: Path
) -> None:
    ingest(monitor, shared_data / "cases" / "06-country-renamed", config=True)
    verdict = sent(monitor, 3)["trial_suspended"]
    assert verdict["sends"], verdict
    events = monitor.json("history", TRIAL, "--noise")["versions"][1]["events"]
    assert {"site_added", "site_removed", "country_added", "country_removed"}.isdisjoint(
        event["kind"] for event in events
    )


@pytest.mark.parametrize(
    ("then", "now"),
    [
        ("Russian Federation", "Russia"), ("Iran, Islamic Republic of", "Iran"),
        ("Turkey", "Turkey (Türkiye)"), ("Czech Republic", "Czechia"), ("Viet Nam", "Vietnam"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("asked", [0, 1], ids=["by the earlier name", "by the name of now"])
def test_a_country_that_the_registry_renames_is_one(
    sqlite_url: str, tmp_path: Path, then: str, now: str, asked: int
) -> None:
    monitor = Monitor(sqlite_url, tmp_path)
    (tmp_path / "my.toml").write_text(
        'channel = [{ name = "box", type = "folder", path = "out" }]\n'
        'subscription = [{ name = "there", subscriber = "me", channels = ["box"],'
        f' filter = {{ country = "{(then, now)[asked]}" }} }}]\n'
    )
    monitor.environ["MONITOR_CONFIG"] = str(tmp_path / "my.toml")
    monitor.answer("subscription", "list")
    dated = ((then, "RECRUITING", "2026-02-02"), (now, "RECRUITING", "2026-02-09"),
             (now, "SUSPENDED", "2026-02-16"))  # fmt: skip
    later = datetime.now(UTC) + timedelta(minutes=1)
    for country, status, day in dated:
        sites = (("Clinic A", country, "RECRUITING"),)
        monitor.ingest(study(day, status=status, sites=sites), at=later)
    first, renamed, last = monitor.json("history", NCT, "--noise")["versions"]
    assert {event["severity"] for event in renamed["events"]} == {"noise"}
    (one,) = monitor.json("explain", NCT, "--version", "3")["subscriptions"]
    verdicts = dict(zip([event["kind"] for event in last["events"]], one["verdicts"], strict=True))
    assert verdicts["trial_suspended"]["sends"], verdicts
    assert first["version"] == 1


@pytest.mark.parametrize(
    "written",
    [
        "NCT9900001", "nct0009900001", "https://clinicaltrials.gov/study/NCT09900001",
        "https://clinicaltrials.gov/study/NCT09900001?tab=history", '"NCT09900001"', "NCT09900001,",
    ],
)  # fmt: skip
def test_an_id_is_read_as_people_paste_it(
    sqlite_url: str, tmp_path: Path, shared_data: Path, written: str
) -> None:
    monitor = Monitor(sqlite_url, tmp_path)
    ingest(monitor, shared_data / "cases" / "01-alias")
    for command in (("history",), ("show",), ("diff",), ("explain", "--version", "2")):
        assert monitor.answer(command[0], written, *command[1:]).startswith(TRIAL)
    monitor.complaint("history", "NCT1234567890123", code=2)


def test_a_subscription_hears_of_a_trial_under_its_former_id(
    monitor: Monitor, shared_data: Path
) -> None:
    ingest(monitor, shared_data / "cases" / "01-alias", config=True)
    verdict = sent(monitor, 2)["trial_terminated"]
    assert verdict["sends"], verdict
    assert "NCT09900777, now NCT09900001" in monitor.answer("explain", TRIAL, "--version", "2")


def test_a_silence_under_the_former_id_keeps_the_trial_quiet(
    monitor: Monitor, shared_data: Path
) -> None:
    case = shared_data / "cases" / "01-alias"
    monitor.environ["MONITOR_CONFIG"] = str(case / "my.toml")
    monitor.answer("subscription", "list")
    monitor.answer("silence", "add", "--nct-id", "NCT09900777", "--for", "7d")
    ingest(monitor, case)
    verdict = sent(monitor, 2)["trial_terminated"]
    assert (verdict["sends"], verdict["reason"]) == (False, "silenced")


FORMER = "NCT09900777"


def test_every_look_up_by_the_former_id_finds_the_trial_and_says_so(
    monitor: Monitor, shared_data: Path, tmp_path: Path
) -> None:
    ingest(monitor, shared_data / "cases" / "01-alias")
    says = f"{FORMER} is now {TRIAL}"
    for command in ("history", "show", "diff"):
        text = monitor.answer(command, FORMER)
        assert text.splitlines()[0] == says
        assert text.split("\n", 2)[2] == monitor.answer(command, TRIAL), "else it is the same"
        assert monitor.json(command, FORMER) == monitor.json(command, TRIAL)
    assert says in monitor.answer("explain", FORMER, "--version", "2")
    assert "TERMINATED" in monitor.answer("show", FORMER, "--field", "overallStatus")
    assert f"{FORMER}, now {TRIAL}" in monitor.answer("preview", FORMER)
    assert says in monitor.answer("export", "records", FORMER, TRIAL, "--to", str(tmp_path / "out"))
    assert [one.name for one in (tmp_path / "out").iterdir()] == [TRIAL]
    assert says in monitor.answer("silence", "add", "--nct-id", FORMER, "--for", "7d")
    assert monitor("reclassify", FORMER).exit_code == 0
    monitor.complaint("history", "NCT09900778", code=3)


def test_a_record_that_was_stored_under_its_former_id_says_where_it_goes_on(
    monitor: Monitor, shared_data: Path, tmp_path: Path
) -> None:
    case = shared_data / "cases" / "01-alias"
    before = json.loads((case / "v1.json").read_text())
    before["protocolSection"]["identificationModule"]["nctId"] = FORMER
    (tmp_path / "before.json").write_text(json.dumps(before))
    assert monitor("ingest", str(tmp_path / "before.json")).exit_code == 0
    assert "is now" not in monitor.answer("history", FORMER)
    ingest(monitor, case)
    text = monitor.answer("history", FORMER)
    assert text.splitlines()[0].startswith(f"{FORMER} is now {TRIAL}: ")
    assert monitor.json("history", FORMER)["nct_id"] == FORMER
    assert "is now" not in monitor.answer("history", TRIAL)
