"""NCT IDs, the registry's ids of trials: eight digits behind ``NCT``."""

import re
import unicodedata
from collections.abc import Sequence
from urllib.parse import unquote

from monitor.errors import UsageError

_EXACT = re.compile(r"NCT[0-9]{8}")
_WRITTEN = re.compile(r"(?i)nct0*(?P<number>[1-9][0-9]{0,7})")
_WITHIN = re.compile(r"(?i)(?<![^\W_])nct0*(?P<number>[1-9][0-9]{0,7})(?![^\W_])")
# What stands around an ID that was copied out of a table, a spreadsheet or a text.
_AROUND = " \"'`=<>()[]{}.,:;*|\u00ab\u00bb\u2018\u2019\u201a\u201c\u201d\u201e\u2039\u203a"
# The ways in which people write an ID that is meant but not valid: parted, its letters in another
# order or left out. Letters that look like digits are read as such.
_NEAR = re.compile(r"[nct]{0,4}[\s:#._-]*0*(?P<number>[1-9][0-9]{0,7})")
_LOOK_LIKE_DIGITS = str.maketrans("oil", "011")
_FEWEST_DIGITS = 4
_LONGEST_READ = 4_000
_LONGEST_SHOWN = 80


def is_nct_id(value: object) -> bool:
    """Return whether the value is an NCT ID in the registry's own spelling."""
    return isinstance(value, str) and _EXACT.fullmatch(value) is not None


def nct_number(nct_id: str) -> int:
    """Return the number of an NCT ID: 15 of ``NCT00000015``."""
    return int(nct_id[3:])


def nct_id_of(number: int) -> str:
    """Return the NCT ID of a number."""
    return f"NCT{number:08d}"


def registry_reads_id(word: str) -> bool:
    r"""Return whether the registry takes a word for an NCT ID, in whatever spelling.

    Source: the id pattern of ClinicalTrials.gov API v2, ``^[Nn][Cc][Tt]0*[1-9]\d{0,7}$``.
    """
    return _WRITTEN.fullmatch(word) is not None


def normalize_nct_id(text: str) -> str:
    """Return the ID in the registry's spelling: ``nct06377228 `` → ``NCT06377228``.

    Accepts any letter case and number of leading zeros, as the registry does; an ID in quotation
    marks or brackets, as cells of tables have it; a link that holds one trial's ID, however often.
    UsageError for anything else: it names the ID that may be meant, else a valid one.
    """
    bare = _visible(text[:_LONGEST_READ]).strip(_AROUND)
    if match := _WRITTEN.fullmatch(bare):
        return _spelt(match)
    held = list(dict.fromkeys(_spelt(match) for match in _WITHIN.finditer(unquote(bare))))
    if len(held) == 1 and "/" in bare and " " not in bare:
        return held[0]
    raise UsageError(f"{_clip(text)!r} is not an NCT ID: {_complaint(bare, held)}")


def _complaint(bare: str, held: Sequence[str]) -> str:
    if len(held) > 1:
        more = " and others" if len(held) > 2 else ""
        return f"it holds {len(held)}, {held[0]} and {held[1]}{more}; give one"
    if re.fullmatch(r"(?i)nct0+", bare):
        return "its number is zero, which no trial has; a valid one is for example NCT06377228"
    near = _NEAR.fullmatch(bare.lower().translate(_LOOK_LIKE_DIGITS))
    meant = [_spelt(near)] if near and sum(map(str.isdigit, bare)) >= _FEWEST_DIGITS else held
    form = "it has the letters NCT and eight digits"
    return f"{form}; did you mean {meant[0]}?" if meant else f"{form}, for example NCT06377228"


def _spelt(match: re.Match[str]) -> str:
    return f"NCT{match['number']:0>8}"


def _visible(text: str) -> str:
    """Return the text without characters that nobody sees, in one width; white space is a blank."""
    narrow = unicodedata.normalize("NFKC", text)
    seen = (char for char in narrow if unicodedata.category(char) != "Cf")
    return "".join(" " if char.isspace() else char for char in seen)


def _clip(text: str) -> str:
    text = text.strip()
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"
