"""What is known about sites: masked names, other spellings, how alike two sites are.

``pairing`` pairs the sites of two versions by it.
"""

import re
from dataclasses import dataclass
from typing import Any

from rapidfuzz import fuzz

from monitor.detect.texts import LONGEST_COMPARED, likeness, plain

# Names that sponsors put in the place of a facility's own ("Research Site", "Local Institution
# - 0062", "Novartis Investigative Site", "Zai Lab Site 4001"). A "Clinical Research Center of
# Alabama" is no mask, nor is the NIH Clinical Center.
_NUMBER = r"\W*(?:(?:no|nr|number|id|#)\W*)*[a-z]{0,3}-?\d*[a-z]?\W*$"
_MASK = re.compile(
    r"(?i)^(?:"
    r"(?:[\w&.-]+ ){0,3}investigat(?:ional|ive|or|or's) (?:site|cent(?:er|re))\b"
    r"|investigation site\b"
    r"|(?:[\w&.-]+ ){0,2}study (?:site|cent(?:er|re))\b"
    rf"|(?:clinical |trial )?(?:research|trial|clinical) (?:site|facility){_NUMBER}"
    rf"|(?:[\w&.-]+ ){{0,2}}site{_NUMBER}"
    r"|local institution\b"
    r"|research facility id\b"
    r"|for additional information regarding investigat"
    r"|h?\d{1,5}$)"
)
_NAME_LENGTH = 60
# Names less alike than this, in percent, are two names even at one address.
_LEAST_LIKENESS = 70


def is_masked(facility: Any) -> bool:
    """Return whether a facility's name says nothing about which facility it is."""
    return not isinstance(facility, str) or _MASK.search(facility.strip() or "0") is not None


@dataclass(frozen=True, slots=True)
class SiteTraits:
    """What tells a site: its name, the name's words in order, the number of a mask."""

    name: str
    words: str
    zip: str
    masked: bool
    number: str


def site_of(site: dict[str, Any]) -> SiteTraits:
    """Return what tells a site from others of its city."""
    facility = plain(str(site.get("facility") or ""))
    masked = is_masked(facility)
    numbered = masked and len(facility) <= _NAME_LENGTH
    name = facility.casefold()
    return SiteTraits(
        name=name[:LONGEST_COMPARED],
        words=" ".join(sorted(name.split()))[:LONGEST_COMPARED],
        zip=plain(str(site.get("zip") or "")),
        masked=masked,
        number="".join(re.findall(r"\d+", facility)) if numbered else "",
    )


def same_site(one: SiteTraits, other: SiteTraits) -> float:
    """Return from 0 to 1 how surely two sites of one city are one site.

    Names decide where both are real; where one is masked, the postcode does, unless both
    carry the sponsor's own numbers.
    """
    same_zip = bool(one.zip) and one.zip == other.zip
    if one.masked or other.masked:
        # "Local Institution - 0062": the sponsor's number stays when a postcode is corrected.
        if one.number and other.number:
            return 0.9 if one.number == other.number else 0.0
        return 0.9 if same_zip else (0.0 if one.zip and other.zip else 0.8)
    alike = max(
        fuzz.ratio(one.name, other.name, score_cutoff=_LEAST_LIKENESS),
        fuzz.ratio(one.words, other.words, score_cutoff=_LEAST_LIKENESS),
    )
    # A generic addition ("University Hospital | Oncology") leaves one name in the other.
    if same_zip:
        inside = 0.9 * fuzz.token_set_ratio(one.name, other.name)
        alike = min(max(alike + 10 if alike else 0, inside), 100)
    return alike / 100


def same_place_score(one: dict[str, Any], other: dict[str, Any]) -> float:
    """Return from 0 to 1 how surely two cities are one city in two spellings (Napoli, Naples).

    Only where no postcode tells them apart, and the facility's name says which it is.
    """
    if (one.get("zip") and other.get("zip")) or is_masked(one.get("facility")):
        return 0.0
    cities = [plain(str(site.get("city") or "")).casefold() for site in (one, other)]
    return likeness(*cities) / 100
