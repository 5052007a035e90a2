"""What a language model can ask the store: five questions, each answered as JSON.

The docstring of a question is what a model reads about it, with the keys of a filter in place of
FILTER_KEYS.
"""

import io
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, TypeVar

import orjson

from monitor.app.event_choice import EventChoice
from monitor.app.lookups import id_note, stored_trial
from monitor.app.matching import require_findable
from monitor.app.parameters import filter_of, kind, moment_from, moment_until, severity
from monitor.app.queries import select_events, select_trials
from monitor.app.versions import by_text
from monitor.app.wiring import App
from monitor.errors import UsageError
from monitor.mcp.answer_size import fit_items, offset, text_part
from monitor.model.bitemporal import valid_from
from monitor.model.changes import ChangeEvent
from monitor.model.history import StoredVersion
from monitor.model.history_filter import HistoryFilter
from monitor.model.lookup import look_up
from monitor.model.nct import normalize_nct_id
from monitor.model.public_ids import public_version_id
from monitor.model.queries import EventKey, TrialKey, TrialQuery, TrialSort
from monitor.model.subscriptions import Filter
from monitor.render.json_values import event_to_json, trial_to_json
from monitor.render.record import show_lines
from monitor.render.screen import Screen

ToolResult = dict[str, Any]
Filters = dict[str, str | list[str]] | None
Key = TypeVar("Key")

_MOST = 100


class Tools:
    """Answers out of the store of a monitor, each from a reading of its own; nothing is changed.

    Whatever a question cannot mean, or what is not there, is a MonitorError that says what is.
    """

    def __init__(self, app: App) -> None:
        self._app = app

    @property
    def all(self) -> tuple[Callable[..., ToolResult], ...]:
        """All questions."""
        return (
            self.search_trials, self.trial_history, self.changes_since, self.compare_versions,
            self.trial_at,
        )  # fmt: skip

    def search_trials(
        self,
        filters: Filters = None,
        sort: TrialSort = "last_changed",
        limit: int = 20,
        cursor: str | None = None,
    ) -> ToolResult:
        """Find trials as they stand now, those that changed last first.

        filters: any of FILTER_KEYS; each a word, a phrase in double quotes, or a list of which any
        will do (of phase PHASE2, of status RECRUITING, TERMINATED, ...); all keys must hold;
        not_condition and so on exclude. sort: last_changed, last_version_date or nct_id. cursor:
        the `next` of an earlier answer.
        """
        query = TrialQuery(
            filter=_filter(filters), sort=sort, limit=_limit(limit),
            after=_cursor(cursor, TrialKey.parse),
        )  # fmt: skip
        with self._app.reader() as reader:
            if query.filter is not None:
                require_findable(self._app, reader, query.filter)
            page = select_trials(reader, query, synonyms=self._app.synonyms())
        part = fit_items(map(trial_to_json, page.trials))
        after = str(page.next) if page.next else None
        if len(part) < len(page.trials):
            # Not all of the page had room, so the cursor continues after the last trial that had.
            last = page.trials[len(part) - 1]
            value = None if sort == "nct_id" else getattr(last, sort)
            after = str(TrialKey(value, last.nct_id))
        return {"trials": part, "next": after, "complete": page.is_complete}

    def trial_history(
        self, nct_id: str, min_severity: str = "low", limit: int = 20, cursor: str | None = None
    ) -> ToolResult:
        """List the versions of a trial's record with what each changed, newest first.

        min_severity: noise, low, medium, high or critical. version_id never changes and finds the
        version again; date is the day from which the record stood so. cursor: the `next` of an
        earlier answer.
        """
        wanted = HistoryFilter(min_severity=severity(min_severity), noise=True)
        start = offset(cursor)
        with stored_trial(self._app, normalize_nct_id(nct_id)) as (reader, trial, versions):
            note = id_note(reader, normalize_nct_id(nct_id))
            entries = _entries(versions)[::-1][start : start + _limit(limit)]
            ids = [version.id for _, version in entries]
            events = reader.events(trial.nct_id, version_ids=ids)
        part = fit_items(
            {
                **place,
                "changes": [
                    _brief(one.event)
                    for one in events.get(version.id, ())
                    if wanted.includes_event(one.event)
                ],
            }
            for place, version in entries
        )
        end = start + len(part)
        after = str(end) if end < len(versions) else None
        about = {"nct_id": trial.nct_id, "title": trial.title, "note": note}
        return {**about, "versions": part, "next": after}

    def changes_since(
        self,
        since: str,
        until: str | None = None,
        filters: Filters = None,
        kinds: list[str] | None = None,
        min_severity: str | None = None,
        limit: int = 20,
        cursor: str | None = None,
    ) -> ToolResult:
        """List what changed across trials, newest first, by when it was learned.

        since, until: 7d, 12h, 2026-02-19, yesterday. filters: as for search_trials. kinds: kinds
        of change, or the groups status, dates, enrollment, outcomes, eligibility, sites, design,
        sponsor, people, results, documents; a wrong one is answered with the nearest. min_severity:
        low, medium, high or critical. cursor: the `next` of an earlier answer.
        """
        choice = EventChoice(
            since=moment_from(since),
            until=None if until is None else moment_until(until),
            nct_ids=(),
            filter=_filter(filters),
            kinds=tuple(map(kind, kinds or ())),
            min_severity=None if min_severity is None else severity(min_severity),
            backfilled=False,
        )
        after = _cursor(cursor, EventKey.parse)
        with self._app.reader() as reader:
            query = replace(choice.query(self._app, reader), limit=_limit(limit), after=after)
            page = select_events(reader, query, synonyms=self._app.synonyms())
        part = fit_items(
            {
                "nct_id": one.stored.nct_id,
                "title": one.title,
                "version_id": public_version_id(one.identity),
                "version_date": one.version_date.isoformat(),
                "learned_at": one.learned_at.isoformat(),
                **_brief(one.stored.event),
            }
            for one in page.events
        )
        following = page.next
        if len(part) < len(page.events):
            following = page.events[len(part) - 1].key
        return {
            "changes": part,
            "next": str(following) if following else None,
            "complete": page.is_complete,
        }

    def compare_versions(
        self, nct_id: str, old: str, new: str | None = None, cursor: str | None = None
    ) -> ToolResult:
        """Tell what differs between two versions of a trial's record, most severe first.

        old, new: a version's number (1), version_id, or a date (2026-02-19: as the record stood
        then); without new the last version. Long texts are cut: trial_at with a field gives them
        whole. cursor: the `next` of an earlier answer.
        """
        start = offset(cursor)
        with stored_trial(self._app, normalize_nct_id(nct_id)) as (reader, trial, versions):
            first = by_text(versions, old)
            last = len(versions) - 1 if new is None else by_text(versions, new)
            one, other = versions[first], versions[last]
            found = self._app.compare(reader, trial, one, other) if first != last else ()
        ranked = sorted(found, key=lambda event: -event.severity.rank)[start:]
        part = fit_items(map(event_to_json, ranked))
        places = _entries(versions)
        more = len(part) < len(ranked)
        return {
            "nct_id": trial.nct_id,
            "old": places[first][0],
            "new": places[last][0],
            "changes": part,
            "next": str(start + len(part)) if more else None,
        }

    def trial_at(
        self,
        nct_id: str,
        version: str | None = None,
        field: str | None = None,
        cursor: str | None = None,
    ) -> ToolResult:
        """Show a trial's record as it stood: a summary, or one field of it whole.

        version: a number (1), a version_id, or a date (2026-02-19: as the record stood then);
        without one the last. field: a path of the registry's document, such as
        eligibilityModule.eligibilityCriteria, outcomesModule.primaryOutcomes, or
        locations[Boston].status. cursor: the `next` of an earlier answer; texts come in parts.
        """
        with stored_trial(self._app, normalize_nct_id(nct_id)) as (reader, trial, versions):
            at = len(versions) - 1 if version is None else by_text(versions, version)
            record = reader.record(versions[at])
        if field is None:
            # The lines of `monitor show`, without colors.
            text = io.StringIO()
            lines = show_lines(at + 1, versions[at], record, versions=len(versions))
            Screen(stream=text).show(lines)
            whole = text.getvalue()
        else:
            whole = orjson.dumps(look_up(record, field)).decode()
        part, after = text_part(whole, cursor)
        name = "summary" if field is None else "value_as_json"
        return {"nct_id": trial.nct_id, **_entries(versions)[at][0], name: part, "next": after}


def _entries(versions: Sequence[StoredVersion]) -> list[tuple[ToolResult, StoredVersion]]:
    """Return the versions of a whole history, oldest first, each with what finds it again."""
    found: list[tuple[ToolResult, StoredVersion]] = []
    for day, version in zip(valid_from(versions), versions, strict=True):
        name = public_version_id(version.identity)
        number = len(found) + 1
        found.append(({"version": number, "version_id": name, "date": day.isoformat()}, version))
    return found


def _brief(event: ChangeEvent) -> ToolResult:
    return {
        "kind": event.kind.value,
        "severity": event.severity.value,
        "summary": event.summary,
    }


def _filter(filters: Filters) -> Filter | None:
    return filter_of(
        {
            name: (value,) if isinstance(value, str) else tuple(value)
            for name, value in (filters or {}).items()
        }
    )


def _limit(limit: int) -> int:
    if not 1 <= limit <= _MOST:
        raise UsageError(f"limit is {limit}: give a whole number from 1 to {_MOST}")
    return limit


def _cursor(text: str | None, parse: Callable[[str], Key]) -> Key | None:
    if text is None:
        return None
    with suppress(ValueError):
        return parse(text)
    raise UsageError(f"{text[:40]!r} is not a cursor; give the `next` of an earlier answer")
