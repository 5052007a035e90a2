"""The entry to all parsers: choose the one that reads a raw version, and reject the rest.

``ingest.observation`` calls ``parse``; the table of parsers is here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from monitor.errors import RecordError
from monitor.model import fields
from monitor.model.foreign_formats import of_object, of_text
from monitor.model.record import RawVersion, TrialRecord
from monitor.parsers import history, strict_json, study, tombstone
from monitor.parsers.saved_pages import mirror, page, recruitment_site


@dataclass(frozen=True, slots=True, kw_only=True)
class Parser:
    """One layout of one medium: how to tell it, and how to read it.

    Both get the decoded content: a JSON value, or the lines of a page. ``read`` raises
    RecordError for whatever it cannot read.
    """

    media: str
    recognizes: Callable[[Any], bool]
    read: Callable[[RawVersion, Any], TrialRecord]


_DECODERS: dict[str, Callable[[bytes], Any]] = {
    "absence": strict_json.decode,
    "json": strict_json.decode,
    "text": page.decode,
}

_UNKNOWN_PAGE = (
    "the text page has none of the known layouts; download JSON instead: "
    "https://clinicaltrials.gov/api/v2/studies/NCT_ID"
)

# The first one that recognizes the content reads it.
PARSERS: dict[str, Parser] = {
    "absence": Parser(media="absence", recognizes=tombstone.recognizes, read=tombstone.read),
    "history answer": Parser(media="json", recognizes=history.recognizes, read=history.read),
    "study": Parser(media="json", recognizes=study.recognizes, read=study.read),
    "registry mirror's page": Parser(media="text", recognizes=mirror.recognizes, read=mirror.read),
    "recruitment site's page": Parser(
        media="text", recognizes=recruitment_site.recognizes, read=recruitment_site.read
    ),
}


def parse(raw: RawVersion) -> TrialRecord:
    """Return the record that the bytes hold, in the canonical form, with its coverage.

    RecordError, with one clear sentence, for whatever cannot be read; never another error.
    Pure: no clock, no I/O.
    """
    # Once, not once for each layout: a page or a JSON of 1 MB is decoded before anybody looks at
    # it.
    decode = _DECODERS.get(raw.media)
    if decode is None:
        raise RecordError(f"records of the medium {raw.media!r} cannot be read")
    content = decode(raw.content)
    for parser in PARSERS.values():
        if parser.media == raw.media and parser.recognizes(content):
            return parser.read(raw, content)
    raise RecordError(_describe_unrecognized(raw.media, content))


def _describe_unrecognized(media: str, content: Any) -> str:
    if media == "text":
        return of_text("\n".join(content), is_unknown=True) or _UNKNOWN_PAGE
    if media == "absence":
        return "the absence is not a JSON object"
    if not isinstance(content, dict):
        return "the JSON is not an object, so not a study record"
    # A page of the API's search, saved as it came.
    if "studies" in content:
        return "this is a list of studies, not one study record"
    if (known := of_object(content)) is not None:
        return known
    return f"the JSON is not a study record ({fields.dotted(fields.PROTOCOL)} is missing)"
