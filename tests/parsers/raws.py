"""Raw versions and small studies as the parser tests need them."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from monitor.model.fields import Path as FieldPath
from monitor.model.record import RawVersion, TrialRecord
from monitor.parsers.base import parse
from monitor.parsers.saved_pages.mirror_sections import SENTENCES

ROOT = Path(__file__).parents[2]
SEED_PAGES = sorted((ROOT / "seeds").glob("NCT*.txt"))
GOLDEN = Path(__file__).parent / "golden"
NCT_ID = "NCT01234567"


def raw(content: bytes | str, media: str = "json", version: int | None = None) -> RawVersion:
    """Return the content as a source would hand it on."""
    return RawVersion(
        content=content.encode() if isinstance(content, str) else content,
        media=media,
        source="files",
        origin="example",
        retrieved_at=datetime(2026, 3, 1, 12, tzinfo=UTC),
        registry_version=version,
    )


def study(**modules: Any) -> dict[str, Any]:
    """Return a small study with the protocol modules given by name."""
    return {"protocolSection": {"identificationModule": {"nctId": NCT_ID}, **modules}}


def parse_json(value: Any) -> TrialRecord:
    """Parse the value written as compact JSON."""
    return parse(raw(json.dumps(value, separators=(",", ":"), ensure_ascii=False)))


def parse_page(text: str) -> TrialRecord:
    """Parse the text of a saved page."""
    return parse(raw(text, "text"))


def page(nct_id: str) -> str:
    """Return the text of a seed page."""
    (found,) = (path for path in SEED_PAGES if path.name.startswith(nct_id))
    return found.read_text(encoding="utf-8")


def mirror(title: str = "A Study of Compound B", **sections: str) -> str:
    """Return a page with the sections given by heading (``Study_Groups``)."""
    parts = [title, f"NCT ID: {NCT_ID}", "Last Updated: 2026-01-09"]
    for name, text in sections.items():
        heading = name.replace("_", " ")
        parts += [heading, SENTENCES[heading], text]
    return "\n\n".join(parts)


def read_mirror(**sections: str) -> TrialRecord:
    """Parse a mirror's page with these sections."""
    return parse_page(mirror(**sections))


def items(record: TrialRecord, path: FieldPath) -> list[dict[str, Any]]:
    """Return the objects of a list as plain dicts."""
    return [dict(item) for item in record.items(path)]
