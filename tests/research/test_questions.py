"""docs/research.md: its commands say what it says, on the shared real histories."""

import csv
import doctest
import json
import re
import shlex
from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from tests.cli.calls import Monitor
from tests.cli.test_help import REPO
from tests.research import cthist

PAGE = (REPO / "docs" / "research.md").read_text("utf-8")
BLOCK = re.compile(r"(?ms)^```(sh|text|python)\n(.*?)^```$")


@pytest.fixture(scope="module")
def store(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Monitor:
    """Return the command line on a store of the 140 trials."""
    return stored(shared_data, tmp_path_factory.mktemp("cthist"))


def stored(shared_data: Path, folder: Path, *, carry_outcomes: bool = False) -> Monitor:
    """Store the 140 trials."""
    monitor = Monitor(f"sqlite:///{folder / 'monitor.db'}", folder)
    result = monitor.ingest(*cthist.studies(shared_data, carry_outcomes=carry_outcomes))
    assert json.loads(result.stdout)["stored"] == 876
    return monitor


def test_every_command_of_the_page_says_what_the_page_says(
    store: Monitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(store.folder)
    names: dict[str, object] = {}
    output = ""
    for language, text in BLOCK.findall(PAGE):
        if language == "sh":
            output = "".join(store.answer(*shlex.split(line)[1:]) for line in text.splitlines())
        elif language == "text":
            assert output == text
        else:
            names = example(text, names)


def example(text: str, names: dict[str, object]) -> dict[str, object]:
    """Run an example with the names of those before it; return the names after it."""
    test = doctest.DocTestParser().get_doctest(text, names, "docs/research.md", None, 0)
    runner = doctest.DocTestRunner()
    assert runner.run(test, clear_globs=False).failed == 0
    return test.globs


def test_without_what_the_old_site_hid_ten_changes_of_outcomes_are_none(
    shared_data: Path, tmp_path: Path
) -> None:
    monitor = stored(shared_data, tmp_path, carry_outcomes=True)
    [outcomes] = monitor.json("stats", "--group", "outcomes", "--backfilled")["counts"]
    assert (outcomes["measure"], outcomes["trials"]) == ("outcomes", 31)


def test_stops_and_slips_are_those_that_the_rows_themselves_tell(
    store: Monitor, shared_data: Path
) -> None:
    histories: dict[str, list[cthist.Row]] = defaultdict(list)
    for row in cthist.rows(shared_data):
        histories[row["nctid"]].append(row)
    stopped = {nct_id for nct_id, rows in histories.items() if any(_stops(rows))}
    found = store.json("stats", "--group", "status", "--backfilled")["counts"]
    assert {one["measure"]: one["trials"] for one in found}["stops"] == len(stopped)
    reported = store.answer("export", "versions", "--to", "-")
    assert {(one["nctid"], one["version_number"], one["primary_completion_date"])
            for one in csv.DictReader(reported.splitlines())} == {
        (row["nctid"], row["version_number"], row["primary_completion_date"].replace("NA", ""))
        for rows in histories.values() for row in rows
    }  # fmt: skip


def _stops(rows: list[cthist.Row]) -> Iterator[bool]:
    """Yield for each version but the first whether the trial stopped with it."""
    statuses = [row["overall_status"].strip() for row in rows]
    for before, after in pairwise(statuses):
        yield after != before and after in {"Terminated", "Withdrawn", "Suspended"}
