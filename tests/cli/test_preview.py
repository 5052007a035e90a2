"""``monitor preview``: the message of a stored version, in every format."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
import time_machine
from syrupy.assertion import SnapshotAssertion

from tests.cli.calls import Monitor
from tests.cli.studies import NCT, OTHER

SEEDS = Path(__file__).parents[2] / "seeds"
FORMATS = ("text", "html", "slack", "json")
# Two real changes: a larger trial, and one first seen when it had been withdrawn.
REAL = ("NCT06733935", "NCT06377228")


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Monitor:
    """Return the command line on a store of the seeds, the later ones read three weeks later."""
    folder = tmp_path_factory.mktemp("seeded")
    monitor = Monitor(f"sqlite:///{folder / 'monitor.db'}", folder)
    loads = (
        (datetime(2026, 6, 1, 8, tzinfo=UTC), sorted(SEEDS.glob("*.txt"))),
        (datetime(2026, 7, 9, 8, 30, tzinfo=UTC), [SEEDS / "2026-07"]),
    )
    for at, paths in loads:
        with time_machine.travel(at, tick=False):
            monitor.answer("ingest", *map(str, paths))
    return monitor


@pytest.mark.parametrize("written", FORMATS)
@pytest.mark.parametrize("nct_id", REAL)
def test_a_real_change_in_every_format(
    seeded: Monitor, nct_id: str, written: str, snapshot: SnapshotAssertion
) -> None:
    assert seeded.answer("preview", nct_id, "--format", written) == snapshot


def test_text_begins_with_the_subject(seeded: Monitor) -> None:
    lines = seeded.answer("preview", "NCT06733935").splitlines()
    assert (
        lines[0] == "Enrollment target 144 → 240 (+67%) + 1 more: NKX019 + Fludarabi… (NCT06733935)"
    )
    assert "seen between 2026-06-01 08:00 and 2026-07-09 08:30 UTC" in "\n".join(lines)


def test_json_is_short_for_its_format(seeded: Monitor) -> None:
    shown = seeded.answer("preview", "NCT06733935", "--json")
    assert shown == seeded.answer("preview", "NCT06733935", "--format", "json")
    assert json.loads(shown)["alerts"][0]["version"] == 2


def test_without_a_number_it_is_the_last_version_with_news(filled: Monitor) -> None:
    assert filled.json("history", NCT, "--noise")["versions"][-1]["version"] == 3
    assert filled.json("preview", NCT)["alerts"][0]["version"] == 2
    assert filled.json("preview", NCT, "--version", "1")["alerts"][0]["version"] == 1
    assert filled.json("preview", OTHER)["subject"] == (
        f"First seen (completed): Examplumab, systemic lupus erythematosus ({OTHER})"
    )


def test_noise_is_left_out_unless_there_is_nothing_else(filled: Monitor) -> None:
    news = filled.json("preview", NCT, "--version", "2")["alerts"][0]["events"]
    noise = filled.json("preview", NCT, "--version", "3")["alerts"][0]["events"]
    assert "noise" not in {event["severity"] for event in news}
    assert {event["severity"] for event in noise} == {"noise"}


def test_it_is_the_message_that_a_subscriber_would_get(filled: Monitor) -> None:
    config = filled.folder / "linked.toml"
    config.write_text('[delivery]\npublic_url = "https://monitor.example.org"\n', "utf-8")
    shown = filled.answer("preview", NCT, "--config", str(config))
    assert f"You get this because “example” includes this trial ({NCT})" in shown
    assert re.search("Unsubscribe: https://monitor.example.org/unsubscribe/[0-9a-f-]+/", shown)
    assert "Unsubscribe" not in filled.answer("preview", NCT)


def test_what_is_not_stored_is_not_found(filled: Monitor) -> None:
    assert "NCT00000009 is not in the store" in filled.complaint("preview", "NCT00000009", code=3)
    text = filled.complaint("preview", NCT, "--version", "9", code=3)
    assert f"{NCT} has no version 9; it has 3 versions" in text


def test_a_format_that_there_is_not_is_refused(filled: Monitor) -> None:
    assert "'pdf' is not one of" in filled.complaint("preview", NCT, "--format", "pdf", code=2)


def test_templates_of_ones_own_are_tried_and_used(filled: Monitor) -> None:
    folder = filled.folder / "templates"
    folder.mkdir()
    own = folder / "subject.txt.j2"
    own.write_text("[trials] {{ page.subject }}", "utf-8")
    shown = filled.answer("preview", NCT, "--templates", str(folder))
    assert shown.startswith("[trials] ACTIVE, NOT RECRUITING + 2 more: ")
    config = filled.folder / "own.toml"
    config.write_text(f'[delivery]\ntemplates = "{folder}"\n', "utf-8")
    assert filled.answer("preview", NCT, "--config", str(config)) == shown
    own.write_text("\n{{ page.sbuject }}", "utf-8")
    text = filled.complaint("preview", NCT, "--templates", str(folder), code=2)
    assert f"{own}, line 2 fails: " in text
    assert "sbuject" in text


def test_several_trials_make_a_group_or_a_digest(seeded: Monitor) -> None:
    group = seeded.json("preview", *REAL)
    assert {alert["nct_id"] for alert in group["alerts"]} == set(REAL)
    assert group["group"]["until"].startswith("2026-07-09T08:30")
    assert group["digest"] is None
    digest = seeded.json("preview", *REAL, "--as", "digest")
    assert digest["digest"]["until"] == group["group"]["until"]
    assert digest["alerts"] == group["alerts"]
    of_one = seeded.json("preview", REAL[0], "--as", "digest")
    assert of_one["digest"] is not None
    assert of_one["alerts"] == seeded.json("preview", REAL[0])["alerts"]
    for nct_id in REAL:
        assert nct_id in seeded.answer("preview", *REAL, "--as", "digest")
        assert nct_id in seeded.answer("preview", *REAL, "--format", "html")


def test_what_several_trials_cannot_be_is_refused(seeded: Monitor) -> None:
    text = seeded.complaint("preview", *REAL, "--as", "alert", code=2)
    assert "--as digest or --as group" in text
    assert "--version is for one trial" in seeded.complaint(
        "preview", *REAL, "--version", "1", code=2
    )
    assert "--send" in seeded.complaint("preview", REAL[0], "--to", "a@example.org", code=2)


def test_it_is_sent_by_a_channel_with_an_id_of_its_own(filled: Monitor) -> None:
    config = filled.folder / "monitor.toml"
    out = filled.folder / "out"
    config.write_text(
        f'[[channel]]\nname = "files"\ntype = "folder"\npath = "{out}"\n'
        '[[channel]]\nname = "away"\ntype = "email"\nserver = "127.0.0.1:1"\nsecurity = "none"\n'
        'sender = "m@example.org"\nto = "ana@example.org"\n',
        "utf-8",
    )
    filled.environ["MONITOR_CONFIG"] = str(config)
    shown = filled.json("preview", NCT)
    text = filled.answer("preview", NCT, "--send", "files")
    assert text.startswith(f"Sending by files: {shown['subject']}\nfiles (folder): sent: ")
    tried = filled.json("preview", NCT, "--send", "files")
    assert [(one["channel"], one["ok"]) for one in tried] == [("files", True)]
    files = sorted(out.rglob("*.json"))
    sent = [json.loads(file.read_text("utf-8"))["data"] for file in files]
    ids = {one.pop("delivery") for one in sent}
    assert len(ids) == 2
    assert shown.pop("delivery") not in ids
    assert sent == [shown, shown]
    assert filled.json("outbox", "list") == []
    failed = filled("preview", NCT, "--send", "away", "--to", "bo@example.org")
    assert failed.exit_code == 1
    assert "away (email) to bo@example.org: failed: " in failed.stdout
    assert "there is no channel 'none'" in filled.complaint(
        "preview", NCT, "--send", "none", code=3
    )


def test_without_an_id_it_is_what_changed_last(seeded: Monitor, monitor: Monitor) -> None:
    assert seeded.json("preview") == seeded.json("preview", REAL[0])
    digest = seeded.json("preview", "--as", "digest")
    assert len(digest["alerts"]) == 5
    assert digest["alerts"][0]["nct_id"] == REAL[0]
    monitor.answer("db", "upgrade")
    assert "no trial is stored in" in monitor.complaint("preview", code=3)
