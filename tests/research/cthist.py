"""The versions that cthist read from the registry's classic site, as study documents.

What a row states is taken as it is; what it cannot state (a sponsor's name apart from others, a
summary) is the same made-up value in every version, so that nothing is seen to change there.
"""

import csv
import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.whole import as_whole

Row = dict[str, str]

_STATUSES = {"Active, not recruiting": "ACTIVE_NOT_RECRUITING", "Unknown status": "UNKNOWN"}
_TYPES = {"Anticipated": "ESTIMATED", "Actual": "ACTUAL"}
_SECTIONS = {
    "Primary Outcome Measures:": "primaryOutcomes",
    "Secondary Outcome Measures:": "secondaryOutcomes",
    "Other Outcome Measures:": "otherOutcomes",
}
_TIME_FRAME = re.compile(r"\[ Time Frame: (.*?) \]", re.DOTALL)
_LENGTHS = {"month": 7, "day": 10}


def rows(shared_data: Path) -> Iterator[Row]:
    """Yield the 876 versions of 140 trials, each trial's oldest first."""
    file = shared_data / "ctgov/history/cthist_versions_140_trials.csv.gz"
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        yield from csv.DictReader(lines)


def studies(shared_data: Path, *, carry_outcomes: bool = False) -> Iterator[dict[str, Any]]:
    """Yield the versions as documents.

    Once results are posted the classic site showed outcomes with them, and 28 rows have none:
    ``[See Results Section.]``. ``carry_outcomes``: they are taken to have those of the row before.
    """
    outcomes: dict[str, Any] = {}
    registered = ""
    for row in rows(shared_data):
        if row["version_number"] == "1":
            registered, outcomes = row["version_date"], {}
        text = row["outcome_measures"]
        if text.startswith("[{"):
            outcomes = _outcomes(text)
        elif not carry_outcomes:
            outcomes = {}
        yield _study(row, registered, outcomes)


def _study(row: Row, registered: str, outcomes: dict[str, Any]) -> dict[str, Any]:
    status = row["overall_status"].strip()
    updated = {"date": row["version_date"], "type": "ACTUAL"}
    design: dict[str, Any] = {"studyType": "INTERVENTIONAL"}
    if row["enrolment"].isdecimal():
        kind = _TYPES.get(row["enrolment_type"])
        info: dict[str, Any] = {"type": kind} if kind else {}
        design["enrollmentInfo"] = info | {"count": int(row["enrolment"])}
    return as_whole(
        {
            "protocolSection": {
                "identificationModule": {"nctId": row["nctid"]},
                "statusModule": {
                    "overallStatus": _STATUSES.get(status, status.upper().replace(" ", "_")),
                    "studyFirstSubmitDate": registered,
                    "lastUpdateSubmitDate": row["version_date"],
                    "lastUpdatePostDateStruct": updated,
                    **_date(row, "startDateStruct", "study_start_date"),
                    **_date(row, "primaryCompletionDateStruct", "primary_completion_date"),
                },
                "designModule": design,
                "outcomesModule": outcomes,
            },
            "derivedSection": {"miscInfoModule": {"versionHolder": row["version_date"]}},
        }
    )


def _date(row: Row, name: str, column: str) -> dict[str, Any]:
    length = _LENGTHS.get(row[f"{column}_precision"])
    if length is None:
        return {}
    kind = _TYPES.get(row.get(f"{column}_type", ""))
    return {name: {"date": row[column][:length]} | ({"type": kind} if kind else {})}


def _outcomes(text: str) -> dict[str, Any]:
    found: dict[str, Any] = {name: [] for name in _SECTIONS.values()}
    for one in json.loads(text, strict=False):
        head, frame, rest = _parts(one["content"])
        outcome = {"measure": head, "timeFrame": frame, "description": rest}
        output = {name: value for name, value in outcome.items() if value}
        found[_SECTIONS[one["section"]]].append(output)
    return {name: items for name, items in found.items() if items}


def _parts(content: str) -> tuple[str, str, str]:
    frame = _TIME_FRAME.search(content)
    head, rest = (content[: frame.start()], content[frame.end() :]) if frame else (content, "")
    return head.strip(), " ".join(frame[1].split()) if frame else "", rest.strip()
