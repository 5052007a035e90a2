"""Reasons for stopping, by class, against a machine's labels and what people read in them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from monitor.detect.rules.reasons import reason_class, reason_classes
from tests.meaning.labels import Row
from tests.meaning.scores import Judged, Share

# What the labels call otherwise than the monitor does.
_CLASSES: Mapping[str, str] = {"another study": "external_evidence"}
_READ = Path(__file__).parent / "reasons_read.txt"


def told_class(text: str) -> str:
    """Return the class that the monitor sees first in a text; an empty one has none."""
    return reason_class(text) or "not_stated"


def judged(row: Row) -> tuple[str, str]:
    """Return the class told and the class labelled; labels know no ``not_stated`` but ``other``."""
    reported, label = told_class(row["text"]), labelled_class(row)
    return ("other" if (reported, label) == ("not_stated", "other") else reported), label


def labelled_class(row: Row) -> str:
    """Return the class that the label names, by the monitor's name for it."""
    return _CLASSES.get(row["class"], row["class"])


def read_by_people() -> dict[str, Sequence[str]]:
    """Return by NCT ID the classes that a reader found in a reason, the leading one first."""
    lines = _READ.read_text("utf-8").splitlines()
    rows = (line.split() for line in lines if not line.startswith("#"))
    return {nct_id: classes for nct_id, *classes in rows}


def judge_read(rows: Iterable[Row]) -> Iterator[tuple[str, Share]]:
    """Yield how often the class told is one that a reader found, his leading one, or ``other``.

    Of the rows that a reader judged; nothing where there is none.
    """
    known = read_by_people()
    pairs = [
        (told_class(row["text"]), known[row["nct_id"]])
        for row in rows
        if row.get("nct_id") in known
    ]
    if pairs:
        yield "accuracy", Share(sum(reported in found for reported, found in pairs), len(pairs))
        leads = sum(reported == found[0] for reported, found in pairs)
        yield "leading class", Share(leads, len(pairs))
        yield (
            "classified other",
            Share(sum(reported == "other" for reported, _ in pairs), len(pairs)),
        )


def accuracy(rows: Iterable[tuple[str, str]]) -> Share:
    """Return how often the class told is the one labelled."""
    pairs = list(rows)
    return Share(sum(reported == label for reported, label in pairs), len(pairs))


def by_class(pairs: Iterable[tuple[str, str]]) -> Iterator[tuple[str, list[Judged]]]:
    """Yield for each labelled class what was told; errors by the class that stands for it."""
    rows = list(pairs)
    for name in sorted({label for _, label in rows}):
        yield (
            name,
            [
                Judged(
                    label == name,
                    reported == name,
                    f"was {label}" if reported == name else f"told {reported}",
                )
                for reported, label in rows
            ],
        )


def judge_covid(rows: Iterable[Row]) -> list[Judged]:
    """Return for each text whether COVID-19 is named as a reason: to the reader, to the monitor."""
    found = []
    for row in rows:
        reported = reason_classes(row["text"])
        text = ", ".join(reported) or "not_stated"
        found.append(Judged(row["covid_explicit"], "covid" in reported, f"told {text}"))
    return found
