"""Records that are broken on the wire: what can be wrong with the bytes of one.

``world.poison(nct_id, KINDS["a lone surrogate"])`` lets every answer that holds the record hold the
broken bytes, in lists and alone, until ``world.heal(nct_id)``. The broken place is behind the ID.
"""

from collections.abc import Callable

Damage = Callable[[bytes], bytes]

_TITLE = b'"briefTitle":"'


def _in_title(what: bytes) -> Damage:
    return lambda body: body.replace(_TITLE, _TITLE + what, 1)


def _before_title(what: bytes) -> Damage:
    return lambda body: body.replace(_TITLE, what + b"," + _TITLE, 1)


def _swap(old: bytes, new: bytes) -> Damage:
    return lambda body: body.replace(old, new, 1)


def _cut(body: bytes) -> bytes:
    return body[: body.index(_TITLE) + len(_TITLE) + 3]


NO_JSON: dict[str, Damage] = {
    "a lone surrogate": _in_title(rb"\ud83d"),
    "a raw line break": _in_title(b"a\nb"),
    "a NUL character": _in_title(b"\0"),
    "NaN": _before_title(b'"x":NaN'),
    "Infinity": _before_title(b'"x":-Infinity'),
    "3,000 levels": _before_title(b'"x":' + b"[" * 3_000 + b"]" * 3_000),
    "an open quotation mark": _swap(_TITLE, b'"briefTitle":'),
    "an open bracket": _before_title(b'"x":[1'),
    "a bracket too many": _swap(b',"statusModule"', b'},"statusModule"'),
    "cut off": _cut,
}
"""No JSON: a page that holds one does not decode."""

NO_RECORD: dict[str, Damage] = {
    "bytes that are no UTF-8": _in_title(b"\xff\xc3"),
    "a key twice": _before_title(b'"briefTitle":"another"'),
    "a gigantic number": _before_title(b'"x":1e99999'),
    "a module of another type": lambda body: _swap(b'"statusModule":{', b'"statusModule":[{')(
        body
    ).replace(b'},"sponsor', b'}],"sponsor', 1),
}
"""JSON, and no record."""

NO_ID: dict[str, Damage] = {
    "null": lambda _: b"null",
    "a list": lambda body: b"[" + body + b"]",
    "a text": lambda _: b'"withdrawn"',
    "no NCT ID": _swap(b'"nctId"', b'"nctIb"'),
    "an NCT ID of another type": lambda body: body.replace(b'"nctId":"NCT', b'"nctId":7,"x":"', 1),
}
"""It cannot be told which record it is."""

KINDS = NO_JSON | NO_RECORD | NO_ID
