"""Series of snapshots: byte-exact, small, and clear about damage, on both databases."""

import re
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

import pytest
import sqlalchemy as sa

from monitor.errors import StoreError
from monitor.store.address import StoreAddress
from monitor.store.codec import Codec
from monitor.store.engine import make_engine
from monitor.store.reader import open_reader
from monitor.store.writer import open_store
from tests.store.examples import NCT_ID, add_series, add_version, document, status_event


def run_sql(url: str, sql: str, **parameters: object) -> list[tuple[object, ...]]:
    """Do to a store what the program never does, with foreign keys out of the way."""
    engine = make_engine(StoreAddress.parse(url), busy_timeout_s=5)
    try:
        with engine.connect() as connection:
            if engine.dialect.name == "sqlite":
                raw = connection.connection.dbapi_connection
                assert raw is not None
                raw.cursor().execute("PRAGMA foreign_keys=OFF")
            else:
                connection.execute(sa.text("SET session_replication_role = replica"))
            result = connection.execute(sa.text(sql), parameters)
            rows = [tuple(row) for row in result] if result.returns_rows else []
            connection.commit()
            return rows
    finally:
        engine.dispose()


def drifting(count: int) -> list[bytes]:
    """Return a series in which every version changes one site more, the former stay changed."""
    contents, content = [], document(sites=120)
    for number in range(count):
        content = content.replace(f'"City {number}"'.encode(), f'"Town {number}"'.encode())
        contents.append(content)
    return contents


def test_every_version_of_a_long_series_reads_back_byte_exact(store_url: str) -> None:
    contents = [*drifting(100), document(sites=1), document(sites=200), *drifting(30)]
    with open_store(store_url) as store:
        snapshot_ids = add_series_in_pieces(store_url, contents)
        with store.transaction() as transaction:
            assert transaction.read_snapshot(snapshot_ids[57]) == contents[57]
    for order in (snapshot_ids, snapshot_ids[::-1]):
        with open_reader(store_url) as reader:
            found = {snapshot_id: reader.snapshot(snapshot_id) for snapshot_id in order}
        assert [found[snapshot_id] for snapshot_id in snapshot_ids] == contents


def add_series_in_pieces(url: str, contents: list[bytes]) -> list[int]:
    """Store a series in several transactions, as polling would."""
    snapshot_ids: list[int] = []
    with open_store(url) as store:
        for start in range(0, len(contents), 10):
            with store.transaction() as transaction:
                for content in contents[start : start + 10]:
                    base = snapshot_ids[-1] if snapshot_ids else None
                    _, snapshot_id = add_version(transaction, content, base_snapshot_id=base)
                    snapshot_ids.append(snapshot_id)
    return snapshot_ids


def test_no_version_is_more_than_six_steps_from_its_keyframe(sqlite_url: str) -> None:
    with open_store(sqlite_url) as store:
        add_series(store, drifting(28))
    add_series_in_pieces(sqlite_url, drifting(110))
    rows = run_sql(sqlite_url, "SELECT id, base_id FROM snapshots")
    bases = {row[0]: row[1] for row in rows}

    def steps(snapshot_id: object) -> int:
        base = bases[snapshot_id]
        return 0 if base is None else 1 + steps(base)

    assert max(steps(snapshot_id) for snapshot_id in bases) <= 6
    keyframes = sum(base is None for base in bases.values())
    assert keyframes == 3  # one a series, and one anew after 64 versions


def test_a_drifting_series_takes_little_more_than_its_changes(sqlite_url: str) -> None:
    contents = drifting(60)
    add_series_in_pieces(sqlite_url, contents)
    sizes = run_sql(sqlite_url, "SELECT length(content) FROM snapshots ORDER BY id")
    _, *later = [int(str(row[0])) for row in sizes]
    codec = Codec()
    against_the_keyframe = sum(len(codec.delta(content, contents[0])) for content in contents[1:])
    against_the_predecessor = sum(len(codec.delta(new, old)) for old, new in pairwise(contents))
    assert sum(later) < against_the_keyframe / 2
    assert sum(later) < against_the_predecessor * 2


def test_a_record_that_has_little_in_common_becomes_a_keyframe(sqlite_url: str) -> None:
    other = bytes(reversed(document(sites=80)))
    with open_store(sqlite_url) as store:
        add_series(store, [document(), other])
    assert run_sql(sqlite_url, "SELECT count(*) FROM snapshots WHERE base_id IS NULL") == [(2,)]


def test_late_versions_may_be_stored_against_any_snapshot_of_the_trial(store_url: str) -> None:
    contents = drifting(20)
    with open_store(store_url) as store:
        snapshot_ids = add_series(store, contents)
        with store.transaction() as transaction:
            late = [
                transaction.insert_snapshot(
                    NCT_ID, contents[number] + b" ", base_snapshot_id=snapshot_ids[number]
                )
                for number in range(20)
            ]
            read = [transaction.read_snapshot(snapshot_id) for snapshot_id in late]
    assert read == [content + b" " for content in contents]


DAMAGE: dict[str, Callable[[str, int], object]] = {
    "a flipped blob": lambda url, at: run_sql(
        url, "UPDATE snapshots SET content = :content WHERE id = :at", content=b"?" * 99, at=at
    ),
    "a blob cut short": lambda url, at: run_sql(
        url, "UPDATE snapshots SET content = substr(content, 1, 20) WHERE id = :at", at=at
    ),
    "another snapshot's blob": lambda url, at: run_sql(
        url,
        "UPDATE snapshots SET content = (SELECT content FROM snapshots WHERE id = 5)"
        " WHERE id = :at",
        at=at,
    ),
    "a wrong size": lambda url, at: run_sql(
        url, "UPDATE snapshots SET size = size - 1 WHERE id = :at", at=at
    ),
    "a wrong hash": lambda url, at: run_sql(
        url, "UPDATE snapshots SET sha256 = :digest WHERE id = :at", digest=bytes(32), at=at
    ),
    "a missing row": lambda url, at: run_sql(url, "DELETE FROM snapshots WHERE id = :at", at=at),
    "a row based on itself": lambda url, at: run_sql(
        url, "UPDATE snapshots SET base_id = id, number = 1 WHERE id = :at", at=at
    ),
    "a keyframe that is said to be none": lambda url, at: run_sql(
        url, "UPDATE snapshots SET base_id = 4, number = 9 WHERE id = :at", at=at
    ),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_snapshot_is_an_error_that_names_trial_and_version(
    store_url: str, damage: str
) -> None:
    with open_store(store_url) as store:
        snapshot_ids = add_series(store, drifting(5))
    DAMAGE[damage](store_url, snapshot_ids[2])
    with open_reader(store_url) as reader:
        assert reader.snapshot(snapshot_ids[1]) == drifting(5)[1]
        with pytest.raises(StoreError, match=rf"{NCT_ID}, version of 2026-02-03, is damaged"):
            reader.snapshot(snapshot_ids[2])


@pytest.mark.parametrize("damage", DAMAGE)
def test_damage_to_a_keyframe_is_an_error_of_every_version_built_on_it(
    store_url: str, damage: str
) -> None:
    with open_store(store_url) as store:
        snapshot_ids = add_series(store, drifting(5))
        keyframe = snapshot_ids[0]
        DAMAGE[damage](store_url, keyframe)
        for day, snapshot_id in enumerate(snapshot_ids, start=1):
            pattern = re.compile(rf"{NCT_ID}, version of 2026-02-0{day}, is damaged")
            with open_reader(store_url) as reader, pytest.raises(StoreError, match=pattern):
                reader.snapshot(snapshot_id)
            with store.transaction() as transaction, pytest.raises(StoreError, match=pattern):
                transaction.read_snapshot(snapshot_id)


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE snapshots SET content = 'text' WHERE id = :at",
        "UPDATE snapshots SET sha256 = 'text' WHERE id = :at",
        "UPDATE snapshots SET size = 'text' WHERE id = :at",
        "UPDATE snapshots SET number = 'text' WHERE id = :at",
    ],
)
def test_a_value_of_another_type_is_damage_too(sqlite_url: str, sql: str) -> None:
    with open_store(sqlite_url) as store:
        snapshot_ids = add_series(store, drifting(3))
        at = snapshot_ids[1]
        run_sql(sqlite_url, sql, at=at)
        pattern = re.compile(rf"{NCT_ID}, version of 2026-02-02, is damaged")
        with open_reader(sqlite_url) as reader, pytest.raises(StoreError, match=pattern):
            reader.snapshot(at)
        with store.transaction() as transaction, pytest.raises(StoreError, match=pattern):
            transaction.insert_snapshot(NCT_ID, drifting(3)[2], base_snapshot_id=at)


def test_nothing_new_is_stored_against_a_damaged_snapshot(store_url: str) -> None:
    with open_store(store_url) as store:
        snapshot_ids = add_series(store, drifting(2))
        DAMAGE["a wrong hash"](store_url, snapshot_ids[0])
        with store.transaction() as transaction, pytest.raises(StoreError, match="damaged"):
            transaction.insert_snapshot(NCT_ID, drifting(3)[2], base_snapshot_id=snapshot_ids[1])


def test_a_snapshot_that_never_was_is_an_error(store_url: str) -> None:
    with open_store(store_url):
        pass
    with (
        open_reader(store_url) as reader,
        pytest.raises(StoreError, match=r"snapshot 77 .*missing"),
    ):
        reader.snapshot(77)


def test_damaged_events_are_an_error_too(sqlite_url: str) -> None:
    with open_store(sqlite_url) as store, store.transaction() as transaction:
        version_id, _ = add_version(transaction, document())
        transaction.replace_events(version_id, NCT_ID, [status_event()], backfilled=False)
    run_sql(sqlite_url, "UPDATE events SET body = substr(body, 1, 30)")
    with open_reader(sqlite_url) as reader, pytest.raises(StoreError, match="damaged"):
        reader.events(NCT_ID)


def test_a_flipped_byte_anywhere_in_the_file_never_yields_another_record(
    sqlite_url: str,
) -> None:
    contents = drifting(6)
    with open_store(sqlite_url) as store:
        snapshot_ids = add_series(store, contents)
    path = Path(sqlite_url.removeprefix("sqlite:///"))
    whole = path.read_bytes()
    for place in range(0, len(whole), len(whole) // 150):
        damaged = bytearray(whole)
        damaged[place] ^= 0xFF
        path.write_bytes(bytes(damaged))
        found: dict[int, bytes] = {}
        with suppress(StoreError), open_reader(sqlite_url) as reader:
            for snapshot_id in snapshot_ids:
                found[snapshot_id] = reader.snapshot(snapshot_id)
            reader.versions(NCT_ID)
            reader.trials()
            reader.counts()
        for snapshot_id, content in found.items():
            expected = contents[snapshot_ids.index(snapshot_id)]
            assert sha256(content).digest() == sha256(expected).digest()
