"""Why a version's events did or did not go to each subscription."""

from dataclasses import dataclass

from monitor.app.people import bring_in_line
from monitor.app.subscribing import pick
from monitor.app.wiring import App, stored_trial
from monitor.errors import NotFoundError
from monitor.match.matcher import Matcher
from monitor.match.news import News
from monitor.model.asof import known_since
from monitor.model.changes import ChangeEvent
from monitor.model.history import StoredVersion, TrialRow
from monitor.model.subscriptions import Subscription, Verdict
from monitor.render.values import counted


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """One version, its events in their order, and for each subscription a verdict on each."""

    trial: TrialRow
    number: int
    version: StoredVersion
    events: tuple[ChangeEvent, ...]
    answers: tuple[tuple[Subscription, tuple[Verdict, ...]], ...]


def explain(
    app: App, nct_id: str, number: int, *, word: str | None = None, subscriber: str | None = None
) -> Explanation:
    """Match a stored version anew, by subscriptions and silences as they stand now.

    ``word``: the name or the number of the one subscription that is asked about, of
    ``subscriber`` alone where given. NotFoundError for what is not stored.
    """
    bring_in_line(app)
    with stored_trial(app, nct_id) as (reader, trial, versions):
        if not 1 <= number <= len(versions):
            raise NotFoundError(
                f"{nct_id} has no version {number}; it has {counted(len(versions), 'version')}, "
                "from 1 on"
            )
        version = versions[number - 1]
        stored = reader.events(nct_id, version_ids=[version.id]).get(version.id, [])
        news = News(
            nct_id=nct_id,
            old=reader.record(versions[number - 2]) if number > 1 else None,
            new=reader.record(version),
            events=[one.event for one in stored],
            backfilled=version.backfilled,
            known_at=known_since(version),
        )
        subscriptions = reader.people.subscriptions(subscriber=subscriber, effective=True)
        if word is not None:
            subscriptions = [pick(subscriptions, word)]
        matcher = Matcher(subscriptions, reader.people.silences())
    verdicts: dict[int, list[Verdict]] = {one.id: [] for one in subscriptions}
    for subscription, _, verdict in matcher.explain(news):
        verdicts[subscription.id].append(verdict)
    return Explanation(
        trial=trial,
        number=number,
        version=version,
        events=tuple(news.events),
        answers=tuple((one, tuple(verdicts[one.id])) for one in subscriptions),
    )
