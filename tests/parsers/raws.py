"""Raw versions and small studies as the parser tests need them."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from monitor.model.record import RawVersion, TrialRecord
from monitor.parsers.base import parse

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
