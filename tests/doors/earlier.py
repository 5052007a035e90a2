"""The story of a store that is left with messages under way, and what it shows and sends later."""

import json
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import time_machine

from monitor.store.revisions import HEAD
from monitor.store.writer import open_store
from tests.cli.calls import NOON, Monitor
from tests.cli.studies import NCT, OTHER, study
from tests.doors.kept import KeptStore, rows_of
from tests.doors.story import Story
from tests.store.leasing import claim, lose_worker, take

LEFT = NOON + timedelta(days=9)
"""When the story ends; ben's digest is not due yet."""
LATER = LEFT + timedelta(days=2)
KILLED = "host:4711:0a1b2c3d"


def leave(story: Story) -> KeptStore:
    """Play the story with the present program and return the store that it leaves."""
    first = (study("2026-02-02"), study(nct_id=OTHER, status="COMPLETED"), b"{]")
    with time_machine.travel(NOON, tick=False):
        story.monitor.answer("subscriber", "add", "dot")
        by_command = ("--subscriber", "dot")
        story.monitor.answer("silence", "add", "--kind", "site_added", *by_command, "--for", "366d")
        wanted = ("--nct-id", NCT, "--changes", "results", "--channel", "hook")
        story.monitor.answer("subscription", "add", "--name", "results", *by_command, *wanted)
    story.monitor.ingest(*first, at=NOON)
    story.monitor.ingest(changed(days=6, enrollment=240), at=NOON + timedelta(days=6))
    with time_machine.travel(NOON + timedelta(days=7), tick=True):
        story.monitor("run", "--once")  # ana and ben are told; cai's channel fails
    withdrawn = changed(days=8, enrollment=240, status="WITHDRAWN", whyStopped="Funding")
    story.monitor.ingest(withdrawn, at=LEFT)
    _be_killed(story.monitor.url)
    listed = story.monitor.json("outbox", "list")
    return KeptStore(
        revision=HEAD,
        shown=history_of(story.monitor),
        tables=rows_of(story.folder / "monitor.db"),
        attempted=[one["uid"] for one in listed if one["state"] == "sending"]
        + [one["uid"] for one in listed if one["state"] == "waiting" and one["attempts"]],
        due=changes_of(send_later(story).values()),
    )


def _be_killed(url: str) -> None:
    """Leave behind what a killed process does: a lease, and a message that it was sending."""
    with open_store(url, create=False) as store:
        take(store, "scheduler", KILLED, now=LEFT)
        with store.transaction() as transaction:
            [_] = claim(transaction, KILLED, now=LEFT, limit=1, channels=["hook"])
            lose_worker(transaction, KILLED)


def changed(*, days: int, **changes: Any) -> dict[str, Any]:
    """Return the trial as it is a number of days after the first look."""
    day = (NOON + timedelta(days=days)).date().isoformat()
    sites = (("Clinic A", "France", "RECRUITING"), ("Clinic B", "Spain", "RECRUITING"))
    return study(day, sites=sites, **changes)


def history_of(monitor: Monitor) -> dict[str, list[list[Any]]]:
    """Return the history of all trials as ``monitor history`` shows it: dates, kinds, words."""
    found = {}
    for nct_id in sorted(one["nct_id"] for one in monitor.json("trials")):
        found[nct_id] = [
            [one["version"], one["version_date"], one["retrieved_at"], [
                f"{event['severity']} {event['kind']}: {event['summary']}"
                for event in one["events"]
            ]]
            for one in monitor.json("history", nct_id, "--noise")["versions"]
        ]  # fmt: skip
    return found


def send_later(story: Story) -> dict[str, dict[str, Any]]:
    """Let everything that waits be sent two days later; return those messages by their ids."""
    if (broken := story.folder / "broken").is_file():
        broken.unlink()
    before = story.sent()
    with time_machine.travel(LATER, tick=False):
        result = story.monitor("deliver", "--once")
    assert result.exit_code == 0, result.output
    return {uid: body for uid, body in story.sent().items() if uid not in before}


def changes_of(bodies: Iterable[dict[str, Any]]) -> list[list[Any]]:
    """Return of each message: whom it tells, and which changes of which trials."""
    reported = [
        [body["data"]["subscriber"], *(
            [alert["nct_id"], alert["version"], *(event["kind"] for event in alert["events"])]
            for alert in body["data"]["alerts"]
        )]
        for body in bodies
        if "alerts" in body["data"]
    ]  # fmt: skip
    return sorted(reported, key=json.dumps)
