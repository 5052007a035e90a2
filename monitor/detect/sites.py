"""What the monitor knows about site names: masks, and how alike two sites of a city are."""

import re
from typing import Any

from rapidfuzz import fuzz

from monitor.detect.texts import plain

# Names that sponsors put in the place of a facility's own ("Research Site",
# "Local Institution - 0062", "Novartis Investigative Site", "Site 014").
_MASK = re.compile(
    r"(?i)\b(?:research|study|clinical(?: trial| study| research)?|investigat\w+|trial)"
    r" (?:site|center|centre)\b|\blocal institution\b|^site[\s#:-]*\w{0,12}$|^h?\d{1,5}$"
)


def is_masked(facility: Any) -> bool:
    """Tell whether a facility's name says nothing about which facility it is."""
    return not isinstance(facility, str) or not facility or _MASK.search(facility) is not None


def same_site_score(one: dict[str, Any], other: dict[str, Any]) -> float:
    """Return from 0 to 1 how surely two sites of one city are one site.

    Names decide where both are real; where one is masked, the postcode does.
    """
    zips = [plain(str(site.get("zip") or "")) for site in (one, other)]
    same_zip = zips[0] == zips[1]
    names = [site.get("facility") for site in (one, other)]
    if any(is_masked(name) for name in names):
        return 0.9 if same_zip and zips[0] else (0.8 if not all(zips) else 0.0)
    words = [plain(str(name)).casefold() for name in names]
    alike = max(fuzz.ratio(*words), fuzz.token_sort_ratio(*words)) / 100
    # A generic addition ("University Hospital | Oncology") leaves one name inside the other.
    if same_zip and zips[0]:
        alike = max(alike, 0.9 * fuzz.token_set_ratio(*words) / 100, alike + 0.1)
    return min(alike, 1.0)
