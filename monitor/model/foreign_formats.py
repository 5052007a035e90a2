"""Recognize input that is not a record: formats that people have, each with what to do instead.

``sources`` puts the sentence into the quarantine.

Recognized by what they hold, never by a file's name. Each answer is one sentence: what it is, and
the fix. Order counts: the first signature that fits names the format.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePath
from typing import Any

_STUDY_URL = "https://clinicaltrials.gov/api/v2/studies"
_NCT_ID = re.compile(r"\bNCT0*[1-9][0-9]{0,7}\b", re.IGNORECASE)
_NCT_ID_ONLY = re.compile(r"NCT[0-9]{8}[,;]?", re.IGNORECASE)
_NOT_READ = "this registry is not read, only ClinicalTrials.gov is"

# --- bytes ------------------------------------------------------------------------------------

# Byte order marks: Windows programs save text so, and nothing else tells it from binary data.
_UTF_16 = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"%PDF-", "a PDF document"),
    (b"\xd0\xcf\x11\xe0", "an old Office document (DOC, XLS, MSG)"),
    (b"\x89PNG", "an image (PNG)"),
    (b"\xff\xd8\xff", "an image (JPEG)"),
    (b"GIF8", "an image (GIF)"),
    (b"SQLite format 3\0", "an SQLite database"),
    (b"PAR1", "a Parquet file"),
    (b"ARROW1", "an Arrow file"),
)
_PACKED: tuple[tuple[bytes, str], ...] = (
    (b"7z\xbc\xaf\x27\x1c", "7-Zip"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\0", "xz"),
    (b"Rar!", "RAR"),
    (b"\x1f\x9d", "compress"),
)
# In the middle of the first header (POSIX ustar): a tar archive has no magic at its start.
_TAR_MARK, _TAR_AT = b"ustar", 257
_BINARY = "it is binary data, not a record"


def of_bytes(head: bytes) -> str | None:
    """Say what content is that begins like this; None where it may be a record's text or JSON."""
    for magic, encoding in _UTF_16.items():
        if head.startswith(magic):
            text = head.removeprefix(magic).decode(encoding, errors="ignore")
            return of_text(text) or "it is text in UTF-16; save it as UTF-8"
    for magic, name in _MAGIC:
        if head.startswith(magic):
            return f"it is {name}, not a record; {_json_of(head.decode('ascii', 'ignore'))}"
    for magic, name in _PACKED:
        if head.startswith(magic):
            return f"it is compressed by {name}, which is not read; unpack it first"
    if head[_TAR_AT : _TAR_AT + len(_TAR_MARK)] == _TAR_MARK:
        return "it is a tar archive, which is not read; unpack it, or make a .zip of it"
    if b"\0" in head:
        return _BINARY
    return of_text(head.decode("utf-8-sig", errors="replace"))


# --- text -------------------------------------------------------------------------------------

_XML: tuple[tuple[re.Pattern[str], str], ...] = (
    (
        re.compile(r"<(?:clinical_study|search_results|clinical_studies)[\s>]"),
        "the classic XML of ClinicalTrials.gov, which it no longer offers",
    ),
    (re.compile(r"<html[\s>]|<!doctype html", re.IGNORECASE), "an HTML page, not a record"),
    (re.compile(r"http://hl7\.org/fhir"), "FHIR (XML)"),
    (re.compile(r"<(?:Trials_downloaded_from_ICTRP|TrialID)\b"), "an export of WHO ICTRP"),
    (re.compile(r"<(?:allTrials|fullTrial)[\s>]"), "XML of ISRCTN"),
    (re.compile(r"<(?:rss|feed|rdf:RDF)[\s>]"), "a news feed (RSS or Atom)"),
    (re.compile(r"<PubmedArticle(?:Set)?[\s>]"), "XML of PubMed: articles, not trials"),
    (re.compile(r"<ODM[\s>]"), "CDISC ODM (XML)"),
)
_REGISTRIES = ("WHO ICTRP", "ISRCTN")
_REFERENCES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\s*TY  - "), "a RIS export"),
    (re.compile(r"\s*PMID- ?\d"), "a PubMed export"),
    (re.compile(r"\s*@\w+\s*\{"), "a BibTeX file"),
    (re.compile(r"\s*%0 \w"), "an EndNote export"),
)
_DELIMITERS = {"\t": "TSV", ",": "CSV", ";": "CSV", "|": "delimited text"}
# The heads of what ClinicalTrials.gov offered, offers, and of the AACT database.
_HEAD = re.compile(r"nct[ _]?(?:number|id)\b", re.IGNORECASE)
_LEAST_COLUMNS = 3
_LEAST_ROWS = 2
_LOOK_AT = 20  # lines
_LISTING = re.compile(r"^\s*NCT Number:\s", re.MULTILINE)
_MAIL = re.compile(r"(?:Return-Path|Received|Delivered-To|From|MIME-Version): .", re.IGNORECASE)


def of_text(text: str, *, is_unknown: bool = False) -> str | None:
    """Say what a text is that begins like this; None where it may be a record's page or JSON.

    ``is_unknown``: no parser has recognized it as a record's page, so that likeness is enough.
    """
    if text.lstrip().startswith("<"):
        return _of_markup(text)
    for pattern, name in _REFERENCES:
        if pattern.match(text):
            return f"it is {name}: references, not records; {_json_of(text)}"
    lines = [line for line in text.splitlines()[:_LOOK_AT] if line.strip()]
    return _of_lines(lines) or (_likely(lines, text) if is_unknown else None)


def _of_markup(text: str) -> str:
    for pattern, name in _XML:
        if pattern.search(text):
            if any(registry in name for registry in _REGISTRIES):
                return f"it is {name}; {_NOT_READ}"
            return f"it is {name}; {_json_of(text)}"
    return f"it is XML or a part of an HTML page, not a record; {_json_of(text)}"


def _of_lines(lines: Sequence[str]) -> str | None:
    """Say what lines surely are: a list of NCT IDs, or a table with a column of them."""
    if not lines or lines[0].lstrip().startswith(("{", "[")):
        return None
    ids = [line for line in lines if _NCT_ID_ONLY.fullmatch(line.strip())]
    if ids and len(ids) >= len(lines) - 1:
        return _list_of_ids()
    for delimiter, name in _DELIMITERS.items():
        cells = _cells(lines[0], delimiter)
        if len(cells) > 1 and any(_HEAD.fullmatch(cell) for cell in cells):
            return _table(name)
    return None


def _likely(lines: Sequence[str], text: str) -> str | None:
    """Say what lines look like."""
    for delimiter, name in _DELIMITERS.items():
        if _is_table(lines, delimiter):
            return _table(name)
    if _LISTING.search(text):
        return f"it is a search listing, not a record; {_json_of(text)}"
    if _MAIL.match(lines[0]) and sum(": " in line for line in lines) > len(lines) // 2:
        return f"it is an e-mail, not a record; {_json_of(text)}"
    return None


def _is_table(lines: Sequence[str], delimiter: str) -> bool:
    """Return whether the lines are rows: as many cells in each, under a head of short names."""
    counts = {_QUOTED.sub("", line).count(delimiter) for line in lines}
    return (
        len(lines) >= _LEAST_ROWS
        and len(counts) == 1
        and counts.pop() + 1 >= _LEAST_COLUMNS
        and all(len(cell) <= _LONGEST_NAME for cell in _cells(lines[0], delimiter))
    )


def _cells(line: str, delimiter: str) -> list[str]:
    return [cell.strip().strip('"') for cell in line.split(delimiter)]


def _table(name: str) -> str:
    fix = "or follow its NCT IDs (nct_ids of a [[source]])"
    return f"it is a table ({name}), not a record; {_json_of('')}, {fix}"


_LONGEST_NAME = 60  # letters in the name of a column
_QUOTED = re.compile(r'"(?:[^"]|"")*"')


# --- JSON -------------------------------------------------------------------------------------

_OLD_API = (
    "FullStudiesResponse",
    "StudyFieldsResponse",
    "FieldValuesResponse",
    "FullStudies",
    "StudyFields",
    "ProtocolSection",
)
_OBJECTS: tuple[tuple[frozenset[str], str], ...] = (
    (frozenset({"resourceType"}), "FHIR"),
    (frozenset({"clinical_study"}), "the classic XML of ClinicalTrials.gov, written as JSON"),
    (frozenset({"clinical_results", "id_info"}), "the classic XML of ClinicalTrials.gov, as JSON"),
    (frozenset({"id_info", "overall_status"}), "the classic XML of ClinicalTrials.gov, as JSON"),
)
_OTHER_REGISTRIES: tuple[tuple[frozenset[str], str], ...] = (
    (frozenset({"ctNumber"}), "a record of CTIS, the EU's registry"),
    (frozenset({"drksId"}), "a record of DRKS"),
    (frozenset({"isrctn"}), "a record of ISRCTN"),
    (frozenset({"TrialID"}), "a record of WHO ICTRP"),
    (frozenset({"eudractNumber"}), "a record of the EU Clinical Trials Register"),
)
_ROW = frozenset({"NCT Number", "nct_id", "nctId", "NCTId", "NCT ID"})
_ERRORS = (frozenset({"error"}), frozenset({"errors"}), frozenset({"message", "status"}))


def of_object(content: Mapping[str, Any]) -> str | None:
    """Say what a JSON object is that is no study; None where its names tell nothing."""
    names = content.keys()
    text = repr(content)[:_HEAD_TEXT]
    if any(name in names for name in _OLD_API) or _is_old_study(content):
        return (
            "it is an answer of ClinicalTrials.gov's API before v2, switched off in 2024; "
            f"fetch it again: {_address(text)}"
        )
    for signature, name in _OBJECTS:
        if signature <= names:
            return f"it is {name}; {_json_of(text)}"
    for signature, name in _OTHER_REGISTRIES:
        if signature <= names or _holds(content, signature):
            return f"it is {name}; {_NOT_READ}"
    if any(signature <= names for signature in _ERRORS):
        return "it is a server's error message, not a record; fetch the record again"
    if _ROW & names:
        return f"it is a row of a table, not a study record; {_json_of(text)}"
    return None


_HEAD_TEXT = 4096
_ID_LIST = re.compile(rb'\[\s*"NCT[0-9]{8}"', re.IGNORECASE)


def _is_old_study(content: Mapping[str, Any]) -> bool:
    study = content.get("Study")
    return isinstance(study, Mapping) and "ProtocolSection" in study


def _holds(content: Mapping[str, Any], signature: frozenset[str]) -> bool:
    """Return whether it is a page of a search whose first item has these names."""
    items = content.get("data")
    first = items[0] if isinstance(items, list) and items else None
    return isinstance(first, Mapping) and signature <= first.keys()


def of_list(text: bytes) -> str | None:
    """Say what a JSON list is that holds no objects and begins like this; None: not known."""
    return _list_of_ids() if _ID_LIST.match(text) else None


# --- archives ---------------------------------------------------------------------------------

_KINDS = {
    ".xml": "XML",
    ".csv": "CSV",
    ".tsv": "TSV",
    ".ris": "RIS",
    ".pdf": "PDF",
    ".html": "HTML",
    ".htm": "HTML",
}
_OFFICE = {"word/": "a Word document", "xl/": "an Excel workbook", "ppt/": "a PowerPoint file"}


def of_archive(names: Iterable[str]) -> str:
    """Say what a zip archive is in which no name is that of a record."""
    files = [name for name in names if not name.endswith("/")]
    for folder, kind in _OFFICE.items():
        if any(name.startswith(folder) for name in files):
            return f"it is {kind}, not a record; {_json_of('')}"
    kinds = {_KINDS.get(PurePath(name).suffix.lower(), "") for name in files}
    if len(kinds) == 1 and (kind := kinds.pop()):
        ids = " ".join(files[:1])
        return f"the archive holds {kind} files only, no records; {_json_of(ids)}"
    return "the archive holds no record files (.json, .jsonl, .ndjson, .txt, .gz, .zst)"


# --- the fix ----------------------------------------------------------------------------------


def _list_of_ids() -> str:
    return (
        "it is a list of NCT IDs, not records; follow them: nct_ids of a [[source]], or "
        "nct_ids_file of a [[subscription]]"
    )


def _json_of(text: str) -> str:
    return f"download JSON instead: {_address(text)}"


def _address(text: str) -> str:
    """Return where the first trial that a text names can be had as JSON; else what to write."""
    found = _NCT_ID.search(text)
    number = int(found[0][3:]) if found else 0
    return f"{_STUDY_URL}/{f'NCT{number:08d}' if number else 'NCT_ID'}"
