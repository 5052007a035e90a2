"""Shared by both layouts of saved text pages: reading lines, and collecting facts."""

from collections.abc import Iterable, Sequence
from typing import Any

from monitor.errors import RecordError
from monitor.model import fields
from monitor.model.coverage import Coverage
from monitor.model.fields import Path
from monitor.model.nct import is_nct_id
from monitor.model.record import RawVersion, TrialRecord


def decode(content: bytes) -> list[str]:
    """Return the page's lines without white space at their ends.

    RecordError: an empty file, bytes that are not UTF-8, an HTML page instead of its text.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        raise RecordError(f"byte {exc.start} of the text page is not valid UTF-8") from exc
    if not text.strip():
        raise RecordError("the input is empty")
    if text.lstrip().startswith("<"):
        raise RecordError("this is an HTML or XML page, not the saved text of one")
    return [line.strip() for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")]


def paragraphs(lines: Iterable[str]) -> list[str]:
    """Return the blocks between empty lines, each with its line breaks."""
    blocks: list[list[str]] = [[]]
    for line in lines:
        if line:
            blocks[-1].append(line)
        elif blocks[-1]:
            blocks.append([])
    return ["\n".join(block) for block in blocks if block]


def only_id(found: Sequence[str]) -> str:
    """Return the one NCT ID among the page's own; RecordError for none, two or a bad one."""
    distinct = sorted(set(found))
    if not distinct:
        raise RecordError("the page does not state its NCT ID")
    if len(distinct) > 1:
        raise RecordError(f"the page states two NCT IDs: {distinct[0]} and {distinct[1]}")
    if not is_nct_id(distinct[0]):
        raise RecordError(f"the page states {distinct[0][:40]!r}, which is not an NCT ID")
    return distinct[0]


class PageFacts:
    """The document and the coverage of a page, while its facts are being gathered."""

    def __init__(self) -> None:
        self.document: dict[str, Any] = {}
        self.leaves: set[Path] = set()
        self.run_in: set[Path] = set()

    def put(self, path: Path, value: Any) -> None:
        """State a single fact; an empty one is not stated."""
        if value in (None, "", []):
            return
        node = self.document
        for name in path[:-1]:
            node = node.setdefault(name, {})
        node[path[-1]] = value
        self.leaves.add(path)

    def put_run_in(self, path: Path, words: str) -> None:
        """State a list that the page runs into one line: an only item, marked as such."""
        if words:
            self.put(path, [words])
            self.run_in.add(path)

    def put_items(self, path: Path, items: list[dict[str, Any]], attributes: Sequence[str]) -> None:
        """State a list of objects, whole, with the attributes that the layout carries."""
        if items:
            self.put(path, items)
            # The attributes are stated, not the list as one leaf: a page shows no coordinates of
            # its sites.
            self.leaves.discard(path)
            self.leaves.update((*path, name) for name in attributes)

    def record(self, raw: RawVersion, nct_id: str) -> TrialRecord:
        """Return the record of what was gathered."""
        self.put(fields.NCT_ID, nct_id)
        return TrialRecord(
            nct_id=nct_id,
            document=self.document,
            coverage=Coverage.of(self.leaves, run_in=self.run_in),
            registry_version=raw.registry_version,
        )
