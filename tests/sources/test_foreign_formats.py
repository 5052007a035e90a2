"""What people have instead of records is named, with what to do."""

import gzip
import itertools
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from monitor.errors import RecordError
from monitor.model.record import RawVersion
from monitor.parsers.base import parse
from tests.sources.examples import read, study, the_refusal, versions

CASES = Path(__file__).parents[3] / "shared" / "data" / "cases" / "10-foreign-files"
STUDY = "https://clinicaltrials.gov/api/v2/studies"
CLASSIC = b"<?xml version='1.0'?>\n<clinical_study rank='1'><nct_id>NCT00000123</nct_id>"


def reason(folder: Path, content: bytes) -> str:
    """Return why a file of this content is not read, whether its bytes or its JSON tells."""
    path = folder / "file"
    path.write_bytes(content)
    (found,) = read(path)
    if not isinstance(found, RawVersion):
        return found.reason
    with pytest.raises(RecordError) as refused:
        parse(found)
    return str(refused.value)


def as_json(value: Any) -> bytes:
    return json.dumps(value).encode()


@pytest.mark.parametrize(
    ("content", "what", "fix"),
    [
        (CLASSIC, "the classic XML of ClinicalTrials.gov", f"{STUDY}/NCT00000123"),
        (
            gzip.compress(CLASSIC, mtime=0),
            "the classic XML of ClinicalTrials.gov",
            f"{STUDY}/NCT00000123",
        ),
        (b"<search_results query='x'/>", "the classic XML", f"{STUDY}/NCT_ID"),
        (b"<ResearchStudy xmlns='http://hl7.org/fhir'>NCT123</ResearchStudy>", "FHIR (XML)", STUDY),
        (b"<!DOCTYPE html>\n<html lang=en>", "an HTML page, not a record", "download JSON instead"),
        (b"<Trials_downloaded_from_ICTRP><Trial/>", "WHO ICTRP", "this registry is not read"),
        (b'<allTrials xmlns="x">', "XML of ISRCTN", "this registry is not read"),
        (b"<rss version='2.0'>", "a news feed", "download JSON instead"),
        (b"<a/>", "XML or a part of an HTML page", "download JSON instead"),
        (b"NCT Number,Study Title\nNCT00000123,A", "a table (CSV)", "follow its NCT IDs"),
        (b'\xef\xbb\xbf"NCT Number";"Title"\n"NCT1";"A"', "a table (CSV)", STUDY),
        (b"Rank\tNCT Number\tTitle\n1\tNCT00000123\tA", "a table (TSV)", STUDY),
        (b"nct_id|brief_title|phase\nNCT00000123|A, b|2", "a table (delimited text)", STUDY),
        (b'a,b,c\n1,"2, 3",4\n5,6,7\n', "a table (CSV)", STUDY),
        ("NCT Number\tTitle\nNCT1\tÄ".encode("utf-16"), "a table (TSV)", STUDY),
        (b"NCT Number,Title\nNCT1,Sj\xf6gren", "a table (CSV)", STUDY),
        (b"TY  - CPAPER\nT1  - A study\nER  - ", "a RIS export", "download JSON instead"),
        (b"PMID- 12345678\nOWN - NLM", "a PubMed export", "download JSON instead"),
        (b"@article{a,\n title={b}}", "a BibTeX file", "download JSON instead"),
        (b"NCT00000123\nNCT00000124\n", "a list of NCT IDs", "nct_ids of a [[source]]"),
        (b'["NCT00000123", "NCT00000124"]', "a list of NCT IDs", "nct_ids of a [[source]]"),
        (b"Study 1:\n\n NCT Number: NCT00000123\n", "a search listing", f"{STUDY}/NCT00000123"),
        (b"%PDF-1.7\n%\xe2\xe3", "a PDF document", "download JSON instead"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 99, "an old Office document", STUDY),
        (b"\x89PNG\r\n\x1a\n\0\0", "an image (PNG)", "download JSON instead"),
        (b"SQLite format 3\0\x10\0", "an SQLite database", "download JSON instead"),
        (b"BZh91AY&SY", "compressed by bzip2", "unpack it first"),
        (b"7z\xbc\xaf\x27\x1c\0", "compressed by 7-Zip", "unpack it first"),
        (b"a.json".ljust(257, b"\0") + b"ustar\0", "a tar archive", "unpack it"),
        (as_json({"resourceType": "Bundle", "id": "NCT00000123"}), "FHIR", f"{STUDY}/NCT00000123"),
        (as_json({"FullStudiesResponse": {"a": "NCT00000123"}}), "API before v2", f"{STUDY}/NCT"),
        (as_json({"StudyFieldsResponse": {}}), "API before v2", "fetch it again"),
        (as_json({"Rank": 1, "Study": {"ProtocolSection": {}}}), "API before v2", "fetch it again"),
        (as_json({"clinical_study": {}}), "the classic XML", "download JSON instead"),
        (as_json({"ctNumber": "2025-523616-36-00"}), "CTIS", "this registry is not read"),
        (as_json({"data": [{"ctNumber": "x"}]}), "CTIS", "this registry is not read"),
        (as_json({"error": "not found"}), "a server's error message", "fetch the record again"),
        (as_json({"NCT Number": "NCT00000123"}), "a row of a table", f"{STUDY}/NCT00000123"),
    ],
    ids=itertools.count(),  # the bytes may hold the time
)
def test_a_foreign_format_is_named_with_what_to_do(
    tmp_path: Path, content: bytes, what: str, fix: str
) -> None:
    text = reason(tmp_path, content)
    assert what in text
    assert fix in text


@pytest.mark.parametrize(
    ("names", "what"),
    [
        (("NCT0000xxxx/NCT00000123.xml", "Contents.xml"), "XML files only"),
        (("a.csv", "b.csv"), "CSV files only"),
        (("[Content_Types].xml", "word/document.xml"), "a Word document"),
        (("[Content_Types].xml", "xl/workbook.xml"), "an Excel workbook"),
        (("a.xml", "b.pdf"), "no record files"),
        ((), "no record files"),
    ],
)
def test_an_archive_without_records_says_what_it_holds(
    tmp_path: Path, names: tuple[str, ...], what: str
) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, "<clinical_study/>")
    assert what in the_refusal(read(path)).reason


@pytest.mark.parametrize("separator", ["", "\n", "\n  "])
@pytest.mark.parametrize("token", [b"", b'"nextPageToken": "abc", ', b'"totalCount": 4, '])
def test_search_pages_in_a_list_are_read_study_by_study(
    tmp_path: Path, separator: str, token: bytes
) -> None:
    between = separator.encode()
    pages = [
        b"{%b%b%b]}" % (token, b'"studies": [', b",".join([study(2 * n), study(2 * n + 1)]))
        for n in (1, 2, 3)
    ]
    path = tmp_path / "pages.json"
    path.write_bytes(b"[" + between + (b"," + between).join(pages) + between + b"]\n")
    found = read(path)
    assert [one.content for one in versions(found)] == [study(n) for n in range(2, 8)]
    assert found[-1].origin == f"{path}[2][1]"


def test_a_token_behind_the_studies_of_a_page_in_a_list_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "pages.json"
    page = b'{"studies": [%b, %b], "nextPageToken": "abc"}'
    whole = [page % (study(1), study(2)), page % (study(3), study(4)), b'{"studies": []}', study(5)]
    path.write_bytes(b"[%b]" % b",\n".join(whole))
    assert [one.content for one in versions(read(path))] == [study(n) for n in (1, 2, 3, 4, 5)]


def test_a_page_of_a_list_that_breaks_off_costs_its_rest_alone(tmp_path: Path) -> None:
    path = tmp_path / "pages.json"
    page = b'{"studies": [%b, %b]}'
    text = b"[%b, %b]" % (page % (study(1), study(2)), page % (study(3), study(4)))
    path.write_bytes(text[:-20])
    found = read(path)
    assert [one.content for one in versions(found)] == [study(1), study(2), study(3)]
    assert the_refusal(found).origin == f"{path}[1][1]"


@pytest.mark.skipif(not CASES.is_dir(), reason="the shared cases are not there")
def test_every_foreign_file_of_the_cases_says_what_it_is_and_what_to_do(tmp_path: Path) -> None:
    for path in sorted(CASES.iterdir()):
        if path.name in ("README.md", "pages.json", "xml.zip"):
            continue
        text = reason(tmp_path, path.read_bytes())
        assert STUDY in text, (path.name, text)
    assert len(versions(read(CASES / "pages.json"))) == 2
    assert "XML files only" in the_refusal(read(CASES / "xml.zip")).reason
