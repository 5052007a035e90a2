"""Plain text for services that read Markdown in it, and do not say so.

Many chat services render what apprise hands them as text. What the registry says must appear there
as it is written: no link under other words, no picture, nobody called, nothing hidden.
"""

import re

_BREAK = "\u200b"  # zero width: nothing is seen of it

# A letter that looks the same where a break would not help: CommonMark takes one for a letter.
_LIKE = str.maketrans({"*": "\u2217", "`": "\u02cb"})
_EDGES = re.compile(r"(?<![^\W_])_+|_+(?![^\W_])")  # NOT_YET_RECRUITING stays whole

# Each is broken up after its first letter.
_MARKS = re.compile(
    r"""
    ](?=[(\[:])                 # [words](place), [words][name], [name]: place
    | !(?=\[)                   # a picture
    | <(?=[a-z/!@\#?])          # HTML, and the links and calls of Slack
    | ~(?=~) | \|(?=\|)         # struck out; hidden until clicked
    | @(?=(?:everyone|here|channel|all|room)\b)  # calls a whole room
    """,
    re.VERBOSE | re.IGNORECASE,
)
_STARTS = re.compile(r"^([^\S\n]*)(?=[#>]|-\#)", re.MULTILINE)  # headings, quotations


def strip_markdown(text: str) -> str:
    """Return the text so that no dialect of Markdown finds anything in it; it looks the same.

    Text without marks, and URLs as the monitor writes them, stay as they are.
    """
    text = _EDGES.sub(lambda found: "\u02cd" * len(found[0]), text.translate(_LIKE))
    return _STARTS.sub(rf"\1{_BREAK}", _MARKS.sub(rf"\g<0>{_BREAK}", text))
