"""A store of every revision of the schema is upgraded, shows its history, and sends what waits."""

from pathlib import Path

import pytest

from monitor.store.revisions import HEAD, REVISIONS
from tests.doors.earlier import changes_of, history_of, leave, send_later
from tests.doors.kept import KeptStore, file_of, lay
from tests.doors.story import Story

ADVICE = """There is no kept store of schema {revision}: tests/doors/stores/{revision}.json.

Run `./run test tests/doors --snapshot-update`: it keeps a store of the newest schema, with the
present program. Commit the file; from then on it is what stores of that schema hold."""


def test_a_store_of_every_revision_is_kept(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    if request.config.getoption("update_snapshots") and not file_of(HEAD).is_file():
        with Story(tmp_path, attempts=3) as story:
            leave(story).write()
    for revision in REVISIONS:
        if not file_of(revision).is_file():
            pytest.fail(ADVICE.format(revision=revision), pytrace=False)
    assert len(list(file_of(HEAD).parent.iterdir())) == len(REVISIONS)


@pytest.mark.parametrize("revision", REVISIONS)
def test_an_earlier_store_is_upgraded_shows_its_history_and_sends_what_waits(
    new_store_url: str, tmp_path: Path, revision: str
) -> None:
    if not file_of(revision).is_file():
        pytest.fail(ADVICE.format(revision=revision), pytrace=False)
    kept = KeptStore.read(revision)
    lay(kept, new_store_url)
    with Story(tmp_path, attempts=3, url=new_store_url) as story:
        story.monitor.environ["MONITOR_DATABASE_URL"] = new_store_url
        upgraded = story.monitor.json("db", "upgrade")
        assert (upgraded["before"], upgraded["after"]) == (revision, HEAD)
        assert history_of(story.monitor) == kept.shown
        sent = send_later(story)
        assert changes_of(sent.values()) == kept.due
        assert set(kept.attempted) <= sent.keys(), "what a receiver may know keeps its id"
        assert story.monitor.json("db", "status")["status"] == "current"
