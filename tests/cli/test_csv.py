"""Tables as CSV, for spreadsheets."""

import csv

import pytest

from tests.cli.calls import Monitor
from tests.cli.studies import NCT, study

TABLES = (
    "trials",
    "events",
    "stats",
    "quarantine list",
    "outbox list",
    "subscriber list",
    "subscription list",
    "silence list",
    "channel list",
    "status",
)


def rows(monitor: Monitor, *args: str) -> list[dict[str, str]]:
    """Run it with ``--csv`` and return its rows by the names of the columns."""
    return list(csv.DictReader(monitor.answer(*args, "--csv").splitlines()))


@pytest.mark.parametrize("name", TABLES)
def test_every_table_can_be_had_as_csv_with_a_head(filled: Monitor, name: str) -> None:
    shown = filled.answer(*name.split(), "--csv")
    head, *others = csv.reader(shown.splitlines())
    assert len(head) > 3
    assert all(len(row) == len(head) for row in others)


def test_csv_holds_whole_texts_and_no_formula(filled: Monitor) -> None:
    title = '=HYPERLINK("http://example.org","Lupus"), ' + "long " * 80
    filled.ingest(study(nct_id="NCT09000003", title=title, sponsor="Universität 日本, GmbH"))
    found = {row["NCT ID"]: row for row in rows(filled, "trials")}
    assert found["NCT09000003"]["Title"] == f"'{title.strip()}"
    assert found["NCT09000003"]["Sponsor"] == "Universität 日本, GmbH"
    assert found[NCT]["Status"] == "active, not recruiting"


def test_the_reclassified_can_be_had_as_csv(filled: Monitor) -> None:
    assert filled("reclassify", "--dry-run", "--csv").exit_code == 0


def test_one_format_at_a_time(filled: Monitor) -> None:
    for options in (("--csv", "--json"), ("--json", "--csv")):
        assert "exclude each other" in filled.complaint("trials", *options, code=2)


def test_piped_output_is_aligned(filled: Monitor) -> None:
    filled.ingest(study(nct_id="NCT09000003", sponsor="A sponsor of a very long name " * 3))
    lines = filled.answer("trials").splitlines()[:-1]
    start = lines[0].index("Title")
    assert len({line[:start].rstrip() for line in lines}) == len(lines)
    assert all(line[start - 2 : start] == "  " and line[start] != " " for line in lines)
