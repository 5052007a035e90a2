"""NCT IDs: the registry's name of a trial, eight digits behind ``NCT``."""

import re

from monitor.errors import UsageError

_EXACT = re.compile(r"NCT[0-9]{8}")
_LOOSE = re.compile(r"(?i)nct0*([1-9][0-9]{0,7})")


def is_nct_id(value: object) -> bool:
    """Tell whether the value is an NCT ID in the registry's own spelling."""
    return isinstance(value, str) and _EXACT.fullmatch(value) is not None


def normalise_nct_id(text: str) -> str:
    r"""Return the ID in the registry's spelling: ``nct06377228 `` → ``NCT06377228``.

    Missing leading zeros are put back (``NCT6377228``), as the registry itself does.
    UsageError says what a valid ID looks like.
    Source: the id pattern of ClinicalTrials.gov API v2, ``^[Nn][Cc][Tt]0*[1-9]\d{0,7}$``.
    """
    match = _LOOSE.fullmatch(text.strip())
    if match is None:
        shown = text.strip()[:40]
        raise UsageError(
            f"{shown!r} is not an NCT ID: it has the letters NCT and eight digits, "
            "for example NCT06377228"
        )
    return f"NCT{int(match.group(1)):08d}"
