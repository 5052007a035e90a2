"""What was asked for and can never be heard of is said: at once, by the doctor and by status."""

import json
from typing import Any

import pytest

from monitor.app.unmatched import unmatched_subscriptions
from tests.cli.calls import Monitor
from tests.cli.studies import NCT, OTHER, study
from tests.cli.test_follow import MAIL, configured
from tests.registry import Records, Replica, ReplicaServer, World
from tests.registry import examples as registry

GONE = "NCT00000109"


def trial(nct_id: str, condition: str, *countries: str, **more: Any) -> dict[str, Any]:
    sites = tuple((f"Clinic {n}", one, "RECRUITING") for n, one in enumerate(countries))
    modules = {
        "conditionsModule": {"conditions": [condition], "keywords": ["checkpoint"]},
        "armsInterventionsModule": {"interventions": [{"type": "DRUG", "name": "Nivolumab"}]},
    }
    return study(nct_id=nct_id, sites=sites, modules=modules, **more)


@pytest.fixture
def stocked(monitor: Monitor) -> Monitor:
    configured(monitor, MAIL)
    monitor.ingest(
        trial(NCT, "Asthma in Children", "Germany", "Germany", "France"),
        trial(OTHER, "Asthma in Children", "Germany", sponsor="Roche"),
    )
    return monitor


def add(monitor: Monitor, *options: str, name: str = "x") -> list[str]:
    named = ("--subscriber", "ana", "--name", name, "--channel", "mail")
    found: list[str] = monitor.json("subscription", "add", *named, *options)["warnings"]
    return found


NONE = "none of the stored trials (2)"


@pytest.mark.parametrize(
    ("key", "value", "meant"),
    [
        ("country", "Germny", "; did you mean Germany? 3 sites"),
        ("condition", "asthmma", "; did you mean Asthma in Children? 2 trials"),
        ("sponsor", "Rosche", "; did you mean Roche? 1 trial"),
        ("intervention", "nivolumap", "; did you mean Nivolumab? 2 trials"),
        ("keyword", "chekpoint", "; did you mean checkpoint? 2 trials"),
        ("facility", "Clinnic 0", "; did you mean Clinic 0? 2 trials"),
        ("city", "Twon", ""),
        ("text", "chekpoint", "; did you mean checkpoint? 2 trials"),
        ("text", "inhibitors of chekpoint", ""),
        ("title", "studdy of a thing", "; did you mean study of a thing? 2 trials"),
        ("status", "WITHDRAWN", ""),
        ("phase", "PHASE4", ""),
        ("condition", "gout", ""),
    ],
)
def test_a_value_that_no_trial_has_is_named_with_the_nearest(
    stocked: Monitor, key: str, value: str, meant: str
) -> None:
    assert add(stocked, f"--{key}", value) == [f'{key} "{value}": {NONE} has it{meant}']


def test_a_misspelt_exclusion_and_what_no_trial_has_together_are_named(stocked: Monitor) -> None:
    assert add(stocked, "--condition", "asthma", "--not-country", "Frence") == [
        f'not country "Frence": {NONE} has it; did you mean France? 1 site'
    ]
    assert add(stocked, "--sponsor", "Roche", "--country", "France", name="y") == [
        f"{NONE} matches all of sponsor: Roche; country: France"
    ]


@pytest.mark.parametrize(
    "options",
    [
        ("--condition", "asthma", "--country", "Germany"),
        ("--condition", "asthma", "--not-country", "China"),
        ("--sponsor", "ROCHE"),
        ("--all",),
    ],
)
def test_what_matches_is_not_complained_of(stocked: Monitor, options: tuple[str, ...]) -> None:
    assert add(stocked, *options) == []


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--condition", "gout"), []),
        (("--sponsor", "roche", "--condition", "gout flare"), []),
        (("--title", "late"), []),
        (("--status", "withdrawn"), []),
        (("--country", "Spain"), ['country "Spain": {none} has it']),
        (("--condition", "gou"), ['condition "gou": {none} has it']),
        (
            ("--condition", "gout", "--sponsor", "example"),
            ["{none} matches all of condition: gout; sponsor: example"],
        ),
        (
            ("--condition", "gout", "--not-country", "Germany"),
            ["{none} matches all of condition: gout; not country: Germany"],
        ),
    ],
)
def test_of_a_large_store_the_rest_is_looked_through_as_far_as_rows_tell(
    stocked: Monitor, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...], said: list[str]
) -> None:
    """Conditions, brief titles, lead sponsors and statuses; an exclusion may be of the record."""
    early = "2020-01-01"
    modules = {"conditionsModule": {"conditions": ["Gout Flare"]}}
    stocked.ingest(
        study(
            early,
            nct_id=GONE,
            title="A late trial",
            sponsor="Roche",
            status="WITHDRAWN",
            sites=(("Clinic", "Spain", "RECRUITING"),),
            modules=modules,
        )
    )
    defaults = unmatched_subscriptions.__kwdefaults__
    assert defaults is not None
    monkeypatch.setitem(defaults, "compared", 2)
    none = "none of the 2 trials that changed last (of 3 stored)"
    assert add(stocked, *options) == [one.format(none=none) for one in said]


def test_status_tells_of_a_large_store_too(
    stocked: Monitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It looks at the trials that changed last, and says so."""
    add(stocked, "--country", "Germny")
    add(stocked, "--country", "Germany", name="y")
    monkeypatch.setattr("monitor.cli.status._MOST_RECORDS", 1)
    [text] = [one["detail"] for one in stocked.json("status")["warnings"]]
    none = "none of the 1 trials that changed last (of 2 stored)"
    assert text == f'country "Germny": {none} has it; did you mean Germany? 1 site'


def test_trials_that_finds_none_says_what_no_trial_has(stocked: Monitor) -> None:
    text = f'monitor: condition "asthmma": {NONE} has it; did you mean Asthma in Children? 2 trials'
    done = stocked("trials", "--condition", "asthmma")
    assert (done.exit_code, done.stderr) == (0, f"{text}\n")
    together = stocked("trials", "--sponsor", "Roche", "--country", "France")
    assert together.stderr == (
        f"monitor: {NONE} matches all of sponsor: Roche; country: France\n"
    )  # fmt: skip
    for options in (
        "--condition asthma --status withdrawn",
        "--status gone",
        "--condition asthma --changed-since 2030",
        "--condition gout --json",
        "--condition gout --csv",
    ):
        assert stocked("trials", *options.split()).stderr == ""


def test_an_empty_store_says_nothing_of_values(monitor: Monitor) -> None:
    assert add(configured(monitor, MAIL), "--condition", "asthmma") == []


def test_ids_that_no_source_follows_are_named_with_the_command_that_adds_them(
    stocked: Monitor,
) -> None:
    text = f"no source follows {GONE}: `monitor follow --no-alerts {GONE}` adds them"
    assert add(stocked, "--nct-id", GONE) == [text]
    about = "subscription x of ana"
    assert stocked.json("status")["warnings"] == [{"about": about, "detail": text}]
    assert f"{about}: {text}" in stocked.answer("status")
    found = [one for one in _doctor(stocked) if one["about"] == about]
    assert [(one["verdict"], one["detail"]) for one in found] == [
        ("warning", f"no source follows {GONE}")
    ]
    stocked.answer("follow", "--no-alerts", GONE)
    assert stocked.json("status")["warnings"] == []
    assert add(stocked, "--nct-id", GONE, name="y") == []


def _doctor(monitor: Monitor) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(
        monitor("doctor", "--offline", "--json").stdout
    )["findings"]  # fmt: skip
    return found


def test_a_deaf_filter_is_told_by_doctor_and_status(stocked: Monitor) -> None:
    add(stocked, "--country", "Germny")
    text = 'country "Germny": none of the stored trials (2) has it; did you mean Germany? 3 sites'
    assert [one["detail"] for one in stocked.json("status")["warnings"]] == [text]
    assert text in [one["detail"] for one in _doctor(stocked)]
    stocked.answer("subscription", "pause", "x")
    assert stocked.json("status")["warnings"] == []


def test_sources_that_find_nothing_and_ids_that_the_registry_does_not_know_are_named(
    stocked: Monitor,
) -> None:
    records = Records()
    records.put(registry.study(101, conditions=["Lupus"]), on=registry.MONDAY)
    with ReplicaServer(Replica(World(records, day=registry.MONDAY))) as server:
        base = f'type = "ctgov"\nbase_url = "{server.base_url}"\nevery = "1h"\n'
        text = (
            f'{MAIL}[http]\nrequests_per_minute = 6000\n'
            f'[[source]]\nname = "typo"\n{base}query = {{ cond = "asthmma" }}\n'
            f'[[source]]\nname = "list"\n{base}nct_ids = ["{registry.nct(101)}", "{GONE}"]\n'
        )  # fmt: skip
        configured(stocked, text)
        assert stocked.json("status")["warnings"] == []  # nothing was read yet
        stocked("run", "--once")
    assert stocked.json("status")["warnings"] == [
        {"about": "source typo", "detail": "its search (cond: asthmma) finds no trial; "
         "did you mean Asthma in Children? 2 trials"},
        {"about": "source list", "detail": f"the registry does not know {GONE}"},
    ]  # fmt: skip
    assert add(stocked, "--nct-id", GONE) == [f"the registry does not know {GONE}"]
    assert add(stocked, "--nct-id", registry.nct(101), name="y") == []
    filled = {
        one["about"]: one["detail"] for one in _doctor(stocked) if one["verdict"] == "warning"
    }
    assert filled["source list"] == f"the registry does not know {GONE}"
