"""A record that the registry no longer shows, as a source reports it: gone, or merged.

``{"nctId": "NCT…", "presence": "gone" | "merged", "mergedInto": "NCT…", "said": "…"}``;
``mergedInto`` only with ``merged``; ``said`` are the registry's own words, which a redirect to
another record does without.
"""

from typing import Any

from monitor.errors import RecordError
from monitor.model import fields
from monitor.model.coverage import ABSENCE
from monitor.model.nct import is_nct_id
from monitor.model.record import RawVersion, TrialRecord
from monitor.model.tracking import Presence

LONGEST_SAID = 500
"""Characters that are kept of the registry's words; real ones have about forty."""

_KEYS = frozenset({"nctId", "presence", "mergedInto", "said"})
_ABSENT = {str(Presence.GONE): "GONE", str(Presence.MERGED): "MERGED"}


def recognizes(content: Any) -> bool:
    """Return whether the JSON value can be an absence at all."""
    return isinstance(content, dict)


def read(raw: RawVersion, content: Any) -> TrialRecord:
    """Return a record that states nothing but how the registry shows it.

    White space in the registry's words is evened out. RecordError: an unknown key or presence,
    an ID that is none, ``mergedInto`` that is missing, superfluous or the record's own ID.
    """
    del raw
    # Strict, since the monitor's own sources write it: an unknown key is a mistake of ours.
    unknown = sorted(content.keys() - _KEYS)
    if unknown:
        raise RecordError(f"an absence has no {unknown[0][:40]!r}")
    nct_id = _id(content, "nctId")
    presence = content.get("presence")
    if not isinstance(presence, str) or presence not in _ABSENT:
        raise RecordError(f"the presence {str(presence)[:40]!r} is not one of an absent record")
    presence_module: dict[str, str] = {fields.REGISTRY_PRESENCE[-1]: _ABSENT[presence]}
    if presence == Presence.MERGED:
        presence_module[fields.REGISTRY_MERGED_INTO[-1]] = _merged_into(content, nct_id)
    elif "mergedInto" in content:
        raise RecordError("mergedInto is given of a record that was not merged")
    words = _registry_words(content) if "said" in content or presence != Presence.MERGED else ""
    if words:
        presence_module[fields.REGISTRY_MESSAGE[-1]] = words
    # Nothing else: merged with the last record, it leaves what was known as it was.
    section, module, name = fields.NCT_ID
    return TrialRecord(
        nct_id=nct_id,
        document={section: {module: {name: nct_id}}, fields.REGISTRY_RECORD[-1]: presence_module},
        coverage=ABSENCE,
    )


def _id(content: dict[str, Any], key: str) -> str:
    found = content.get(key)
    if not isinstance(found, str) or not is_nct_id(found):
        raise RecordError(f"{key} is {str(found)[:40]!r}, which is not an NCT ID")
    return found


def _merged_into(content: dict[str, Any], nct_id: str) -> str:
    other = _id(content, "mergedInto")
    if other == nct_id:
        raise RecordError(f"{nct_id} cannot be merged into itself")
    return other


def _registry_words(content: dict[str, Any]) -> str:
    words = content.get("said", "")
    if not isinstance(words, str):
        raise RecordError("the registry's words (said) are not a text")
    words = " ".join(words.split())
    return words if len(words) <= LONGEST_SAID else words[: LONGEST_SAID - 1] + "…"
