"""The gate through the doors that users have: runs and kills, `source`, `status`, `doctor`."""

from pathlib import Path
from typing import Any

from tests.cli.calls import Monitor
from tests.daemon.processes import eventually
from tests.forked import command
from tests.gate.hall import rename
from tests.poison.clinic import MONDAY, TUESDAY, Clinic, clinic
from tests.registry import Records
from tests.registry.examples import nct, study

COUNT = 60
FOLLOWS = 'query = { cond = "asthma" }'


def records() -> Records:
    """Return records of which one is withdrawn on Tuesday."""
    found = Records()
    for number in range(1, COUNT + 1):
        found.put(study(number), on=MONDAY)
    found.put(study(COUNT, TUESDAY, status="WITHDRAWN"), on=TUESDAY)
    return found


def killed_run(one: Clinic, while_asked: int) -> None:
    """Kill a pass once so many requests were answered."""
    before = len(one.replica.log)
    process = command("--config", str(one.folder / "monitor.toml"), "run")
    try:
        eventually(lambda: len(one.replica.log) >= before + while_asked)
    finally:
        process.kill()
        process.wait()


def show_source(one: Clinic) -> dict[str, Any]:
    """Return what ``monitor source show`` says."""
    found: dict[str, Any] = Monitor(one.url, one.folder).json("source", "show", "trials")
    return found


def test_a_renamed_module_is_held_over_kills_and_restarts_until_it_is_accepted(
    tmp_path: Path, store_url: str
) -> None:
    with clinic(tmp_path, store_url, records(), trials=FOLLOWS) as one:
        assert one.run_once() == 0
        for number in range(1, COUNT):
            one.world.poison(nct(number), rename("conditionsModule", "topicsModule"))
        one.world.go_to(TUESDAY)
        for requests in (2, 3, 4):
            killed_run(one, requests)
        assert one.run_once() == 1
        assert one.alerts() == {nct(COUNT): 1}
        held = show_source(one)
        assert (held["records"], held["judged"]) == (COUNT - 1, COUNT)
        assert held["causes"][0]["first"] == [nct(1), nct(2), nct(3)]
        (source,) = one.sources()
        assert source["failures"] >= 1
        assert source["last_reason"].startswith("held: ")
        monitor = Monitor(one.url, one.folder)
        doctor = monitor("doctor", "--offline", "--json")
        assert doctor.exit_code == 1
        assert "monitor source show" in doctor.stdout
        assert monitor("source", "accept", "trials", "--silent").exit_code == 0
        assert one.run_once() == 0
        assert one.alerts() == {nct(COUNT): 1}
        assert set(one.versions().values()) == {2}
        assert show_source(one)["held"] is False
        assert monitor("source", "accept", "trials").exit_code == 3
        assert monitor("source", "show", "another").exit_code == 3


def test_a_mass_of_the_registrys_own_404s_alerts_nobody_and_neither_does_its_end(
    tmp_path: Path, sqlite_url: str
) -> None:
    found = records()
    for number in range(1, COUNT):
        found.remove(nct(number), on=TUESDAY)
        found.put(study(number), on="2026-03-04")
    watched = f"nct_ids = {[nct(number) for number in range(1, COUNT + 1)]}".replace("'", '"')
    with clinic(tmp_path, sqlite_url, found, trials=watched) as one:
        assert one.run_once() == 0
        one.world.go_to(TUESDAY)
        assert one.run_once() == 1
        assert one.alerts() == {nct(COUNT): 1}
        text = Monitor(one.url, one.folder).answer("source", "show", "trials")
        assert "no longer shown by the registry" in text
        one.world.go_to("2026-03-04")
        assert one.run_once() == 0
        assert one.alerts() == {nct(COUNT): 1}
        assert "nothing is held" in Monitor(one.url, one.folder).answer("source", "show", "trials")
