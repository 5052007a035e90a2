"""NCT IDs: the registry's name of a trial, eight digits behind ``NCT``."""

import re

from monitor.errors import UsageError

_EXACT = re.compile(r"NCT[0-9]{8}")
_WRITTEN = re.compile(r"(?i)nct(?=[0-9]*[1-9])(?P<digits>[0-9]{8}|[1-9][0-9]{0,6})")
_READ_BY_REGISTRY = re.compile(r"(?i)nct0*[1-9][0-9]{0,7}")


def is_nct_id(value: object) -> bool:
    """Tell whether the value is an NCT ID in the registry's own spelling."""
    return isinstance(value, str) and _EXACT.fullmatch(value) is not None


def registry_reads_id(word: str) -> bool:
    r"""Tell whether the registry takes a word for an NCT ID, in whatever spelling.

    Source: the id pattern of ClinicalTrials.gov API v2, ``^[Nn][Cc][Tt]0*[1-9]\d{0,7}$``.
    """
    return _READ_BY_REGISTRY.fullmatch(word) is not None


def normalise_nct_id(text: str) -> str:
    """Return the ID in the registry's spelling: ``nct06377228 `` → ``NCT06377228``.

    Leading zeros that are all left out are put back (``NCT6377228``). Where some are written
    there are eight digits: ``NCT0637722`` lacks one, and nobody knows which; it is not taken
    for another trial, though the registry does so. UsageError says what a valid ID looks like.
    """
    match = _WRITTEN.fullmatch(text.strip())
    if match is None:
        shown = text.strip()[:40]
        if _EXACT.fullmatch(shown.upper()):
            raise UsageError(
                f"{shown!r} is not an NCT ID: its number is zero, which no trial has; "
                "a valid one is for example NCT06377228"
            )
        raise UsageError(
            f"{shown!r} is not an NCT ID: it has the letters NCT and eight digits, "
            "for example NCT06377228"
        )
    return f"NCT{match['digits']:0>8}"
