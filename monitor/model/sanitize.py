"""Sanitize registry text for output: no control characters, no marks of direction, no formulas.

Registry text is untrusted (docs/architecture.md, "Untrusted text").
"""

import re

# What a terminal obeys (C0, DEL, C1), what turns text around or hides it (bidi marks, overrides
# and isolates, tags, interlinear anchors), and what breaks a line (U+2028, U+2029); lone
# surrogates encode bytes of a file name that are not text (PEP 383).
_UNSAFE = (
    "\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2060-\u206f"
    "\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f"
)
_STEERING = re.compile(f"[{_UNSAFE}]")
_BREAKS = re.compile(r"\r\n|[\n\r\x0b\x0c\x85\u2028\u2029]")
_SPACES = frozenset("\t\n\x0b\x0c\r\x85\u2028\u2029")
# What a spreadsheet takes for a formula: also behind spaces and in full-width letters; no number.
_FORMULA = re.compile(r"\s*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r]")
_NUMBER = re.compile(r"[+-]?[0-9][0-9,]*(?:\.[0-9]+)?")


def sanitize(text: str) -> str:
    """Return the text on one line, with every character that steers shown instead of sent.

    ESC becomes ``␛``, other control characters their picture, a bidi override ``<U+202E>``;
    white space of any kind a blank. Letters of every script stay as they are.
    """
    if (
        text.isprintable()
    ):  # control characters are not printable; most texts are, and this check is quick
        return text
    return _STEERING.sub(_escape, text)


def sanitize_lines(text: str) -> list[str]:
    """Return the lines of a text, each neutral and without white space at its end."""
    return [sanitize(line.replace("\t", "    ")).rstrip() for line in _BREAKS.split(text)]


def _escape(found: re.Match[str]) -> str:
    letter = found[0]
    if letter in _SPACES:
        return " "
    code = ord(letter)
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "\u2421"
    return f"<U+{code:04X}>"


def without_formula(text: str) -> str:
    """Return a cell's text with a single quote before it where it would be a formula.

    Source: https://owasp.org/www-community/attacks/CSV_Injection
    """
    if text[:1].isalnum():  # as most cells begin
        return text
    is_formula = _FORMULA.match(text) and not _NUMBER.fullmatch(text)
    return f"'{text}" if is_formula else text
