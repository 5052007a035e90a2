"""``monitor export records``: dated files of every version."""

import json
from pathlib import Path

import pytest

from tests.cli.calls import Monitor
from tests.cli.studies import NCT, OTHER, study


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder that is not there yet."""
    return tmp_path / "exported" / "records"


def names(folder: Path) -> list[str]:
    """Return the files below a folder."""
    return sorted(str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file())


def test_every_version_is_a_dated_file_of_indented_json(filled: Monitor, folder: Path) -> None:
    assert filled.answer("export", "records", NCT, OTHER, "--to", str(folder)).startswith(
        "4 files written to "
    )
    assert names(folder) == [
        f"{NCT}/2026-02-02_v1.json",
        f"{NCT}/2026-03-07_v2.json",
        f"{NCT}/2026-03-07_v3.json",
        f"{OTHER}/2026-02-02_v1.json",
    ]
    text = (folder / NCT / "2026-03-07_v2.json").read_text("utf-8")
    assert text.startswith('{\n  "derivedSection": {')
    assert text.endswith("}\n")
    study = json.loads(text)
    assert study["protocolSection"]["designModule"]["enrollmentInfo"]["count"] == 240


def test_what_is_there_already_is_left_untouched(filled: Monitor, folder: Path) -> None:
    filled.answer("export", "records", NCT, "--to", str(folder))
    file, other = folder / NCT / "2026-02-02_v1.json", folder / NCT / "2026-03-07_v2.json"
    before = file.stat()
    other.write_text("{}")
    assert filled.json("export", "records", NCT, NCT, "--to", str(folder)) == {
        "written": 1, "unchanged": 2, "files": [str(other)], "removed": [],
    }  # fmt: skip
    assert (file.stat().st_mtime_ns, file.stat().st_ino) == (before.st_mtime_ns, before.st_ino)
    assert other.read_text() != "{}"
    assert names(folder) == [
        f"{NCT}/2026-02-02_v1.json", f"{NCT}/2026-03-07_v2.json", f"{NCT}/2026-03-07_v3.json",
    ]  # fmt: skip


def test_exported_files_say_the_same_when_they_are_ingested(filled: Monitor, folder: Path) -> None:
    filled.answer("export", "records", NCT, OTHER, "--to", str(folder))
    assert filled.json("ingest", str(folder))["stored"] == 0


def test_a_link_that_leads_out_of_the_folder_is_not_followed(
    filled: Monitor, folder: Path, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    folder.mkdir(parents=True)
    (folder / NCT).symlink_to(elsewhere, target_is_directory=True)
    assert "leads out of" in filled.complaint("export", "records", NCT, "--to", str(folder), code=2)
    assert list(elsewhere.iterdir()) == []


def test_a_linked_file_is_replaced_and_what_it_leads_to_stays(
    filled: Monitor, folder: Path, tmp_path: Path
) -> None:
    victim = tmp_path / "victim.json"
    victim.write_text("mine")
    (folder / NCT).mkdir(parents=True)
    (folder / NCT / "2026-02-02_v1.json").symlink_to(victim)
    filled.answer("export", "records", NCT, "--to", str(folder))
    assert victim.read_text() == "mine"
    assert not (folder / NCT / "2026-02-02_v1.json").is_symlink()


def test_of_a_missing_trial_nothing_is_written(filled: Monitor, folder: Path) -> None:
    assert "NCT09999999" in filled.complaint(
        "export", "records", NCT, "NCT09999999", "--to", str(folder), code=3
    )
    assert not folder.exists()


def test_a_file_in_the_way_is_named(filled: Monitor, folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / NCT).write_text("mine")
    assert f"{folder / NCT} is no folder" in filled.complaint(
        "export", "records", NCT, "--to", str(folder), code=2
    )


def test_a_late_version_leaves_no_file_under_an_earlier_number(
    filled: Monitor, folder: Path
) -> None:
    filled.answer("export", "records", NCT, "--to", str(folder))
    (folder / NCT / "notes.json").write_text("mine")
    filled.ingest(study("2026-02-20", loaded="2026-02-21", enrollment=150))
    done = filled.json("export", "records", NCT, "--to", str(folder))
    assert (done["written"], done["unchanged"]) == (3, 1)
    assert done["removed"] == [str(folder / NCT / name) for name in ("2026-03-07_v2.json",)]
    assert names(folder) == [
        f"{NCT}/2026-02-02_v1.json",
        f"{NCT}/2026-02-20_v2.json",
        f"{NCT}/2026-03-07_v3.json",
        f"{NCT}/2026-03-07_v4.json",
        f"{NCT}/notes.json",
    ]


def test_what_no_version_says_is_never_removed(
    filled: Monitor, folder: Path, tmp_path: Path
) -> None:
    filled.answer("export", "records", NCT, "--to", str(folder))
    place = folder / NCT
    (place / "2025-01-01_v7.json").write_text("{}")
    (tmp_path / "copy.json").write_bytes((place / "2026-02-02_v1.json").read_bytes())
    (place / "2025-01-01_v8.json").symlink_to(tmp_path / "copy.json")
    (place / "2025-01-01_v9.json").mkdir()
    result = filled("export", "records", NCT, "--to", str(folder), "--json")
    assert (result.exit_code, json.loads(result.stdout)["removed"]) == (0, [])
    assert result.stderr.splitlines() == [
        f"monitor: {place / f'2025-01-01_v{number}.json'} holds no version of the store; "
        "it was left as it is"
        for number in (7, 8, 9)
    ]
    assert (place / "2025-01-01_v7.json").read_text() == "{}"
    assert (place / "2025-01-01_v8.json").is_symlink()


def test_a_folder_that_cannot_be_written_is_named_in_plain_words(filled: Monitor) -> None:
    for folder in ("/proc/nowhere", f"/proc/{'x' * 300}"):
        text = filled.complaint("export", "records", NCT, "--to", folder, code=1)
        assert text.startswith(f"monitor: {folder} cannot be written: ")
        assert "Error" not in text
