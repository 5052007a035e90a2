"""Fan-out: changed trials against very many subscriptions, up to the outbox."""

from collections.abc import Sequence

from monitor.ingest.gc_tuning import fewer_collections
from monitor.ingest.notify import Notifier
from monitor.match.change_set import ChangeSet
from monitor.match.matcher import Matcher
from monitor.model.subscriptions import Subscription
from monitor.store.writer import StoreWriter, open_store
from tests.bench.plain import copying
from tests.bench.plan import Bench
from tests.bench.rows import Measurement, against, raced
from tests.bench.subscriptions import CHANNELS, NOW, changed_trials, idle, subscriptions
from tests.bench.timing import Race, Sample, best, shown, timed
from tests.store.examples import add_version

_ALLOWED = 5.0  # matching is on top of the inserts
_STORE = "fanout.db"
_TABLES = ("announcements", "messages", "outbox")
_BATCH = 200
"""Versions in a transaction, as in an ingest pass."""
_NOTE = (
    "{subscriptions:,} subscriptions: 80 % of 1 to 5 NCT IDs among {trials:,}, 20 % filters over "
    "the records' own words (any of their conditions, mostly with one or two more keys). "
    "{changed:,} changed trials, record before and after, 1 to 6 events each: {answers:,} events "
    "are to be sent ({by_filter:.0%} for a filter). Into a SQLite file, as an ingest pass does "
    "it, in transactions of {batch}; the matcher is already built. One run, of one process. "
    "Baseline: inserting the same rows one by one, by plain code and in as many "
    "transactions, into a SQLite file with the same tables and indexes."
)


def measure(bench: Bench) -> list[Measurement]:
    """Match and enqueue; match again among ten times as many; tell what building takes."""
    plan = bench.plan
    bench.say(f"fanout: {plan.subscriptions:,} subscriptions, {plan.changed_trials:,} trials")
    news = list(changed_trials(bench.corpus, plan.changed_trials))
    target = subscriptions(bench.corpus, plan.subscriptions, trials=plan.changed_trials * 10)
    few, building = _built(target)
    expected = matched(few, news)
    written, items = _enqueued(bench, target, news)
    bench.say("fanout: the same rows by plain code")
    transactions = -(-len(news) // _BATCH)
    plain = copying(
        bench.folder / "plain.db", bench.folder / _STORE, _TABLES, transactions=transactions
    )
    note = _NOTE.format(
        subscriptions=plan.subscriptions,
        trials=plan.changed_trials * 10,
        changed=plan.changed_trials,
        answers=expected,
        by_filter=_share_of_filters(few, news),
        batch=_BATCH,
    )
    inserted = timed(plain)
    bench.say(f"fanout: {plan.subscriptions * 10:,} subscriptions")
    others = idle(bench.corpus, plan.subscriptions * 9, first=plan.subscriptions)
    many, building_many = _built([*target, *others])
    assert matched(many, news) == expected, "subscriptions that match nothing matched"
    race = Race()
    for _ in range(plan.fanout_rounds):
        race.run(lambda: matched(many, news), lambda: matched(few, news))
    bench.say("fanout: with the newer keys of filters")
    with_others, _ = _built(
        subscriptions(
            bench.corpus, plan.subscriptions, trials=plan.changed_trials * 10, new_keys=True
        )
    )
    keys, counts = Race(), matched(with_others, news)
    for _ in range(plan.fanout_rounds):
        keys.run(lambda: matched(with_others, news), lambda: matched(few, news))
    return [
        _whole(written, inserted, items, best(race.baseline), note),
        _new_keys(keys, counts, expected),
        _ten_times(race),
        _building(building, building_many),
    ]


def matched(matcher: Matcher, news: Sequence[ChangeSet]) -> int:
    """Ask for all the news; return how many events are to be sent."""
    return sum(len(positions) for one in news for _, positions, _ in matcher.match(one))


def _enqueued(
    bench: Bench, target: Sequence[Subscription], news: Sequence[ChangeSet]
) -> tuple[Sample, int]:
    """Match and enqueue into an empty outbox; return the time and how many items there are."""
    with open_store(f"sqlite:///{bench.folder / _STORE}") as store:
        with store.transaction() as tx:
            tx.subscribers.put_subscriptions(target)
        versions = _versions(store, news)
        notifier = Notifier(targets=dict.fromkeys(CHANNELS, ("",)), now=lambda: NOW)
        with store.transaction() as tx:
            notifier.make_outbox_builder(tx)
        counts: list[int] = []

        def ours() -> None:
            with fewer_collections():
                for start in range(0, len(news), _BATCH):
                    with store.transaction() as tx:
                        outbox = notifier.make_outbox_builder(tx)
                        for at in range(start, min(start + _BATCH, len(news))):
                            outbox.announce(versions[at], news[at], previous_id=None)
                        counts.append(outbox.write())

        return timed(ours), sum(counts)


def _versions(store: StoreWriter, news: Sequence[ChangeSet]) -> list[int]:
    """Store a version for each piece of news; what is in it does not matter here."""
    with store.transaction() as tx:
        return [add_version(tx, b"{}", one.nct_id)[0] for one in news]


def _built(subscriptions: Sequence[Subscription]) -> tuple[Matcher, Sample]:
    found: list[Matcher] = []
    sample = timed(lambda: found.append(Matcher(subscriptions)))
    return found[0], sample


def _share_of_filters(matcher: Matcher, news: Sequence[ChangeSet]) -> float:
    of_filters = [
        bool(subscription.trials.filters)
        for one in news
        for subscription, positions, _ in matcher.match(one)
        for _ in positions
    ]
    return sum(of_filters) / max(len(of_filters), 1)


def _whole(
    written: Sample, inserted: Sample, items: int, matching: Sample, note: str
) -> Measurement:
    return Measurement(
        name="fanout",
        what="fan-out: matching and enqueueing",
        ours=f"{shown(written.wall_s)}, {shown(matching.wall_s)} of it matching",
        baseline=f"{shown(inserted.wall_s)} plain inserts",
        ratio=written.wall_s / inserted.wall_s,
        cpu_ratio=written.cpu_s / inserted.cpu_s,
        target=_ALLOWED,
        note=f"{note} They make {items:,} items of the outbox.",
    )


def _new_keys(race: Race, answers: int, before: int) -> Measurement:
    return Measurement(
        name="fanout",
        what="fan-out: every second filter by text, keyword, facility, city or source",
        ours=f"{shown(best(race.ours).wall_s)} for {answers:,} events",
        baseline=f"{shown(best(race.baseline).wall_s)} for {before:,} events",
        ratio=race.ratio * before / max(answers, 1),
        cpu_ratio=race.cpu_ratio * before / max(answers, 1),
        target=1.2,
        note="Matching alone. The same subscriptions, but every second filter asks for words of a "
        "record under another key than `condition`. The ratio is that of the times for each event "
        "that is to be sent.",
    )


def _ten_times(race: Race) -> Measurement:
    return raced(
        "fanout", "fan-out: ten times the subscriptions, which match nothing", race, "", target=1.5,
        note="Matching alone. The same news among nine more subscriptions for each, of the same "
        "mix: NCT IDs that do not change, filters for sponsors and interventions that no record "
        "has, half of them beside words that records have.",
    )  # fmt: skip


def _building(few: Sample, many: Sample) -> Measurement:
    return against(
        "fanout", "fan-out: building the matcher", many, few, "for a tenth of them", target=None,
        note="Once for as long as no subscription and no silence changes, for ten times the "
        "subscriptions.",
    )  # fmt: skip
