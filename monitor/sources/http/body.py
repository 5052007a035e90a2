"""Read and decompress a response's body, so that both transports report the same errors.

``session`` calls it. The libraries take a gzip that ends early for a whole one, and unpack without
a limit.
"""

import io
import zlib
from collections.abc import Iterable, Iterator

from monitor.sources.http.address import Target
from monitor.sources.http.errors import BrokenTransferError, RetryableError, TooLargeError
from monitor.sources.http.response import Headers, ResponseStream

# Named here: left to the libraries, each would announce whatever is installed beside it (brotli,
# zstandard), and the answers of the two would differ.
ACCEPT_ENCODING = "gzip"

_HEAD_BYTES = 64 << 10
_PIECE_BYTES = 1 << 20
_GZIP = 31  # zlib's wbits: a gzip wrapper and nothing else


def read_all(incoming: ResponseStream, target: Target, limit_mb: int) -> bytes:
    """Return the whole body.

    TooLargeError as soon as more than the limit has come or is announced, packed or unpacked;
    BrokenTransferError when it ends early or is not encoded as its headers say.
    """
    limit_bytes = limit_mb << 20
    too_large = TooLargeError(
        f"the answer of {target.host} to {target.path} is larger than {limit_mb} MB"
        " (http.answer_limit_mb)"
    )
    # No length has 20 digits, and of more than 4,300 Python makes no number at all (ValueError).
    announced = incoming.headers.get("content-length", "")
    if announced.isdecimal() and len(announced) < 20 and int(announced) > limit_bytes:
        raise too_large
    body = io.BytesIO()
    for piece in _pieces(incoming, target, limit_bytes, too_large):
        if body.tell() + len(piece) > limit_bytes:
            raise too_large
        body.write(piece)
    if not body.tell() and _may_be_cut_headers(incoming):
        message = f"the answer of {target.host} to {target.path} broke off: no length and no body"
        raise BrokenTransferError(message)
    return body.getvalue()


def read_head(incoming: ResponseStream, target: Target) -> tuple[bytes, bool]:
    """Return the beginning of an error's body, and whether it is the whole.

    A body that breaks off is no error here: the status is what counts.
    """
    head = bytearray()
    cut = TooLargeError("")
    try:
        for piece in _pieces(incoming, target, _HEAD_BYTES, cut):
            head += piece
            if len(head) > _HEAD_BYTES:
                raise cut
    except (RetryableError, TooLargeError):
        return bytes(head[:_HEAD_BYTES]), False
    return bytes(head), True


def _may_be_cut_headers(incoming: ResponseStream) -> bool:
    """Whether an empty body may mean that the headers themselves ended early.

    requests takes what came of them for the whole; HTTP/2 frames them.
    """
    return (
        incoming.http_version.startswith("HTTP/1")
        and incoming.status not in (204, 304)
        and "content-length" not in incoming.headers
        and "transfer-encoding" not in incoming.headers
    )


def _pieces(
    incoming: ResponseStream, target: Target, limit_bytes: int, too_large: TooLargeError
) -> Iterator[bytes]:
    raw = _limit_packed_bytes(incoming.raw, limit_bytes, too_large)
    match _encodings(incoming.headers):
        case []:
            return raw
        case ["gzip" | "x-gzip"]:
            return _gunzip(raw, target, may_be_empty=incoming.status != 200)
        case encodings:
            raise BrokenTransferError(
                f"the answer of {target.host} to {target.path} is encoded as"
                f" {', '.join(encodings)[:40]}, which nobody asked for"
            )


def _encodings(headers: Headers) -> list[str]:
    stated = headers.get("content-encoding", "").lower().split(",")
    return [name for name in map(str.strip, stated) if name not in ("", "identity")]


def _limit_packed_bytes(
    raw: Iterable[bytes], limit_bytes: int, too_large: TooLargeError
) -> Iterator[bytes]:
    """Pass the packed bytes on; empty gzip blocks would never reach a limit on unpacked ones."""
    size = 0
    for chunk in raw:
        size += len(chunk)
        if size > limit_bytes:
            raise too_large
        yield chunk


def _gunzip(raw: Iterable[bytes], target: Target, *, may_be_empty: bool) -> Iterator[bytes]:
    """Unpack, a piece of at most a megabyte at a time; several members may follow one another."""
    what = f"the answer of {target.host} to {target.path}"
    member: zlib._Decompress | None = None
    empty = True
    for chunk in raw:
        data, more = chunk, False
        while data or more:
            empty = False
            member = member or zlib.decompressobj(_GZIP)
            try:
                piece = member.decompress(data, _PIECE_BYTES)
            except zlib.error as exc:
                raise BrokenTransferError(f"{what} is not the gzip that it says") from exc
            yield piece
            # zlib may hold back a full piece although it has taken all the input.
            more = len(piece) == _PIECE_BYTES and not member.eof
            data = member.unused_data if member.eof else member.unconsumed_tail
            if member.eof:
                member = None
    if member is not None or (empty and not may_be_empty):
        raise BrokenTransferError(f"{what} ended in the middle of its gzip")
