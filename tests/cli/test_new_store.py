"""A store is made where one is wanted, not where the folder is the wrong one; and it is said."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from monitor.cli.root import monitor
from monitor.store.migrate import upgrade
from tests.cli.studies import study

Run = Callable[..., Result]
RELATIVE = "sqlite:///data/monitor.db"


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the command line in a folder of that name, with a state folder of the test's own."""

    def run(folder: str, *args: str, **environ: str) -> Result:
        place = tmp_path / folder
        place.mkdir(exist_ok=True, parents=True)
        monkeypatch.chdir(place)
        return CliRunner(env={"XDG_STATE_HOME": str(tmp_path / "state"), **environ}).invoke(
            monitor, args, prog_name="monitor"
        )

    return run


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Return a configuration with a relative store, in a folder of its own."""
    file = tmp_path / "etc" / "monitor.toml"
    file.parent.mkdir()
    file.write_text(f'[store]\nurl = "{RELATIVE}"\n', "utf-8")
    return file


def once(config: Path, *options: str) -> tuple[str, ...]:
    return ("--config", str(config), "run", "--once", *options)


def test_run_makes_no_store_where_its_configuration_ran_with_another(
    run: Run, config: Path, tmp_path: Path
) -> None:
    first = run("right", *once(config))
    assert first.exit_code == 0
    assert first.stderr == "monitor: made a new store at data/monitor.db\n"
    refused = run("wrong", *once(config))
    assert refused.exit_code == 2
    for store in ("right/data/monitor.db", "wrong/data/monitor.db"):
        assert str(tmp_path / store) in refused.stderr
    assert "--new-store" in refused.stderr
    assert not (tmp_path / "wrong" / "data").exists()
    again = run("right", *once(config))
    assert (again.exit_code, again.stderr) == (0, "")


def test_a_new_store_is_made_when_asked_for_and_remembered_from_then_on(
    run: Run, config: Path
) -> None:
    assert run("right", *once(config)).exit_code == 0
    made = run("wrong", *once(config, "--new-store"))
    assert made.exit_code == 0
    assert "made a new store" in made.stderr
    assert run("wrong", *once(config)).exit_code == 0
    assert run("third", *once(config)).exit_code == 2


def test_a_store_that_is_there_is_used_whatever_was_used_before(run: Run, config: Path) -> None:
    assert run("right", *once(config)).exit_code == 0
    assert run("other", *once(config, "--new-store")).exit_code == 0
    assert run("right", *once(config)).exit_code == 0


def test_a_store_that_is_gone_is_no_reason_to_refuse(
    run: Run, config: Path, tmp_path: Path
) -> None:
    assert run("right", *once(config)).exit_code == 0
    for file in (tmp_path / "right" / "data").iterdir():
        file.unlink()
    assert run("elsewhere", *once(config)).exit_code == 0


@pytest.mark.parametrize("beside", ["etc/data/monitor.db", "data/monitor.db", "etc/monitor.db"])
def test_run_makes_no_store_where_one_lies_beside_its_configuration(
    run: Run, config: Path, tmp_path: Path, beside: str
) -> None:
    upgrade(f"sqlite:///{tmp_path / beside}")
    refused = run("wrong", *once(config))
    assert refused.exit_code == 2
    assert str(tmp_path / beside) in refused.stderr
    assert str(tmp_path / "wrong/data/monitor.db") in refused.stderr
    assert run("wrong", *once(config, "--new-store")).exit_code == 0


def test_configurations_in_one_folder_have_stores_of_their_own(run: Run, config: Path) -> None:
    other = config.with_name("other.toml")
    other.write_text(config.read_text("utf-8"), "utf-8")
    assert run("right", *once(config)).exit_code == 0
    assert run("mine", *once(other)).exit_code == 0
    assert run("mine", *once(config)).exit_code == 0  # it is there
    assert run("wrong", *once(other)).exit_code == 2


def test_a_database_that_was_left_out_is_missed(run: Run, config: Path, tmp_path: Path) -> None:
    assert (
        run("right", *once(config), MONITOR_DATABASE_URL=f"sqlite:///{tmp_path}/a.db").exit_code
        == 0
    )
    refused = run("right", *once(config))
    assert refused.exit_code == 2
    assert f"{tmp_path}/a.db" in refused.stderr


def test_without_leave_to_remember_run_works_all_the_same(
    run: Run, config: Path, tmp_path: Path
) -> None:
    (tmp_path / "state").write_text("a file where the folder should be")
    assert run("right", *once(config)).exit_code == 0
    assert run("wrong", *once(config)).exit_code == 0


def test_what_is_remembered_holds_no_secret_and_is_private(
    run: Run, config: Path, tmp_path: Path
) -> None:
    assert run("right", *once(config)).exit_code == 0
    (file,) = (tmp_path / "state" / "trial-monitor" / "stores").iterdir()
    assert json.loads(file.read_text()) == {
        "configuration": str(config),
        "store": str(tmp_path / "right/data/monitor.db"),
    }
    assert file.stat().st_mode & 0o077 == 0


def test_every_command_says_when_it_made_a_store(run: Run, config: Path, tmp_path: Path) -> None:
    record = tmp_path / "study.json"
    record.write_text(json.dumps(study()), "utf-8")
    text = "monitor: made a new store at data/monitor.db\n"
    first = run("a", "--config", str(config), "ingest", str(record), "--json")
    assert first.stderr == text
    assert json.loads(first.stdout)["stored"] == 1
    assert run("a", "--config", str(config), "ingest", str(record)).stderr == ""
    assert run("b", "--config", str(config), "subscriber", "add", "ana").stderr == text
    assert run("c", "--config", str(config), "db", "upgrade").stderr == text


def test_doctor_says_where_a_store_is_empty(run: Run, config: Path) -> None:
    assert run("a", "--config", str(config), "db", "upgrade").exit_code == 0
    assert "empty" in run("a", "--config", str(config), "doctor", "--offline").stdout


def test_doctor_says_that_run_would_make_no_store_there(run: Run, config: Path) -> None:
    assert run("right", *once(config)).exit_code == 0
    assert run("right", "--config", str(config), "doctor", "--offline").exit_code == 0
    wrong = run("wrong", "--config", str(config), "doctor", "--offline")
    assert wrong.exit_code == 1
    assert "right/data/monitor.db before" in " ".join(wrong.stdout.split())
