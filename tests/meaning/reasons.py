"""Reasons for stopping, by class, against a machine's labels and a reader's of COVID-19."""

from collections.abc import Iterable, Iterator, Mapping

from monitor.detect.rules.reasons import reason_class, reason_classes
from tests.meaning.labels import Row
from tests.meaning.scores import Judged, Share

# What the labels call otherwise than the monitor does.
_CLASSES: Mapping[str, str] = {"another study": "external_evidence"}


def told_class(text: str) -> str:
    """Return the class that the monitor sees first in a text; an empty one has none."""
    return reason_class(text) or "not_stated"


def judged(row: Row) -> tuple[str, str]:
    """Return the class told and the class labelled; labels know no ``not_stated`` but ``other``."""
    told, label = told_class(row["text"]), labelled_class(row)
    return ("other" if (told, label) == ("not_stated", "other") else told), label


def labelled_class(row: Row) -> str:
    """Return the class that the label names, by the monitor's name for it."""
    return _CLASSES.get(row["class"], row["class"])


def accuracy(rows: Iterable[tuple[str, str]]) -> Share:
    """Return how often the class told is the one labelled."""
    pairs = list(rows)
    return Share(sum(told == label for told, label in pairs), len(pairs))


def by_class(pairs: Iterable[tuple[str, str]]) -> Iterator[tuple[str, list[Judged]]]:
    """Yield for each labelled class what was told; errors by the class that stands for it."""
    rows = list(pairs)
    for name in sorted({label for _, label in rows}):
        yield (
            name,
            [
                Judged(
                    label == name, told == name, f"was {label}" if told == name else f"told {told}"
                )
                for told, label in rows
            ],
        )


def judge_covid(rows: Iterable[Row]) -> list[Judged]:
    """Return for each text whether COVID-19 is named as a reason: to the reader, to the monitor."""
    found = []
    for row in rows:
        told = reason_classes(row["text"])
        said = ", ".join(told) or "not_stated"
        found.append(Judged(row["covid_explicit"], "covid" in told, f"told {said}"))
    return found
