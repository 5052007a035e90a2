"""What a trial, a country, a whole record is, told by the real command on the shared cases."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.calls import Monitor

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
    for name, study in (("v1", whole), ("v2", reduced)):
        (tmp_path / f"{name}.json").write_text(json.dumps(study))
        assert monitor("ingest", str(tmp_path / f"{name}.json")).exit_code == 0
    last = monitor.json("history", TRIAL, "--noise")["versions"][-1]
    assert [event["kind"] for event in last["events"]] == ["administrative_update"], last
    outcomes = monitor.json("show", TRIAL, "--field", "primaryOutcomes.measure")
    assert outcomes["value"] == ["SRI-4 response"]


def _reduced(study: dict[str, Any], kept: tuple[str, ...], *, holder: str | None) -> dict[str, Any]:
    """Return the answer of ``?fields=`` with these modules and fields of a study."""
    study = copy.deepcopy(study)
    found: dict[str, Any] = {"protocolSection": {}}
    for dotted in kept:
        module, *names = dotted.split(".")
        if module == "hasResults":
            found[module] = study[module]
        elif not names:
            found["protocolSection"][module] = study["protocolSection"][module]
        elif names[0] in study["protocolSection"][module]:
            below = found["protocolSection"].setdefault(module, {})
            below[names[0]] = study["protocolSection"][module][names[0]]
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
        said = monitor.answer(command, FORMER)
        assert said.splitlines()[0] == says
        assert said.split("\n", 2)[2] == monitor.answer(command, TRIAL), "else it is the same"
        assert monitor.json(command, FORMER) == monitor.json(command, TRIAL)
    assert says in monitor.answer("explain", FORMER, "--version", "2")
    assert "TERMINATED" in monitor.answer("show", FORMER, "--field", "overallStatus")
    assert f"{FORMER}, now {TRIAL}" in monitor.answer("preview", FORMER)
    assert says in monitor.answer("export", FORMER, TRIAL, "--to", str(tmp_path / "out"))
    assert [one.name for one in (tmp_path / "out").iterdir()] == [TRIAL]
    assert says in monitor.answer("silence", "add", "--nct-id", FORMER, "--for", "7d")
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
    said = monitor.answer("history", FORMER)
    assert said.splitlines()[0].startswith(f"{FORMER} is now {TRIAL}: ")
    assert monitor.json("history", FORMER)["nct_id"] == FORMER
    assert "is now" not in monitor.answer("history", TRIAL)
