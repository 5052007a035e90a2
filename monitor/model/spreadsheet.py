"""What a spreadsheet would take for a formula is made a text.

Source: https://owasp.org/www-community/attacks/CSV_Injection
"""

import re

# Also behind spaces and in full-width letters; no number.
_FORMULA = re.compile(r"\s*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r]")
_NUMBER = re.compile(r"[+-]?[0-9][0-9,]*(?:\.[0-9]+)?")


def without_formula(text: str) -> str:
    """Return a cell's text with a single quote before it where it would be a formula."""
    is_formula = _FORMULA.match(text) and not _NUMBER.fullmatch(text)
    return f"'{text}" if is_formula else text
