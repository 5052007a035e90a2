"""However studies are laid out and packed, the same slices come out in the same order."""

import gzip
import io
import json
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import replace

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.sources.read_progress import LIMITS
from tests.sources.examples import contents, nct_id, read, refusals, versions

# Texts that look like structure: a cut by anything but the grammar would go wrong on them.
TEXTS = st.text(st.sampled_from('"\\{}[],: \n\r\t}\u00e9\u2028\U0001f9ec1n'), max_size=12)
VALUES = st.recursive(
    TEXTS
    | st.integers()
    | st.booleans()
    | st.none()
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(TEXTS | st.just("studies") | st.just("study"), inner, max_size=3)
    ),
    max_leaves=6,
)


@st.composite
def study_texts(draw: st.DrawFn, *, on_one_line: bool) -> list[bytes]:
    """Draw a few studies as bytes, each in its own spelling of JSON."""
    texts = []
    for number in range(1, draw(st.integers(1, 5)) + 1):
        module = {"nctId": nct_id(number), "briefTitle": draw(TEXTS), "x": draw(VALUES)}
        document: dict[str, object] = {"protocolSection": {"identificationModule": module}}
        if draw(st.booleans()):  # other sections, behind or before
            other = {"derivedSection": {"y": draw(VALUES)}, "hasResults": False}
            document = other | document if draw(st.booleans()) else document | other
        text = json.dumps(
            document,
            ensure_ascii=draw(st.booleans()),
            indent=None if on_one_line else draw(st.sampled_from([None, 0, 2])),
            separators=draw(st.sampled_from([(",", ":"), (", ", ": "), (" ,", " :")])),
        )
        texts.append(text.encode())
    return texts


Laid = tuple[list[bytes], bytes]


@st.composite
def lines(draw: st.DrawFn) -> Laid:
    """Draw studies as JSON lines, bare and wrapped, with all kinds of line ends."""
    studies = draw(study_texts(on_one_line=True))
    ends = st.sampled_from([b"\n", b"\r\n", b"\n\n", b"\n \r\n", b" \n"])
    content = draw(st.sampled_from([b"", b"\n", b"\r\n\r\n"]))
    for number, text in enumerate(studies, 1):
        forms = [
            text,
            b'{"study":' + text + b"}",
            b'{"seen": [{"study":1}], "nct_id":"%b", "study": %b }'
            % (nct_id(number).encode(), text),
        ]
        content += draw(st.sampled_from(forms)) + draw(ends)
    return studies, content if draw(st.booleans()) else content.rstrip()


@st.composite
def documents(draw: st.DrawFn, *, item_by_item: bool = False) -> Laid:
    """Draw studies as a search page, as a list, or as documents one behind the other.

    ``item_by_item``: only layouts of which nothing has to be read to its end.
    """
    studies = draw(study_texts(on_one_line=False))
    space = draw(st.sampled_from([b"", b"\n", b"\r\n  "]))
    joined = (b"," + space).join(studies)
    forms = [
        b"[" + space + joined + space + b"]",
        b'{"totalCount":2,"studies":[' + space + joined + b'],"nextPageToken":"a\\"]"}',
        b'{%b"studies" : [%b]%b}' % (space, joined, space),
    ]
    if not item_by_item:
        forms.append(b'{"query":{"a":[1,{}]},"studies":[%b]}' % joined)
    if all(b"\n" in text for text in studies):  # else the first line would say: JSON lines
        forms.append(b"\n".join(studies))
    return studies, draw(st.sampled_from(forms)) + space


def zipped(content: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("studies.json", content)
    return file.getvalue()


PACKERS: list[Callable[[bytes], bytes]] = [bytes, gzip.compress, zstandard.compress, zipped]


@given(
    laid=lines() | documents(),
    pack=st.sampled_from(PACKERS),
    marked=st.booleans(),
    chunk_bytes=st.integers(1, 400),
)
def test_every_layout_yields_the_same_slices_in_the_same_order(
    tmp_path_factory: pytest.TempPathFactory,
    laid: Laid,
    pack: Callable[[bytes], bytes],
    marked: bool,
    chunk_bytes: int,
) -> None:
    studies, content = laid
    path = tmp_path_factory.getbasetemp() / "laid"
    path.write_bytes(pack(b"\xef\xbb\xbf" * marked + content))
    assert contents(read(path, limits=replace(LIMITS, chunk_bytes=chunk_bytes))) == studies


@given(laid=lines(), data=st.data(), chunk_bytes=st.integers(1, 400))
def test_a_cut_through_lines_loses_no_line_before_it(
    tmp_path_factory: pytest.TempPathFactory, laid: Laid, data: st.DataObject, chunk_bytes: int
) -> None:
    studies, content = laid
    left = content[: data.draw(st.integers(0, len(content)))]
    path = tmp_path_factory.getbasetemp() / "cut"
    path.write_bytes(left)
    found = read(path, limits=replace(LIMITS, chunk_bytes=chunk_bytes))
    whole = sum(1 for line in left.split(b"\n")[:-1] if line.strip())
    assert [one.content for one in versions(found)][:whole] == studies[:whole]
    assert len(found) in (whole, whole + 1)


@given(laid=documents(item_by_item=True), data=st.data(), chunk_bytes=st.integers(1, 400))
def test_a_cut_through_documents_loses_no_item_before_it(
    tmp_path_factory: pytest.TempPathFactory, laid: Laid, data: st.DataObject, chunk_bytes: int
) -> None:
    studies, content = laid
    left = content[: data.draw(st.integers(0, len(content)))]
    path = tmp_path_factory.getbasetemp() / "cut"
    path.write_bytes(left)
    found = read(path, limits=replace(LIMITS, chunk_bytes=chunk_bytes))
    whole, end, kept = 0, 0, 0
    for text in studies:
        end = content.index(text, end) + len(text)
        if end <= len(left):
            whole, kept = whole + 1, end
    assert [one.content for one in versions(found)] == studies[:whole]
    # Of documents one behind the other, those before a cut between two are a whole file.
    between = content.startswith(studies[0]) and whole and not left[kept:].strip()
    assert refusals(found) or whole == len(studies) or between


@given(data=st.data(), chunk_bytes=st.integers(1, 400), kind=st.sampled_from(["gzip", "zstandard"]))
def test_lines_whole_before_a_cut_in_compressed_data_are_all_read(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, chunk_bytes: int, kind: str
) -> None:
    studies, content = data.draw(lines())
    if kind == "gzip":
        packed = gzip.compress(content)[: data.draw(st.integers(4, 400))]
        readable = zlib.decompressobj(31).decompress(packed)
    else:  # a frame of many blocks, so that a cut leaves some of them
        packer = zstandard.ZstdCompressor().compressobj()
        parts = [packer.compress(content[at : at + 50]) for at in range(0, len(content), 50)]
        parts = [part + packer.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK) for part in parts]
        packed = b"".join(parts)[: data.draw(st.integers(4, 400))]
        readable = zstandard.ZstdDecompressor().stream_reader(packed).read()
    path = tmp_path_factory.getbasetemp() / "cut"
    path.write_bytes(packed)
    found = read(path, limits=replace(LIMITS, chunk_bytes=chunk_bytes))
    whole = sum(1 for line in readable.split(b"\n")[:-1] if line.strip())
    assert [one.content for one in versions(found)][:whole] == studies[:whole]
    assert len(versions(found)) <= whole + 1
    assert refusals(found) or len(versions(found)) == len(studies)


@settings(max_examples=200)
@given(
    content=st.lists(
        st.sampled_from([b"{", b"}", b"[", b"]", b'"', b":", b",", b"\n", b"\\", b"1", b"-", b" "])
        | st.sampled_from([b'"studies":[', b'"study":', b'{"protocolSection":{}}', b"\xef\xbb\xbf"])
        | st.binary(max_size=4),
        max_size=25,
    ).map(b"".join),
    chunk_bytes=st.integers(1, 50),
    record_bytes=st.integers(1, 200),
)
def test_no_content_raises_anything_or_reads_otherwise_in_other_chunks(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, chunk_bytes: int, record_bytes: int
) -> None:
    path = tmp_path_factory.getbasetemp() / "any"
    path.write_bytes(content)
    in_chunks = read(
        path, limits=replace(LIMITS, chunk_bytes=chunk_bytes, record_bytes=record_bytes)
    )
    assert in_chunks == read(path, limits=replace(LIMITS, record_bytes=record_bytes))
