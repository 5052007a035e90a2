"""Why a message came, to who has the message and to nobody else."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deliver.configured import folder_channel, subscription
from tests.ingest.world import NCT, study
from tests.web.people import ADDRESS, Readers, link, readers


@pytest.fixture
def there(store_url: str, tmp_path: Path) -> Iterator[Readers]:
    with readers(tmp_path, store_url) as found:
        yield found


def test_a_message_says_what_matched_what_was_left_out_and_each_try(there: Readers) -> None:
    there.subscribe(kind="enrollment")
    there.mailbox.answers = ["451 later"]
    there.monitored.clock.move(minutes=1)
    there.monitored.ingest(study("2026-02-20", enrollment=300, status="SUSPENDED"))
    assert there.deliver() == []
    there.monitored.clock.move(hours=2)
    [mail] = there.deliver()
    path = link(mail, "/why/")
    page = there.browser.get(path)
    assert page.status == 200
    assert f"You get this because “{NCT}” includes this trial" in page.text
    reported, left_out = page.text.split("What it left out, and why")
    assert "Enrollment" in reported.split("What it reported")[1]
    assert "Overall status" in left_out
    assert "this kind of change is not asked for" in left_out
    assert "not taken; it is tried again" in left_out
    assert "taken by the mail server" in left_out
    assert ADDRESS not in page.html
    assert page.headers["cache-control"] == "no-store"


def test_a_link_is_of_one_message_and_ends_with_its_reader(there: Readers) -> None:
    own = there.subscribe()
    paths = []
    for _ in range(2):
        there.monitored.change()
        [mail] = there.deliver()
        paths.append(link(mail, "/why/"))
    first, second = (path.split("/")[2:] for path in paths)
    assert there.browser.get(f"/why/{first[0]}/{second[1]}").status == 404
    assert there.browser.get(f"/manage/{first[1]}").status == 404
    assert f"{paths[1].rpartition('/')[0]}/" in there.browser.get(own).html
    there.browser.send(own, do="renew")
    assert [there.browser.get(path).status for path in paths] == [404, 404]


def test_who_is_told_by_the_configuration_has_the_page_too(sqlite_url: str, tmp_path: Path) -> None:
    box = folder_channel(tmp_path, "box").replace('["json"]', '["eml", "json"]')
    with readers(tmp_path, sqlite_url, box, subscription("ana", "box")) as there:
        there.deliver()  # a key is made
        there.monitored.change()
        there.deliver()
        [mail] = (tmp_path / "box").glob("*.eml")
        text = mail.read_text().replace("=\n", "").replace("=3D", "=")
        path = "/why/" + text.split("monitor.example.org/why/")[1].split()[0]
        assert "includes this trial" in there.browser.get(path).text
        assert "/manage/" not in text
