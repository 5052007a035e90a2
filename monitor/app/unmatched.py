"""What matches nothing: values that no trial has, trials that no source follows.

The known values are those of the stored trials; a misspelled one is reported with the nearest.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from monitor.app.filter_check import COMPARED, FilterCheck
from monitor.app.follows import followers
from monitor.app.lookups import present_id
from monitor.app.wiring import App
from monitor.model.subscriptions import Subscription, SubscriptionStatus
from monitor.model.tracking import Presence, SourceRow
from monitor.render.subscribers import filter_words
from monitor.settings import CtgovSourceSettings
from monitor.store.reader import Reader

_SHOWN = 20
# Which filter key knows the words of a query of the registry.
_QUERY_KEYS = {"cond": "condition", "intr": "intervention", "spons": "sponsor", "lead": "sponsor"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmatched:
    """A sentence on what has no match, and ``about`` which subscription or source it is.

    ``fix``: a command, where one mends it, else "".
    """

    about: str
    detail: str
    fix: str = ""

    def __str__(self) -> str:
        return f"{self.detail}: {self.fix}" if self.fix else self.detail


def unmatched_subscriptions(
    app: App,
    reader: Reader,
    subscriptions: Sequence[Subscription],
    *,
    compared: int = COMPARED,
    rows: int | None = None,
    most_ids: int | None = None,
) -> list[Unmatched]:
    """Return what these subscriptions name that matches nothing, in their order; of active ones.

    ``app`` follows what is followed by command too. ``compared``, ``rows``: of how many trials
    records, and of how many others rows are read at most; None: of all. ``most_ids``: how many
    NCT IDs of each subscription are looked for at most; None: all.
    """
    active = [one for one in subscriptions if one.status is SubscriptionStatus.ACTIVE]
    filters = [each for one in active for each in one.trials.filters]
    sentences = FilterCheck(app, reader, compared=compared, rows=rows).sentences(filters)
    found = []
    for one in active:
        about = f"subscription {one.name} of {one.subscriber}"
        found += [
            Unmatched(about=about, detail=s, fix=fix) for s, fix in _ids(app, reader, one, most_ids)
        ]
        for each in one.trials.filters:
            found += [
                Unmatched(about=about, detail=s) for s in sentences.get(filter_words(each), ())
            ]
    return found


def empty_sources(app: App, reader: Reader) -> list[Unmatched]:
    """Return which sources find nothing, and which NCT IDs of theirs the registry does not know."""
    counts, rows = reader.sources.followed_counts(), {r.name: r for r in reader.sources.all()}
    found = []
    for one in app.settings.sources:
        if not (isinstance(one, CtgovSourceSettings) and one.enabled):
            continue
        about, known = f"source {one.name}", counts.get(one.name, {})
        if known.get(Presence.UNKNOWN):
            unknown = reader.sources.tracked_records(
                one.name, presence=Presence.UNKNOWN, limit=_SHOWN
            )
            named = ", ".join(row.nct_id for row in unknown)
            more = known[Presence.UNKNOWN] - len(unknown)
            rest = f" and {more:,} more" if more > 0 else ""
            found.append(Unmatched(about=about, detail=f"the registry does not know {named}{rest}"))
        searches = bool(one.query or one.filter or one.all)
        if searches and not known.get(Presence.SHOWN) and _is_read(rows.get(one.name)):
            search = "; ".join(f"{k}: {v}" for k, v in {**one.query, **one.filter}.items())
            suggest = _suggest_query(app, reader, one.query)
            found.append(
                Unmatched(about=about, detail=f"its search ({search}) finds no trial{suggest}")
            )
    return found


def _is_read(row: SourceRow | None) -> bool:
    return row is not None and row.last_success_at is not None


def _suggest_query(app: App, reader: Reader, query: Mapping[str, str]) -> str:
    values = [(_QUERY_KEYS[key], text) for key, text in query.items() if key in _QUERY_KEYS]
    return next(filter(None, FilterCheck(app, reader).suggest(values)), "")


# --- NCT IDs --------------------------------------------------------------------------------------


def _ids(
    app: App, reader: Reader, one: Subscription, most: int | None
) -> Iterator[tuple[str, str]]:
    """Yield a sentence and a fix on the trials that a subscription names and no source follows."""
    ids = sorted(one.trials.nct_ids)[:most]
    now = {nct_id: present_id(reader, nct_id) for nct_id in ids}
    by = followers(app.settings.sources, reader, {*ids, *now.values()})
    names = {nct_id: {*by[nct_id], *by[now[nct_id]]} for nct_id in ids}
    unknown = [nct_id for nct_id in ids if _is_unknown(reader, nct_id, names[nct_id])]
    if unknown:
        yield f"the registry does not know {_list_ids(unknown)}", ""
    missing = [
        nct_id for nct_id in ids if not names[nct_id] and not _is_awaited(app, reader, nct_id)
    ]
    if missing:
        fix = f"`monitor follow --no-alerts {' '.join(missing[:_SHOWN])}` adds them"
        yield f"no source follows {_list_ids(missing)}", fix


def _is_unknown(reader: Reader, nct_id: str, sources: Collection[str]) -> bool:
    rows = [reader.sources.followed_record(name, nct_id) for name in sources]
    return bool(rows) and all(row and row.presence is Presence.UNKNOWN for row in rows)


def _is_awaited(app: App, reader: Reader, nct_id: str) -> bool:
    """Return whether a present source brought the trial, or an unread one may find it."""
    enabled = [one for one in app.settings.sources if one.enabled]
    versions = reader.versions(nct_id)
    if versions and any(versions[-1].source == one.name for one in enabled):
        return True
    return any(
        isinstance(one, CtgovSourceSettings)
        and bool(one.query or one.filter or one.all)
        and not _is_read(reader.sources.get(one.name))
        for one in enabled
    )


def _list_ids(ids: Sequence[str]) -> str:
    more = len(ids) - _SHOWN
    return ", ".join(ids[:_SHOWN]) + (f" and {more:,} more" if more > 0 else "")
