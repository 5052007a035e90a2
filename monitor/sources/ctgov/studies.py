"""Split responses into studies; of each study only its ID and dates are read.

``registry`` calls it. Whole documents are for the parsers: cutting a page and reading IDs and dates
costs about a tenth of loading it as JSON.
"""

import re
from dataclasses import dataclass, replace
from datetime import date

import msgspec

from monitor.data_types import DataType
from monitor.errors import RecordError, SourceError
from monitor.model import fields
from monitor.model.nct import is_nct_id
from monitor.sources.jsontext import value_at
from monitor.sources.lists import ListItem, items, page_frame
from monitor.sources.read_progress import LIMITS
from monitor.sources.slices import is_bare_study
from monitor.sources.window import LookAhead


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """One study as the registry wrote it.

    ``nct_id`` None: none can be read. ``posted``: of its last update. ``loaded``: the date of the
    data load that it is stamped with, as written. ``problem``: why the bytes are no JSON, and where
    in the answer they stood; None: they may be.
    """

    content: bytes
    nct_id: str | None
    posted: date | None
    loaded: str | None
    problem: str | None = None

    def aliases(self) -> tuple[str, ...]:
        """Return the NCT IDs that the record is known by besides its own."""
        found = value_at(self.content, fields.NCT_ID_ALIASES)
        if self.problem is not None and (listed := _ALIASES.search(self.content)):
            found = _ANY_ID.findall(listed[1].decode())
        return tuple(one for one in found if is_nct_id(one)) if isinstance(found, list) else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyPage:
    """A page of studies: ``token`` of the next page; ``total`` of all pages, where stated.

    ``is_whole`` False: it is no JSON, and was cut by its bytes.
    """

    studies: tuple[Study, ...]
    token: str | None
    total: int | None
    is_whole: bool = True


class _PageBody(msgspec.Struct):
    studies: list[msgspec.Raw]
    nextPageToken: str | None = None  # noqa: N815 - the registry's own name
    totalCount: int | None = None  # noqa: N815 - likewise


_PAGE_BODY = DataType[_PageBody](_PageBody)
_OBJECT = DataType[dict[str, msgspec.Raw]](dict[str, msgspec.Raw])
_UNREADABLE = (msgspec.MsgspecError, ValueError, RecursionError)


def _key(name: str) -> bytes:
    return b'"' + name.encode() + b'"'


# The registry's own order; a study in another one is read in a slower way.
# The registry writes the ID first. Reading it so costs the first bytes of a study, decoding it all
# of them, a thousand times a page.
_OPENING = re.compile(
    rb"\s*\{\s*" + rb"\s*:\s*\{\s*".join(_key(name) for name in fields.NCT_ID)
    + rb'\s*:\s*"(NCT[0-9]{8})"'
)  # fmt: skip
# Within a text of the study the quotation marks would be escaped.
_POSTED_KEY = _key(fields.LAST_UPDATE_POST[-2])
_POSTED = re.compile(
    _POSTED_KEY + rb"\s*:\s*\{[^{}]*?" + _key(fields.LAST_UPDATE_POST[-1])
    + rb'\s*:\s*"([0-9]{4}-[0-9]{2}-[0-9]{2})"'
)  # fmt: skip
_LOADED_KEY = _key(fields.VERSION_HOLDER[-1])
_LOADED = re.compile(_LOADED_KEY + rb'\s*:\s*"([0-9-]{10})"')


# A study that is no JSON still names itself, if its beginning is not what is broken.
_OWN_ID = re.compile(
    rb"\s*:\s*\{\s*".join(_key(name) for name in fields.NCT_ID[-2:]) + rb'\s*:\s*"(NCT[0-9]{8})"'
)
_ALIASES = re.compile(_key(fields.NCT_ID_ALIASES[-1]) + rb"\s*:\s*\[([^\[\]{}]*)\]")
_ANY_ID = re.compile(r"NCT[0-9]{8}")


def split_studies(body: bytes) -> StudyPage:
    """Return the studies of a page; one that is no JSON costs only itself.

    SourceError, with what is wrong, when the page is none but for what its studies hold, or has
    another shape.
    """
    try:
        # msgspec.Raw cuts each study out of the page without decoding it, and keeps its very bytes:
        # the hash of the slice is made of them.
        page = _PAGE_BODY.decode(body)
    except msgspec.ValidationError as exc:
        raise SourceError(f"of another shape than known: {exc}") from None
    except _UNREADABLE as exc:
        found = _split_by_bytes(body)
        if found is None:
            raise SourceError(f"not valid JSON: {_first_line(exc)}") from None
        return found
    return StudyPage(
        studies=tuple(study(bytes(piece)) for piece in page.studies),
        token=page.nextPageToken or None,
        total=page.totalCount,
    )


def _split_by_bytes(body: bytes) -> StudyPage | None:
    """Cut a page that is no JSON as files are cut; None when it does not begin and end as one."""
    found = page_frame(body)
    if found is None:
        return None
    start, end = found
    window = LookAhead(iter((body[:end],)), LIMITS)
    window.pos = start
    try:
        page = _PAGE_BODY.decode(body[:start] + b"[]" + body[end:])
        studies = tuple(_study_of_item(one) for one in items(window, end))
    except (RecordError, *_UNREADABLE):
        return None
    if window.offset + window.pos != end:
        return None  # the list closes before its end: what is behind would be lost
    return StudyPage(
        studies=studies, token=page.nextPageToken or None, total=page.totalCount, is_whole=False
    )


def _study_of_item(one: ListItem) -> Study:
    """Return an item of a page that is no JSON; most of them are."""
    if one.problem is None:
        return study(one.text)
    return broken_study(one.text, f"{one.problem}, in item {one.number + 1} of a page")


def broken_study(content: bytes, problem: str) -> Study:
    """Return a study that is not JSON, with the ID and dates that its bytes show."""
    found = _OWN_ID.search(content)
    read = replace(study(content), problem=problem)
    return replace(read, nct_id=found[1].decode()) if found and read.nct_id is None else read


def single_study(body: bytes) -> Study:
    """Return the study of a response for one ID; its ``problem`` says why it is none.

    SourceError, with what is wrong, when it is no JSON and does not open and close as a study.
    """
    content = body.strip()
    try:
        sections = _OBJECT.decode(body)
    except msgspec.ValidationError:
        return broken_study(content, "of another shape than known: no JSON object")
    except _UNREADABLE as exc:
        problem = f"not valid JSON: {_first_line(exc)}"
        if is_bare_study(content) and content.endswith(b"}"):
            return broken_study(content, problem)
        raise SourceError(problem) from None
    if fields.PROTOCOL[0] not in sections:
        return broken_study(content, f"of another shape than known: without {fields.PROTOCOL[0]}")
    return study(content)


def study(content: bytes) -> Study:
    """Return the slice with what can be read of it; never raises."""
    opening = _OPENING.match(content)
    nct_id = opening[1].decode() if opening else value_at(content, fields.NCT_ID)
    # From the front and from the back: the status module is near the beginning of a document, the
    # stamp of the load in the derived section at its end, and between them may be megabytes of
    # results.
    at, last = content.find(_POSTED_KEY), content.rfind(_LOADED_KEY)
    posted = _POSTED.match(content, at) if at >= 0 else None
    loaded = _LOADED.match(content, last) if last >= 0 else None
    return Study(
        content=content,
        nct_id=nct_id if is_askable(nct_id) else None,
        posted=_date(posted[1]) if posted else None,
        loaded=loaded[1].decode() if loaded else None,
    )


def is_askable(nct_id: object) -> bool:
    """Return whether the registry takes the ID: one without any digit but 0 fails a whole batch."""
    # The registry's pattern is ^[Nn][Cc][Tt]0*[1-9]\d{0,7}$, and a malformed ID fails the whole
    # batch with 400, where an unknown one is only left out.
    return is_nct_id(nct_id) and nct_id != "NCT00000000"


def _date(text: bytes) -> date | None:
    try:
        return date.fromisoformat(text.decode())
    except ValueError:
        return None


def _first_line(exc: BaseException) -> str:
    return str(exc).split("\n", 1)[0][:200] or type(exc).__name__
