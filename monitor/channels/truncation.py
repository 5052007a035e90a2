"""A text cut to what a service takes: a chat's limit must not cost the whole message."""

# A shorter piece of a line tells a reader nothing.
_LEAST_OF_LINE = 40
# Below this, as for an SMS, a beginning and an end would leave no room for what is between.
_LEAST_OF_TEXT = 300


def truncate(text: str, room: int) -> str:
    """Return the text, cut to ``room`` characters where it is longer, which it then says.

    Its first lines stay, and its last paragraphs, which lead to the record and say why it was
    sent; the lines between them are left out and counted. Where not even that has room, its
    beginning stays.
    """
    if size(text) <= room:
        return text
    if room < _LEAST_OF_TEXT:
        return clip(text, room)
    lines = text.rstrip("\n").split("\n")
    start = _tail(lines, room // 2)
    end = "\n".join(["", *lines[start:]])
    # Room for the longest such line: how many lines are left out is known only after the cut.
    room -= size(end) + size(_omission_note(len(lines)))
    shown = 0
    while shown < start and size(lines[shown]) < room:
        room -= size(lines[shown]) + 1
        shown += 1
    head = lines[:shown]
    if room > _LEAST_OF_LINE and shown < start:
        head.append(clip(lines[shown], room - 1))
        shown += 1
    left = sum(bool(line.strip()) for line in lines[shown:start])
    return "\n".join([*head, *([_omission_note(left)] if left else []), end])


def size(text: str) -> int:
    """Return how long services count a text: characters beyond 16 bits (emoji) count twice."""
    return len(text.encode("utf-16-le", "replace")) // 2


def clip(text: str, room: int) -> str:
    """Return the beginning of a text, with ``…`` behind it where it was longer."""
    if size(text) <= room:
        return text
    shown = text[: max(0, room - 1)]
    # The slice counts characters, the service 16-bit units: an emoji counts twice.
    while size(shown) >= room and shown:
        shown = shown[:-1]
    return f"{shown.rstrip()}…"


def _omission_note(lines: int) -> str:
    return f"… and {lines:,} more lines" if lines != 1 else "… and 1 more line"


def _tail(lines: list[str], room: int) -> int:
    """Return where the last paragraphs begin that have this room together."""
    start = at = len(lines)
    while at:
        at -= 1
        room -= size(lines[at]) + 1
        if room < 0:
            break
        if at and not lines[at - 1].strip():
            start = at
    return start
