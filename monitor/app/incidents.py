"""What is wrong with the monitor at the moment, as the store and the disks tell it."""

import shutil
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from monitor.app.store_checks import last_check
from monitor.app.wiring import App
from monitor.model.gate import GateState
from monitor.model.incidents import Incident
from monitor.model.messages import ChannelState, MessageState
from monitor.model.tracking import SourceRow, UnreadRecords
from monitor.render.gate import what_to_do
from monitor.render.values import count_text, moment
from monitor.settings import FolderChannelSettings
from monitor.store.address import StoreAddress
from monitor.store.reader import Reader

if TYPE_CHECKING:
    from monitor.settings import Settings

LEAST_FREE_BYTES = 100_000_000
"""Below it a disk counts as full; it has room again at twice as much."""

OVERDUE = timedelta(hours=2)
"""A schedule counts as missed so long after its time; longer than a pass is expected to take."""

Free = Callable[[Path], int]


def free_bytes(folder: Path) -> int:
    """Return how many bytes can still be written where the folder is, or will be."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return shutil.disk_usage(folder).free


def stored_incidents(reader: Reader, settings: "Settings", *, now: datetime) -> list[Incident]:
    """Return incidents that the store shows: of sources, channels, messages, leases, and damage.

    A failing source is not reported as overdue as well. Followed records that could not be read
    when last seen are an incident, too.
    """
    rows = reader.sources.all()
    enabled = {one.name for one in settings.sources if one.enabled}
    # Reported: it has failed in a row as often as [daemon] failures_before_alarm says.
    failing = [_failing(row) for row in rows if row.reported]
    failing += [
        _overdue(row, row.next_due_at)
        for row in rows
        if row.name in enabled and not row.reported
        if row.next_due_at is not None and row.next_due_at + OVERDUE < now
    ]
    paused = [_pause_incident(state) for state in reader.outbox.channel_states() if state.reported]
    dead = [
        _dead_letter_incident(reader, channel)
        for channel in reader.outbox.channels(MessageState.DEAD)
    ]
    unread = [one for row in rows if row.name in enabled for one in _unread_incidents(reader, row)]
    held = [one for row in rows if row.name in enabled for one in _held_incidents(reader, row, now)]
    return [
        *failing,
        *held,
        *unread,
        *paused,
        *dead,
        *_damage_incidents(reader),
        *_leases(reader, now),
        *_clocks(reader, now),
        *overdue_messages(reader, after_s=settings.delivery.overdue_after_s, now=now),
    ]


def _leases(reader: Reader, now: datetime) -> list[Incident]:
    return [
        Incident(
            key=f"lease:{lease.name}",
            began=f"the lease {lease.name!r} of {lease.holder} is impossible",
            over=f"the lease {lease.name!r} is sound again",
            detail=f"{lease.fault}. Another process takes it once nobody has renewed it for"
            f" {lease.observed_s:g} s",
        )
        for lease in reader.leases.all(now=now)
        if lease.fault is not None
    ]


def _clocks(reader: Reader, now: datetime) -> list[Incident]:
    from monitor.app.clock_skew import last_repairs  # noqa: PLC0415 - status loads nothing that delivers

    found = last_repairs(reader, now=now)
    if not found:
        return []
    return [
        Incident(
            key="clock:store",
            began="times in the store were impossible: a clock was, or is, wrong",
            over="no time in the store was impossible for a day",
            detail="; ".join(found) + ". Check the clock of this machine",
        )
    ]


def overdue_messages(reader: Reader, *, after_s: float, now: datetime) -> list[Incident]:
    """Return the channels by which a message is due for longer than that and not sent."""
    states = (MessageState.WAITING, MessageState.SENDING)
    names = sorted({name for state in states for name in reader.outbox.channels(state)})
    due = {name: reader.outbox.due_since(name, now) for name in names}
    late = {name: at for name, at in due.items() if at and (now - at).total_seconds() > after_s}
    return [
        Incident(
            # By this key operator_notices.py knows what keeps the operator's own channel from
            # sending.
            key=f"waiting:{name}",
            began=f"messages by the channel {name} are overdue",
            over=f"messages by the channel {name} are no longer overdue",
            detail=(
                f"the oldest is due since {at:%Y-%m-%d %H:%M} UTC, for longer than {after_s:,g} s"
                " ([delivery] overdue_after_s); `monitor outbox list` tells which"
            ),
            since=at,
        )
        for name, at in late.items()
    ]


def full_disks(app: App, *, notified: bool, free: Free = free_bytes) -> list[Incident]:
    """Return the disks that are full, of the store and of the channels that write folders.

    ``notified``: the operator was notified that one is full; so near the limit that happens once.
    """
    limit = LEAST_FREE_BYTES * (2 if notified else 1)
    found = []
    for what, folder in _folders(app):
        left = None
        # A folder out of reach is not full; the failures of its channel tell of it.
        with suppress(OSError):
            left = free(folder)
        if left is not None and left < limit:
            found.append(
                Incident(
                    key=f"disk:{folder}",
                    began=f"the disk of {what} is full",
                    over=f"the disk of {what} has room again",
                    detail=f"{left // 1_000_000} MB are left in {folder}",
                )
            )
    return found


def is_of_disk(key: str) -> bool:
    """Return whether it is the key of an incident of a full disk."""
    return key.startswith("disk:")


def free_by_folder(app: App, *, free: Free = free_bytes) -> dict[str, int]:
    """Return how many bytes are free for the store and for the channels that write folders."""
    found: dict[str, int] = {}
    for _, folder in _folders(app):
        with suppress(OSError):
            found[str(folder)] = free(folder)
    return found


def _failing(row: SourceRow) -> Incident:
    since = f" since {moment(row.failing_since)} UTC" if row.failing_since else ""
    return Incident(
        key=f"source:{row.name}",
        began=f"the source {row.name} fails",
        over=f"the source {row.name} works again",
        detail=f"{row.failures} times in a row{since}: {row.last_reason}",
        since=row.failing_since,
    )


def _held_incidents(reader: Reader, row: SourceRow, now: datetime) -> list[Incident]:
    """Return that a source is held; notified again each day, and for each new cause."""
    state = GateState.from_state(reader.sources.state(GateState.state_key(row.name)))
    if not state.reason or state.since is None:
        return []
    day = max(0, (now - state.since).days)
    causes = ",".join(sorted(one.cause for one in state.causes))
    what = f"records of the source {row.name} are" if state.causes else f"the source {row.name} is"
    lasting = f" since {moment(state.since)} UTC"
    return [
        Incident(
            key=f"held:{row.name}",
            began=f"{what} held as implausible{lasting if day else ''}",
            over=f"nothing of the source {row.name} is held any more",
            detail=f"{state.reason}. {what_to_do(row.name, state)}",
            since=state.since,
            # Another day, or another cause, makes another state, and so another notice.
            again=f"{day}:{causes}",
        )
    ]


def _unread_incidents(reader: Reader, row: SourceRow) -> list[Incident]:
    unread = UnreadRecords.from_state(reader.sources.state(UnreadRecords.state_key(row.name)))
    if not unread.count:
        return []
    what = count_text(unread.count, "followed record")
    others = " and others" if unread.count > len(unread.first) else ""
    return [
        Incident(
            key=f"unread:{row.name}",
            began=f"{what} of the source {row.name} cannot be read",
            over=f"all followed records of the source {row.name} can be read again",
            detail=(
                f"{', '.join(unread.first)}{others}: what is new of"
                " them is not reported until they can be. `monitor quarantine list` tells why,"
                " `monitor quarantine show` shows what was read"
            ),
        )
    ]


def _overdue(row: SourceRow, due_at: datetime) -> Incident:
    return Incident(
        key=f"overdue:{row.name}",
        began=f"the source {row.name} was not read when it was due",
        over=f"the source {row.name} is read again",
        detail=f"it was due {moment(due_at)} UTC; its pass hangs or takes so long",
        since=due_at,
    )


def _dead_letter_incident(reader: Reader, channel: str) -> Incident:
    last = next(
        iter(reader.outbox.messages(state=MessageState.DEAD, channel=channel, limit=1)), None
    )
    which = f"{last.uid}: {last.last_error}. " if last else ""
    return Incident(
        key=f"dead:{channel}",
        began=f"a message by the channel {channel} could not be delivered",
        over=f"the channel {channel} has no dead letters any more",
        detail=(
            f"{which}`monitor outbox list --state dead` lists all such; `monitor outbox retry`"
            " sends them again, `monitor outbox drop` lets them go"
        ),
        since=reader.outbox.dead_since(channel),
    )


def _damage_incidents(reader: Reader) -> list[Incident]:
    check = last_check(reader)
    if check is None or not check.damage:
        return []
    return [
        Incident(
            key="store:damage",
            began="the store is damaged",
            over="the store is sound again",
            detail=(
                f"{check.damage}. `monitor db verify` names what is damaged; `monitor db restore`"
                " puts a backup back"
            ),
        )
    ]


def _pause_incident(state: ChannelState) -> Incident:
    return Incident(
        key=f"channel:{state.channel}",
        began=f"the channel {state.channel} fails and is paused",
        over=f"the channel {state.channel} works again",
        detail=(
            f"{state.failures} times in a row: {state.last_error}. It is tried with one message"
            " from time to time; its messages wait"
        ),
        since=state.failing_since,
    )


def _folders(app: App) -> list[tuple[str, Path]]:
    path = StoreAddress.parse(app.settings.store.url).path
    found = [] if path is None else [("the store", path.parent)]
    return found + [
        (f"the channel {one.name}", Path(one.path))
        for one in app.settings.channels
        if isinstance(one, FolderChannelSettings)
    ]
