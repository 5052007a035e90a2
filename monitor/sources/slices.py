"""Cutting whole JSON texts into slices: the smallest pieces that hold one study.

A text is a line, an item of a list or a document. What a study is, is left to the parsers; here
only the wrappings around studies are known: an object with a ``study``, a search page
(``studies``), a list, and the history answer (``studyVersion`` and ``study``), which is itself
what its parser reads and so stays whole.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import msgspec

from monitor.data_types import DataType
from monitor.errors import RecordError
from monitor.model import fields
from monitor.model.foreign_formats import of_list
from monitor.model.record import RawVersion
from monitor.sources.jsontext import broken_json, value_at
from monitor.sources.read_progress import Reading, Unreadable

# An object that begins with a section of the study document is a bare study. Looking no further
# makes reading bare studies many times cheaper than any scan of their JSON.
_SECTIONS = b"|".join(
    path[0].encode()
    for path in (
        fields.PROTOCOL,
        fields.RESULTS,
        fields.ANNOTATION,
        fields.DOCUMENTS,
        fields.DERIVED,
        fields.HAS_RESULTS,
    )
)
is_bare_study = re.compile(rb'\s*\{\s*"(?:' + _SECTIONS + rb')"\s*:').match

_STATED_ID = re.compile(rb'"' + fields.NCT_ID[-1].encode() + rb'"\s*:\s*"([^"\\]*)"')
_NOTHING = msgspec.Raw(b"")


class _Wrapping(msgspec.Struct):
    """The names by which a wrapped study, a history response and a search page differ."""

    study: msgspec.Raw = _NOTHING
    studies: msgspec.Raw = _NOTHING
    studyVersion: Any = None  # noqa: N815  the registry's spelling
    nct_id: Any = None
    nctId: Any = None  # noqa: N815  the registry's spelling


_WRAPPING = DataType[_Wrapping](_Wrapping)
_WRAPPING_NAMES = frozenset(_Wrapping.__struct_fields__)
_named = re.compile(rb'"(' + "|".join(_WRAPPING_NAMES).encode() + rb')"\s*:').findall
_ITEMS = DataType[list[msgspec.Raw]](list[msgspec.Raw])


def slices(text: bytes, reading: Reading, at: str) -> Iterator[RawVersion | Unreadable]:
    """Yield the studies of one JSON text, which stands at ``at`` of the file, in its order.

    Lists and pages yield their items (``at[0]``, ``at[1]``, …). RecordError when the text is
    broken, in which case nothing was yielded.
    """
    if text[:1] == b"[":
        yield from _items(text, reading, at)
        return
    if text[:1] != b"{":
        raise RecordError("it is not a JSON object")
    wrapping = _unwrap(text)
    # A study may come with a key "studies" of its own beside it; then it is the one study.
    if bytes(wrapping.studies)[:1] == b"[" and wrapping.study is _NOTHING:
        yield from _items(wrapping.studies, reading, at)
    else:
        yield _slice(text, wrapping, reading, at)


def item(text: bytes, reading: Reading, at: str) -> Iterator[RawVersion | Unreadable]:
    """Yield the study of an item of a list; of a search page in a list all of its studies."""
    if is_bare_study(text):
        yield reading.version(text, at=at)
        return
    if text[:1] != b"{":
        yield reading.unreadable(text, at=at, reason="the item is not a JSON object")
        return
    try:
        yield from slices(text, reading, at)
    except RecordError as exc:
        yield reading.unreadable(text, at=at, reason=str(exc))


def _items(
    text: bytes | msgspec.Raw, reading: Reading, at: str
) -> Iterator[RawVersion | Unreadable]:
    try:
        pieces = _ITEMS.decode(text)
    except (msgspec.DecodeError, RecursionError) as exc:
        raise _json_error(exc) from None
    if pieces and bytes(pieces[0])[:1] != b"{":
        raise RecordError(of_list(bytes(text)) or "it is a JSON list, but not of objects")
    for number, piece in enumerate(pieces):
        yield from item(bytes(piece), reading, f"{at}[{number}]")


def _unwrap(text: bytes) -> _Wrapping:
    """Read a wrapping; RecordError when it is broken or one of its names is there twice."""
    try:
        wrapping = _WRAPPING.decode(text)
    except (msgspec.DecodeError, RecursionError) as exc:
        raise _json_error(exc) from None
    for own_id in (bytes(wrapping.study), bytes(wrapping.studies)):
        if own_id[:1] in (b"{", b"["):
            _reject_duplicate_keys(text, own_id)
    return wrapping


def _reject_duplicate_keys(text: bytes, own_id: bytes) -> None:
    """Raise RecordError when a name of the wrapping around ``own_id`` is there twice.

    The decoder keeps the last one: a study before it would be lost in silence.
    """
    at = _offset_of(own_id, text)
    # The study is replaced by a 0: only the names around it are looked at, some bytes of a
    # megabyte.
    around = b"%b0%b" % (text[:at], text[at + len(own_id) :])
    names = _named(around)
    # A name may also be written with escapes ("st\u0075dy"), which a search for bytes cannot see.
    if len(names) == len(set(names)) and b"\\u" not in around:
        return  # nearly always, and many times cheaper than what follows
    try:
        # Numbers are left as text: their size is not the question here.
        pairs = json.loads(around, object_pairs_hook=list, parse_int=str, parse_float=str)
    except (ValueError, RecursionError) as exc:
        raise RecordError(f"not valid JSON: {exc}") from None
    for name, times in Counter(name for name, _ in pairs).items():
        if times > 1 and name in _WRAPPING_NAMES:
            raise duplicate_key(name)


def _offset_of(own_id: bytes, text: bytes) -> int:
    """Return the offset of ``own_id`` in ``text``; looks at what is around it alone.

    ``rfind`` of the whole would first look through all of ``own_id``.
    """
    head = own_id[:32]
    at = text.rfind(head, 0, len(text) - len(own_id) + len(head))
    while at > 0 and not text.startswith(own_id, at):
        at = text.rfind(head, 0, at + len(head) - 1)
    return at


def duplicate_key(name: str) -> RecordError:
    """Return the error of an object that has a key twice."""
    return RecordError(f"the key {name!r} stands twice in one object")


def _slice(text: bytes, wrapping: _Wrapping, reading: Reading, at: str) -> RawVersion | Unreadable:
    if wrapping.study is _NOTHING:
        return reading.version(text, at=at)  # perhaps a study in an unusual order: for the parser
    study = bytes(wrapping.study)
    if study[:1] != b"{":
        return reading.unreadable(text, at=at, reason="the study in it is not a JSON object")
    stated_id = wrapping.nct_id if wrapping.nct_id is not None else wrapping.nctId
    if isinstance(stated_id, str) and (own_id := _other_id(stated_id, _own(study))) is not None:
        reason = f"the line says {stated_id[:40]}, the study in it {own_id[:40]}"
        return reading.unreadable(text, at=at, reason=reason)
    if wrapping.studyVersion is None:
        return reading.version(study, at=at)
    number = wrapping.studyVersion
    # True is an int in Python, and {"studyVersion": true} would be version 1.
    is_number = isinstance(number, int) and not isinstance(number, bool)
    return reading.version(text, at=at, registry_version=number if is_number else None)


def _own(study: bytes) -> bytes:
    """Return the study in a history answer that was wrapped; any other one as it is."""
    return study if is_bare_study(study) else bytes(_unwrap(study).study) or study


def _other_id(stated_id: str, study: bytes) -> str | None:
    """Return the study's own NCT ID when it is not the one stated beside it, else None.

    A record that was merged into another keeps its old ID as an alias; that is no contradiction.
    """
    stated = _STATED_ID.search(study)
    if stated is not None and stated[1] == stated_id.encode():
        return None
    own_id = value_at(study, fields.NCT_ID)
    if not isinstance(own_id, str) or own_id.strip().upper() == stated_id.strip().upper():
        return None
    aliases = value_at(study, fields.NCT_ID_ALIASES)
    return None if isinstance(aliases, list) and stated_id in aliases else own_id


def _json_error(exc: Exception) -> RecordError:
    complaint = broken_json(exc)
    where = "" if complaint.at is None else f" (byte {complaint.at} of it)"
    return RecordError(f"not valid JSON: {complaint.what}{where}")
